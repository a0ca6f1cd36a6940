// Parses the responses on a connection (RFC 9112), without I/O.
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
/// The caller keeps the unconsumed bytes at the front of its buffer and calls `parse`. It removes
/// as many bytes as `step::consumed` says, and calls `parse` again until the event is `need_more`.
/// It then reads more bytes, and passes the same bytes with the new ones after them. However the
/// input is split, the events and errors are the same. Only two things depend on the split: where
/// content is cut, and how much text the excerpt of "not_http" quotes.
///
/// Memory: the parser never copies content: `step::body` is a span into the caller's bytes. It
/// copies a head once, when the head is complete, and a trailer section likewise. A parser that is
/// used again allocates nothing if its head stays in it: the caller then uses `head`, and not
/// `take_head`.
///
/// Strictness: the parser accepts a message that violates the grammar if its meaning is certain,
/// and the connection does not persist. `strictness::strict` refuses such a message. NUL and CR
/// within a line, an uncertain length and a missing end are always errors. `lines.hpp` has the
/// grammar, `response_framing.hpp` the framing.
///
/// After an error every call fails with the same error, until `start`.
class response_parser {
 public:
  enum class event : std::uint8_t {
    need_more,  ///< the parser needs more bytes
    interim,    ///< `head` is a 1xx response; the final response follows
    head,       ///< `head` is the head of the final response
    body,       ///< `step::body` is the next part of the content, never empty
    complete,   ///< the response has ended; `trailers` and `keep_alive` are known
  };

  struct step {
    event what = event::need_more;
    std::size_t consumed = 0;  ///< may be more than 0 even with `need_more`
    std::span<const std::byte> body = {};
  };

  explicit response_parser(limits bounds = {}, strictness how = strictness::lenient) noexcept
      : limits_(bounds), strictness_(how), framing_(how) {
    // The offsets of fields have 32 bits.
    limits_.head = std::min(limits_.head, std::size_t{1} << 30);
    limits_.trailers = std::min(limits_.trailers, std::size_t{1} << 30);
  }

  /// Call it before each response, with the method of the request. A response to HEAD has no
  /// content, and a 2xx to CONNECT opens a tunnel (RFC 9112, 6.3).
  COHTTPS_DECL void start(const method& request) noexcept;

  /// Parses the bytes that are not consumed yet. After `head` call it even without bytes, because
  /// the response may be complete already.
  ///
  /// Fails with category protocol if the peer violates the grammar, with limit if the response
  /// exceeds `limits`, and with usage "no_response_expected" before the first `start`.
  /// `error::position` is counted from the first byte after `start`.
  COHTTPS_DECL result<step> parse(std::span<const std::byte> unconsumed);

  /// Tells the parser that the connection ended after the last bytes. Completes a response whose
  /// content lasts until the end of the connection. Otherwise fails with category peer_closed:
  /// "closed_before_response" if not one byte of a response arrived, else "truncated_head" or
  /// "truncated_body".
  COHTTPS_DECL result<step> end_of_stream();

  /// Returns the head of the last `interim` or `head` event.
  const response_head& head() const noexcept { return head_; }

  /// Moves the same head out of the parser.
  COHTTPS_DECL response_head take_head() noexcept;

  /// Returns the trailer fields of a complete response. Fields that may not be trailers (RFC 9110,
  /// 6.5.1) are checked, and omitted.
  const fields& trailers() const noexcept { return trailers_; }

  /// True if the response is complete and the connection can carry another exchange (RFC 9112,
  /// 9.3).
  bool keep_alive() const noexcept { return state_ == state::complete && framing_.persistent(); }

  /// Returns what marks the end of the content. Known from the `head` event on.
  delimiter body_delimiter() const noexcept { return framing_.end_of_content(); }

  /// Returns the value of Content-Length, even for a response to HEAD or a 304, which has no
  /// content.
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// Returns the number of bytes that the parser has consumed since `start`.
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

  // ---- the state machine ----------------------------------------------------------------------
  // Each function returns when it can do nothing more with `in`, when `out` holds an event, or when
  // it has set `failed_`. A function that returns bool then returns false.
  COHTTPS_DECL void advance(std::string_view in, step& out);

  COHTTPS_DECL void consume(std::size_t n, step& out) noexcept;

  // Returns the next line of `rest`, without its line ending.
  COHTTPS_DECL std::optional<std::string_view> next_line(std::string_view rest, std::size_t limit);

  bool lenient() const noexcept { return strictness_ == strictness::lenient; }

  COHTTPS_DECL void begin_section() noexcept;

  // ---- the head -----------------------------------------------------------------------------

  // Some servers send a CRLF after content, and do not count it in Content-Length. The parser skips
  // one empty line before a response. With `strictness::strict` it skips none before the first
  // response on a connection.
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
  std::size_t seen_ = 0;     // bytes that the last call did not consume
  std::size_t section_ = 0;  // position of the first field line
  line_reader lines_;        // counts from the first byte that is not consumed
  std::size_t interim_ = 0;
  std::size_t part_ = 0;          // bytes of content in the current step
  std::uint64_t remaining_ = 0;   // bytes of content still to come, of the message or the chunk
  std::uint64_t received_ = 0;    // bytes of content that arrived
  std::uint64_t extensions_ = 0;  // bytes of chunk extensions that arrived

  bool faulty_ = false;   // a field of the head has a fault in the framing
  bool folded_ = false;   // the section has a folded line
  std::string unfolded_;  // the section without folds

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
