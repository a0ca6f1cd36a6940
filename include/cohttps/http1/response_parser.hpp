// Reads the responses of a connection (RFC 9112), without doing I/O.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http/trailer.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/http1/line_reader.hpp>
#include <cohttps/http1/lines.hpp>
#include <cohttps/http1/response_errors.hpp>
#include <cohttps/http1/response_framing.hpp>
#include <cohttps/http1/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace cohttps::http1 {

/// A push parser for the responses on one connection.
///
/// ```
///   idle, complete ── start(method) ──▶ status_line ◀── interim ──┐
///                                            ▼                    │
///                                       field_lines ── 1xx but 101┘
///                                            │
///           ┌─────────────┬──────────────────┴┬─────────────────┐
///           │ no content  │ Content-Length    │ chunked         │ neither
///           │             ▼                   ▼                 ▼
///           │          counted           chunk_start ◀─┐   until_close
///           │             │           last │      ▼    │        │
///           │             │                │ chunk_data│        │ end_of_stream
///           │             │                ▼      ▼    │        │
///           │             │      trailer_lines chunk_end        │
///           ▼             ▼                ▼                    ▼
///         complete ◀──────┴────────────────┴────────────────────┘
/// ```
///
/// The caller keeps the bytes that are not consumed at the front of its buffer, calls `parse`,
/// drops as many as `step::consumed` says, and goes on until `need_more`; then it reads, and calls
/// again with the same bytes and more behind them. Any split of the input gives the same events,
/// but for where content is cut, and errors, but for how much an excerpt of "not_http" quotes.
///
/// Memory: content is never copied: `step::body` is a span into the caller's bytes. A head is
/// copied once, when it is whole, and so is a trailer section. A parser that is used again
/// allocates nothing when its head stays in it (`head`) or comes back (`recycle`).
///
/// Strictness: what is out of order but certain is taken, and the connection does not persist;
/// `strictness::strict` refuses it. NUL and CR within a line, a length in doubt and a missing end
/// are errors in any case. `lines.hpp` has the grammar, `response_framing.hpp` the framing.
///
/// After an error every call fails with the same error, until `start`.
class response_parser {
 public:
  enum class event : std::uint8_t {
    need_more,  ///< nothing more can be said without more bytes
    interim,    ///< `head` is a 1xx response; the final one is still to come
    head,       ///< `head` is the final response's
    body,       ///< `step::body` is the next part of the content, never empty
    complete,   ///< the response is over; `trailers` and `keep_alive` are known
  };

  struct step {
    event what = event::need_more;
    std::size_t consumed = 0;  ///< with `need_more` too, this may be more than 0
    std::span<const std::byte> body = {};
  };

  explicit response_parser(limits bounds = {}, strictness how = strictness::lenient) noexcept
      : limits_(bounds), strictness_(how), framing_(how) {
    // Offsets of fields have 32 bits.
    limits_.head = std::min(limits_.head, std::size_t{1} << 30);
    limits_.trailers = std::min(limits_.trailers, std::size_t{1} << 30);
  }

  /// A response to a request of this method comes next: HEAD has no content, a 2xx to CONNECT makes
  /// a tunnel (RFC 9112, 6.3). To be called before each response.
  COHTTPS_DECL void start(const method& request) noexcept;

  /// Looks at the bytes that are not consumed yet. To be called with none, too, after `head`: the
  /// response may be complete.
  ///
  /// Fails with category protocol when the peer breaks the grammar, and limit when it passes
  /// `limits`; `error::position` counts from the first byte after `start`.
  COHTTPS_DECL result<step> parse(std::span<const std::byte> unconsumed);

  /// The connection ended after the bytes seen last. Completes content that lasts until then; else
  /// fails with category peer_closed: "closed_before_response" when not one byte of a response
  /// came, "truncated_head", "truncated_body".
  COHTTPS_DECL result<step> end_of_stream();

  /// The head of the last `interim` or `head` event.
  const response_head& head() const noexcept { return head_; }

  /// The same, moved out.
  COHTTPS_DECL response_head take_head() noexcept;

  /// The trailer fields, once complete. Fields that may not be trailers (RFC 9110, 6.5.1) are
  /// checked and left out.
  const fields& trailers() const noexcept { return trailers_; }

  /// Once complete: whether the connection can carry another exchange (RFC 9112, 9.3).
  bool keep_alive() const noexcept { return state_ == state::complete && framing_.persistent(); }

  /// What tells the end of the content; known from the `head` event on.
  delimiter body_delimiter() const noexcept { return framing_.end_of_content(); }

  /// What Content-Length says; also of a response to HEAD or a 304, which has no content itself.
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// How many bytes have been consumed since `start`.
  std::uint64_t position() const noexcept { return position_; }

 private:
  enum class state : std::uint8_t {
    idle,
    empty_line,
    status_line,
    field_lines,
    counted,
    until_close,
    chunk_start,
    chunk_data,
    chunk_end,
    trailer_lines,
    complete,
  };

  // ---- the machine --------------------------------------------------------------------------
  // Steps return when nothing more can be done with `in`, when `out` holds an event, or when
  // `failed_` is set; those that return bool are false then.
  COHTTPS_DECL void advance(std::string_view in, step& out);

  COHTTPS_DECL void consume(std::size_t n, step& out) noexcept;

  // The next line of `rest`, without its end.
  COHTTPS_DECL std::optional<std::string_view> next_line(std::string_view rest, std::size_t limit);

  bool lenient() const noexcept { return strictness_ == strictness::lenient; }

  COHTTPS_DECL void begin_section() noexcept;

  // ---- the head -----------------------------------------------------------------------------

  // Some servers end content with a CRLF that their Content-Length does not count. One empty line
  // before a response is skipped; when read strictly, not before a connection's first.
  COHTTPS_DECL bool skip_empty_line(std::string_view rest, step& out) noexcept;

  COHTTPS_DECL bool take_status_line(std::string_view rest);

  COHTTPS_DECL bool take_field_lines(std::string_view rest, std::size_t limit, std::size_t most);

  // Replaces the folds and parses the resulting text again.
  COHTTPS_DECL [[gnu::cold]] bool take_unfolded(std::string_view& section, std::size_t most);

  COHTTPS_DECL void finish_head(std::string_view rest, step& out);

  COHTTPS_DECL state first_state_of_content() const noexcept;

  // ---- the content --------------------------------------------------------------------------

  COHTTPS_DECL void take_content(std::string_view rest, step& out) noexcept;

  COHTTPS_DECL bool take_chunk_line(std::string_view rest, step& out);

  COHTTPS_DECL bool take_chunk_end(std::string_view rest, step& out);

  COHTTPS_DECL void finish_trailers(std::string_view rest, step& out);

  // ---- errors: `at` is an offset from the first byte that is not consumed --------------------

  COHTTPS_DECL [[gnu::cold]] void reject(error wrong, std::size_t at);
  COHTTPS_DECL [[gnu::cold]] void reject(const fault& wrong, std::size_t at);

  COHTTPS_DECL detail::section reading() const noexcept;

  COHTTPS_DECL bool nothing_came() const noexcept;

  limits limits_;
  strictness strictness_;
  state state_ = state::idle;
  std::optional<error> failed_;

  std::uint64_t position_ = 0;
  std::size_t seen_ = 0;     // bytes that the last call left
  std::size_t section_ = 0;  // where the field lines begin
  line_reader lines_;        // from the first byte that is not consumed
  std::size_t interim_ = 0;
  std::size_t part_ = 0;          // size of the content that a step gives
  std::uint64_t remaining_ = 0;   // content still to come, of the message or the chunk
  std::uint64_t received_ = 0;    // content that came
  std::uint64_t extensions_ = 0;  // bytes of chunk extensions that came

  bool faulty_ = false;   // a field of the head says something wrong about the framing
  bool folded_ = false;   // the section has a folded line
  std::string unfolded_;  // the section without

  status_line status_line_;
  response_framing framing_;
  std::vector<field_slot> slots_;
  response_head head_;
  fields trailers_;
};

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/response_parser.ipp>
#endif
