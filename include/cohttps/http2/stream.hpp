// One request over HTTP/2, and what has come of it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http/trailer.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/request_lines.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::http2 {

class session;

/// Lives where its owner wants, and stays there. `session::open` begins it; destroyed before its
/// end it is reset (RFC 9113, 8.7), which hurts no other.
///
/// ```
///   open ──▶ (interim heads) ──▶ head ──▶ content ... ──▶ ended, with trailers
///     └───────────────┴───────────┴──────────┴──────────▶ failure
/// ```
class stream {
 public:
  stream() = default;
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  inline ~stream();

  // ---- what came in

  /// The final head is there.
  bool has_head() const noexcept { return has_head_; }
  response_head&& take_head() noexcept { return std::move(head_); }
  int status() const noexcept { return head_.status; }
  /// What the Content-Length field says, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept { return length_; }
  /// The 1xx heads that came since the last call.
  std::vector<response_head> take_interim() noexcept { return std::exchange(interim_heads_, {}); }
  /// A 100 (Continue) came.
  bool told_to_continue() const noexcept { return told_to_continue_; }
  /// The peer has sent something on this stream.
  bool answered() const noexcept { return answered_; }

  /// Bytes of content that came in until now, taken or not.
  std::uint64_t received() const noexcept { return received_size_; }
  bool has_content() const noexcept { return !received_.empty(); }
  /// The content that came since the last call: a view, valid until the next one. With it the peer
  /// learns that there is room for as much as was given before.
  inline std::span<const std::byte> take_content();
  /// True until then: its reader has what was taken last.
  bool reader_has_some() const noexcept { return !given_.empty(); }

  /// The response is complete.
  bool ended() const noexcept { return ended_; }
  const fields& trailers() const noexcept { return trailers_; }

  /// Why there will be nothing more.
  const std::optional<error>& failure() const noexcept { return failure_; }

  // ---- what goes out

  /// Content for the peer: a view that lasts until `wants_content`. `last`: there is no more.
  inline void give_content(std::span<const std::byte> bytes, bool last);
  /// The same, with fields behind it (RFC 9113, 8.1). Fails with usage where one may not be there.
  inline result<void> end_content(const fields& trailers);
  /// Bytes of what was given that are not on their way yet.
  std::size_t content_left() const noexcept { return content_.size(); }
  bool wants_content() const noexcept { return content_.empty(); }
  bool content_sent() const noexcept { return content_sent_; }
  /// The peer wants no more of it, and is not wrong in that (RFC 9113, 8.1).
  bool stop_sending() const noexcept { return stop_sending_; }

  /// Ends it here; the peer is told. The failure that was there first stays.
  inline void cancel() noexcept;

 private:
  friend session;

  /// A field of the section that is coming in; an error when it passes a limit.
  std::optional<error> take_field(const limits& bounds, std::string_view name,
                                  std::string_view value) {
    answered_ = true;
    // RFC 9113, 6.5.2: what a field counts.
    section_size_ += name.size() + value.size() + 32;
    ++section_fields_;
    if (has_head_) {
      if (section_size_ > bounds.trailers || section_fields_ > bounds.trailer_fields)
        return too_large("trailers_too_large", "the trailer section");
      if (is_trailer_allowed(name)) trailers_.append_unchecked(name, ascii::trim(value));
      return std::nullopt;
    }
    if (section_size_ > bounds.head) return too_large("head_too_large", "the response head");
    if (name == ":status") {
      head_.status = static_cast<int>(ascii::parse_decimal(value).value_or(0));
      return std::nullopt;
    }
    if (section_fields_ > bounds.fields + 1)
      return too_large("too_many_fields", "the response head");
    if (name == "content-length") length_ = ascii::parse_decimal(value);
    head_.headers.append_unchecked(name, ascii::trim(value));
    return std::nullopt;
  }

  std::optional<error> end_fields(const limits& bounds) {
    section_size_ = section_fields_ = 0;
    if (has_head_) return std::nullopt;
    if (!is_informational(head_.status)) {
      has_head_ = true;
      return std::nullopt;
    }
    told_to_continue_ = told_to_continue_ || head_.status == 100;
    interim_heads_.push_back(std::exchange(head_, {}));
    length_.reset();
    if (++interim_ <= bounds.interim) return std::nullopt;
    return error(error_category::limit, "too_many_interim_responses",
                 "more than " + std::to_string(bounds.interim) +
                     " interim responses came before the final one");
  }

  [[gnu::cold]] static error too_large(std::string_view reason, std::string_view what) {
    return {error_category::limit, reason,
            std::string(what) + " is larger, or has more fields, than the limits allow"};
  }

  session* session_ = nullptr;  // null before `open` and after the session
  std::int32_t id_ = 0;
  stream* next_ = nullptr;
  stream* previous_ = nullptr;
  stream* next_changed_ = nullptr;
  bool changed_ = false;
  bool open_ = false;  // something may still come or go

  response_head head_;
  std::vector<response_head> interim_heads_;
  fields trailers_;
  std::optional<std::uint64_t> length_;
  std::optional<error> failure_;
  buffer received_;
  buffer given_;  // to the reader, and not yet credited to the peer
  std::uint64_t received_size_ = 0;
  std::size_t section_size_ = 0;  // of the field section that is coming in
  std::size_t section_fields_ = 0;
  std::size_t interim_ = 0;
  std::uint32_t window_ = 0;
  std::uint64_t credited_ = 0;  // since the window grew last
  bool lagged_ = false;         // the reader did not keep up since then
  bool to_head_ = false;
  bool sent_ = false;
  bool has_head_ = false;
  bool answered_ = false;
  bool told_to_continue_ = false;
  bool ended_ = false;

  std::span<const std::byte> content_;
  std::vector<header_line> trailer_lines_;
  bool content_ends_ = true;
  bool content_sent_ = true;
  bool stop_sending_ = false;
};

}  // namespace cohttps::http2
