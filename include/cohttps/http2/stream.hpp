// One request over HTTP/2, and what has come of it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL std::vector<response_head> take_interim() noexcept;
  /// A 100 (Continue) came.
  bool told_to_continue() const noexcept { return told_to_continue_; }
  /// The peer has sent something on this stream.
  bool answered() const noexcept { return answered_; }

  /// Bytes of content that came in until now, taken or not.
  std::uint64_t received() const noexcept { return received_size_; }
  COHTTPS_DECL bool has_content() const noexcept;
  /// The content that came since the last call: a view, valid until the next one. With it the peer
  /// learns that there is room for as much as was given before.
  COHTTPS_DECL std::span<const std::byte> take_content();
  /// True until then: its reader has what was taken last.
  COHTTPS_DECL bool reader_has_some() const noexcept;

  /// The response is complete.
  bool ended() const noexcept { return ended_; }
  const fields& trailers() const noexcept { return trailers_; }

  /// Why there will be nothing more.
  const std::optional<error>& failure() const noexcept { return failure_; }

  // ---- what goes out

  /// Content for the peer: a view that lasts until `wants_content`. `last`: there is no more.
  COHTTPS_DECL void give_content(std::span<const std::byte> bytes, bool last);
  /// The same, with fields behind it (RFC 9113, 8.1). Fails with usage where one may not be there.
  COHTTPS_DECL result<void> end_content(const fields& trailers);
  /// Bytes of what was given that are not on their way yet.
  COHTTPS_DECL std::size_t content_left() const noexcept;
  COHTTPS_DECL bool wants_content() const noexcept;
  bool content_sent() const noexcept { return content_sent_; }
  /// The peer wants no more of it, and is not wrong in that (RFC 9113, 8.1).
  bool stop_sending() const noexcept { return stop_sending_; }

  /// Ends it here; the peer is told. The failure that was there first stays.
  COHTTPS_DECL void cancel() noexcept;

 private:
  friend session;

  /// A field of the section that is coming in; an error when it passes a limit.
  COHTTPS_DECL std::optional<error> take_field(const limits& bounds, std::string_view name,
                                               std::string_view value);

  COHTTPS_DECL std::optional<error> end_fields(const limits& bounds);

  COHTTPS_DECL [[gnu::cold]] static error too_large(std::string_view reason, std::string_view what);

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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/stream.ipp>
#endif
