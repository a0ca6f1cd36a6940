// One request over HTTP/2, and its response.
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

/// The owner decides where the stream is stored. It cannot be moved. `session::open` begins it. If
/// it is destroyed before its end, the session resets it (RFC 9113, 6.4), which does not affect
/// other streams.
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

  // ---- the response

  /// True if the final head has arrived.
  bool has_head() const noexcept { return has_head_; }
  response_head&& take_head() noexcept { return std::move(head_); }
  int status() const noexcept { return head_.status; }
  /// Returns the value of Content-Length, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept { return length_; }
  /// Returns the 1xx heads that arrived since the last call.
  COHTTPS_DECL std::vector<response_head> take_interim() noexcept;
  /// True if a 100 (Continue) has arrived.
  bool got_continue() const noexcept { return got_continue_; }
  /// True if the peer has sent something on this stream.
  bool answered() const noexcept { return answered_; }

  /// Returns how many bytes of content have arrived so far, taken or not.
  std::uint64_t received() const noexcept { return received_size_; }
  COHTTPS_DECL bool has_content() const noexcept;
  /// Returns the content that arrived since the last call: a view that is valid until the next
  /// call. The call also tells the peer that there is room again for the content that the call
  /// before returned.
  COHTTPS_DECL std::span<const std::byte> take_content();
  /// True from a call of `take_content` that returns content until the next call.
  COHTTPS_DECL bool reader_has_some() const noexcept;

  /// True if the response is complete.
  bool ended() const noexcept { return ended_; }
  const fields& trailers() const noexcept { return trailers_; }

  /// The reason for which nothing more arrives, if there is one.
  const std::optional<error>& failure() const noexcept { return failure_; }

  // ---- the content of the request

  /// Provides content for the peer: a view that must be valid until `wants_content` is true. `last`
  /// says that no more content follows.
  COHTTPS_DECL void give_content(std::span<const std::byte> bytes, bool last);
  /// Ends the content with trailer fields (RFC 9113, 8.1). Fails with usage if a field may not be a
  /// trailer.
  COHTTPS_DECL result<void> end_content(const fields& trailers);
  /// Returns how many of the provided bytes are not on their way yet.
  COHTTPS_DECL std::size_t content_left() const noexcept;
  COHTTPS_DECL bool wants_content() const noexcept;
  bool content_sent() const noexcept { return content_sent_; }
  /// True if the peer takes no more content. This alone is not a fault of the peer (RFC 9113, 8.1).
  bool stop_sending() const noexcept { return stop_sending_; }

  /// Ends the stream on this side, and tells the peer. An earlier `failure` stays.
  COHTTPS_DECL void cancel() noexcept;

 private:
  friend session;

  /// Takes a field of the section that is arriving. Returns an error if the section exceeds a
  /// limit.
  COHTTPS_DECL std::optional<error> take_field(const limits& bounds, std::string_view name,
                                               std::string_view value);

  COHTTPS_DECL std::optional<error> end_fields(const limits& bounds);

  COHTTPS_DECL [[gnu::cold]] static error too_large(std::string_view reason, std::string_view what);

  session* session_ = nullptr;  // null before `open` and after the end of the session
  std::int32_t id_ = 0;
  stream* next_ = nullptr;
  stream* previous_ = nullptr;
  stream* next_changed_ = nullptr;
  bool in_changed_list_ = false;
  bool open_ = false;  // one side may still send something

  response_head head_;
  std::vector<response_head> interim_heads_;
  fields trailers_;
  std::optional<std::uint64_t> length_;
  std::optional<error> failure_;
  buffer received_;
  buffer delivered_;  // the reader has it, and the peer has no credit for it yet
  std::uint64_t received_size_ = 0;
  std::size_t section_size_ = 0;  // bytes of the field section that is arriving
  std::size_t section_fields_ = 0;
  std::size_t interim_ = 0;
  std::uint32_t window_ = 0;
  std::uint64_t credited_since_growth_ = 0;  // bytes since the last decision about the window
  bool reader_lagged_ = false;               // the reader has not kept up since then
  bool to_head_ = false;
  bool sent_ = false;
  bool has_head_ = false;
  bool answered_ = false;
  bool got_continue_ = false;
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
