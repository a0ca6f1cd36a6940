// Reads the responses of a connection (RFC 9112), without doing I/O.
#pragma once

#include <cohttps/core/error.hpp>
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
  void start(const method& request) noexcept {
    state_ = state_ == state::complete || lenient() ? state::empty_line : state::status_line;
    framing_.start(request);
    failed_.reset();
    position_ = received_ = extensions_ = 0;
    seen_ = interim_ = 0;
    trailers_.clear();
    begin_section();
  }

  /// Looks at the bytes that are not consumed yet. To be called with none, too, after `head`: the
  /// response may be complete.
  ///
  /// Fails with category protocol when the peer breaks the grammar, and limit when it passes
  /// `limits`; `error::position` counts from the first byte after `start`.
  result<step> parse(std::span<const std::byte> unconsumed) {
    const std::string_view in(reinterpret_cast<const char*>(unconsumed.data()), unconsumed.size());
    step out;
    if (!failed_) [[likely]]
      advance(in, out);
    if (failed_) [[unlikely]]
      return std::unexpected(*failed_);
    if (out.what == event::body) {
      out.body = unconsumed.subspan(out.consumed, part_);
      consume(part_, out);
    }
    seen_ = in.size() - out.consumed;
    return out;
  }

  /// The connection ended after the bytes seen last. Completes content that lasts until then; else
  /// fails with category peer_closed: "closed_before_response" when not one byte of a response
  /// came, "truncated_head", "truncated_body".
  result<step> end_of_stream() {
    if (state_ == state::until_close) state_ = state::complete;
    if (state_ != state::complete && !failed_) [[unlikely]]
      reject(detail::truncated(reading(), nothing_came()), seen_);
    if (failed_) [[unlikely]]
      return std::unexpected(*failed_);
    return step{event::complete, 0, {}};
  }

  /// The head of the last `interim` or `head` event.
  const response_head& head() const noexcept { return head_; }

  /// The same, moved out.
  response_head take_head() noexcept { return std::exchange(head_, {}); }

  /// The trailer fields, once complete. Fields that may not be trailers (RFC 9110, 6.5.1) are
  /// checked and left out.
  const fields& trailers() const noexcept { return trailers_; }

  /// Once complete: whether the connection can carry another exchange (RFC 9112, 9.3).
  bool keep_alive() const noexcept { return state_ == state::complete && framing_.persistent(); }

  /// What tells the end of the content; known from the `head` event on.
  delimiter body_delimiter() const noexcept { return framing_.end_of_content(); }

  /// What Content-Length says; also of a response to HEAD or a 304, which has no content itself.
  std::optional<std::uint64_t> content_length() const noexcept { return framing_.content_length(); }

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
  void advance(std::string_view in, step& out) {
    for (;;) {
      const std::string_view rest = in.substr(out.consumed);
      switch (state_) {
        case state::empty_line:
          if (!skip_empty_line(rest, out)) return;
          continue;
        case state::status_line:
          if (!take_status_line(rest)) return;
          [[fallthrough]];
        case state::field_lines:
          if (take_field_lines(rest, limits_.head, limits_.fields)) finish_head(rest, out);
          return;
        case state::counted:
        case state::chunk_data:
          if (remaining_ != 0) return take_content(rest, out);
          state_ = state_ == state::counted ? state::complete : state::chunk_end;
          continue;
        case state::until_close:
          remaining_ = rest.size();
          return take_content(rest, out);
        case state::chunk_start:
          if (!take_chunk_line(rest, out)) return;
          continue;
        case state::chunk_end:
          if (!take_chunk_end(rest, out)) return;
          continue;
        case state::trailer_lines:
          if (!take_field_lines(rest, limits_.trailers, limits_.trailer_fields)) return;
          finish_trailers(rest, out);
          continue;
        case state::complete:
          out.what = event::complete;
          return;
        case state::idle:
          return reject(detail::no_response_expected(), 0);
      }
    }
  }

  void consume(std::size_t n, step& out) noexcept {
    out.consumed += n;
    position_ += n;
  }

  // The next line of `rest`, without its end.
  std::optional<std::string_view> next_line(std::string_view rest, std::size_t limit) {
    std::string_view line;
    switch (lines_.next(rest, limit, line)) {
      case line_reader::outcome::more:
        return std::nullopt;
      case line_reader::outcome::too_long:
        return reject(detail::too_long(reading(), limit), limit), std::nullopt;
      case line_reader::outcome::bare_line:
        if (!lenient())
          return reject({"bare_lf", "a line ends with LF alone instead of CRLF"}, lines_.at() - 1),
                 std::nullopt;
        framing_.distrust();
        break;
      case line_reader::outcome::line:
        break;
    }
    return line;
  }

  bool lenient() const noexcept { return strictness_ == strictness::lenient; }

  void begin_section() noexcept {
    section_ = 0;
    lines_ = {};
    folded_ = faulty_ = false;
    slots_.clear();
  }

  // ---- the head -----------------------------------------------------------------------------

  // Some servers end content with a CRLF that their Content-Length does not count. One empty line
  // before a response is skipped; when read strictly, not before a connection's first.
  bool skip_empty_line(std::string_view rest, step& out) noexcept {
    if (rest.empty() || rest == "\r") return false;
    if (rest.starts_with("\r\n"))
      consume(2, out);
    else if (lenient() && rest.starts_with('\n'))
      consume(1, out);
    state_ = state::status_line;
    return true;
  }

  bool take_status_line(std::string_view rest) {
    constexpr std::string_view version = "HTTP/1.";
    if (!version.starts_with(rest.substr(0, version.size()))) [[unlikely]]
      if (const auto at = wrong_start_of_status_line(rest, strictness_); at != rest.npos)
        return reject(detail::wrong_start(rest, at), at), false;
    const auto line = next_line(rest, limits_.head);
    if (!line) return false;
    if (const auto wrong = status_line_.parse(*line, strictness_)) [[unlikely]]
      return reject(*wrong, wrong->at), false;
    if (status_line_.irregular) [[unlikely]]
      framing_.distrust();
    framing_.start_head(status_line_);
    section_ = lines_.at();
    state_ = state::field_lines;
    return true;
  }

  bool take_field_lines(std::string_view rest, std::size_t limit, std::size_t most) {
    for (;;) {
      const auto line = next_line(rest, limit);
      if (!line) return false;
      if (line->empty()) return true;
      const auto at = static_cast<std::size_t>(line->data() - rest.data());
      field_slot slot;
      if (auto wrong = parse_field_line(*line, slots_.empty(), slot)) [[unlikely]] {
        const auto kind = lenient() ? lenient_field_line(*line, at == section_, slot, *wrong)
                                    : line_kind::refused;
        if (kind == line_kind::refused) return reject(*wrong, at + wrong->at), false;
        if (kind == line_kind::irregular || kind == line_kind::junk) framing_.distrust();
        if (kind == line_kind::folded) folded_ = true;
        if (kind == line_kind::junk || kind == line_kind::folded) continue;
      }
      if (slots_.size() == most) [[unlikely]]
        return reject(detail::too_many_fields(reading(), most), at), false;
      if (state_ == state::field_lines)
        if (const auto wrong = framing_.take({line->substr(slot.name_at, slot.name_size),
                                              line->substr(slot.value_at, slot.value_size)}))
            [[unlikely]] {
          if (!lenient()) return reject(*wrong, at + slot.value_at), false;
          faulty_ = true;  // a fold may continue the value, another field override it
        }
      const auto base = static_cast<std::uint32_t>(at - section_);
      slot.name_at += base;
      slot.value_at += base;
      slots_.push_back(slot);
    }
  }

  // Replaces the folds and parses the resulting text again.
  [[gnu::cold]] bool take_unfolded(std::string_view& section, std::size_t most) {
    section = unfolded_ = unfolded(section);
    slots_.clear();
    if (state_ == state::field_lines) framing_.start_head(status_line_);
    folded_ = faulty_ = false;
    const auto before = std::pair(std::exchange(lines_, {}), std::exchange(section_, 0));
    const bool taken = take_field_lines(unfolded_, unfolded_.size() + 1, most);
    std::tie(lines_, section_) = before;
    if (failed_) failed_->position(position_ + section_);  // the faulty line has other offsets
    return taken;
  }

  void finish_head(std::string_view rest, step& out) {
    std::string_view section = rest.substr(section_, lines_.at() - section_);
    if (folded_ && !take_unfolded(section, limits_.fields)) return;
    if (faulty_) [[unlikely]]
      if (const auto wrong = framing_.settle(status_line_, section, slots_))
        return reject(*wrong, section_ + (section.data() == unfolded_.data() ? 0 : wrong->at));
    const bool interim = framing_.is_interim();
    if (interim && ++interim_ > limits_.interim) [[unlikely]]
      return reject(detail::too_many_interim(limits_.interim), 0);
    framing_.end_head();
    head_.version_minor = status_line_.version_minor;
    head_.status = status_line_.status;
    head_.reason.assign(rest.substr(status_line_.reason_at, status_line_.reason_size));
    head_.headers.adopt(section, slots_);
    out.what = interim ? event::interim : event::head;
    state_ = interim ? state::status_line : first_state_of_content();
    remaining_ = framing_.content_length().value_or(0);
    consume(lines_.at(), out);
    begin_section();
  }

  state first_state_of_content() const noexcept {
    const delimiter end = framing_.end_of_content();
    if (end == delimiter::content_length) return state::counted;
    if (end == delimiter::chunked) return state::chunk_start;
    return end == delimiter::close ? state::until_close : state::complete;
  }

  // ---- the content --------------------------------------------------------------------------

  void take_content(std::string_view rest, step& out) noexcept {
    if (rest.empty()) return;
    part_ = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, rest.size()));
    remaining_ -= part_;
    received_ += part_;
    out.what = event::body;
  }

  bool take_chunk_line(std::string_view rest, step& out) {
    const auto line = next_line(rest, limits_.chunk_line);
    if (!line) return false;
    chunk_line chunk;
    if (const auto wrong = chunk.parse(*line, strictness_)) [[unlikely]]
      return reject(*wrong, wrong->at), false;
    if (chunk.irregular) [[unlikely]]
      framing_.distrust();
    extensions_ += chunk.extensions;
    if (extensions_ > limits_.chunk_extensions + received_) [[unlikely]]
      return reject(detail::too_many_extensions(), 0), false;
    remaining_ = chunk.size;
    state_ = chunk.size == 0 ? state::trailer_lines : state::chunk_data;
    consume(lines_.at(), out);
    begin_section();
    return true;
  }

  bool take_chunk_end(std::string_view rest, step& out) {
    constexpr std::string_view end = "\r\n";
    if (lenient() && rest.starts_with('\n')) [[unlikely]] {
      framing_.distrust();
      consume(1, out);
      return state_ = state::chunk_start, true;
    }
    for (std::size_t i = 0; i < end.size() && i < rest.size(); ++i)
      if (rest[i] != end[i]) [[unlikely]]
        return reject({"missing_chunk_end", "the data of a chunk is not followed by CRLF"}, i),
               false;
    if (rest.size() < end.size()) return false;
    consume(end.size(), out);
    state_ = state::chunk_start;
    return true;
  }

  void finish_trailers(std::string_view rest, step& out) {
    std::string_view section = rest.substr(0, lines_.at());
    if (folded_ && !take_unfolded(section, limits_.trailer_fields)) return;
    std::erase_if(slots_, [&](const field_slot& s) {
      return !is_trailer_allowed(section.substr(s.name_at, s.name_size));
    });
    if (!slots_.empty()) trailers_.adopt(section, slots_);
    consume(lines_.at(), out);
    begin_section();
    state_ = state::complete;
  }

  // ---- errors: `at` is an offset from the first byte that is not consumed --------------------

  [[gnu::cold, gnu::noinline]] void reject(error wrong, std::size_t at) {
    wrong.position(position_ + at);
    wrong.during(reading() == detail::section::head ? phase::receive_head : phase::receive_body);
    failed_ = std::move(wrong);
  }
  [[gnu::cold, gnu::noinline]] void reject(const fault& wrong, std::size_t at) {
    reject(detail::to_error(wrong), at);
  }

  detail::section reading() const noexcept {
    if (state_ <= state::field_lines) return detail::section::head;
    if (state_ == state::trailer_lines) return detail::section::trailers;
    return state_ == state::chunk_start ? detail::section::chunk_line : detail::section::content;
  }

  bool nothing_came() const noexcept {
    return state_ < state::field_lines && seen_ == 0 && interim_ == 0;
  }

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
