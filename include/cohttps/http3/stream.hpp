// One request over HTTP/3, and its response.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/response_sections.hpp>
#include <cohttps/http2/request_lines.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace cohttps::http3 {

class session;

using http2::header_line;
using http2::request_head;

/// The owner decides where the stream is stored. It cannot be moved. `session::open` begins it. If
/// it is destroyed before its end, the session resets it, which does not affect other streams.
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
  bool has_head() const noexcept { return sections_.has_head(); }
  response_head&& take_head() noexcept { return std::move(sections_.head); }
  int status() const noexcept { return sections_.head.status; }
  /// Returns the value of Content-Length, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept { return sections_.length; }
  /// Returns the 1xx heads that arrived since the last call.
  std::vector<response_head> take_interim() noexcept {
    return std::exchange(sections_.interim, {});
  }
  /// True if a 100 (Continue) has arrived.
  bool got_continue() const noexcept { return sections_.got_continue(); }
  /// True if the peer has sent something on this stream.
  bool answered() const noexcept { return answered_; }

  /// Returns how many bytes of content have arrived so far, taken or not.
  std::uint64_t received() const noexcept { return received_size_; }
  bool has_content() const noexcept { return !received_.empty(); }
  /// Returns the content that arrived since the last call: a view that is valid until the next
  /// call. The call also tells the peer that there is room again for the content that the call
  /// before returned.
  COHTTPS_DECL std::span<const std::byte> take_content();
  /// True from a call of `take_content` that returns content until the next call.
  bool reader_has_some() const noexcept { return !delivered_.empty(); }

  /// True if the response is complete.
  bool ended() const noexcept { return ended_; }
  const fields& trailers() const noexcept { return sections_.trailers; }

  /// The reason for which nothing more arrives, if there is one.
  const std::optional<error>& failure() const noexcept { return failure_; }

  // ---- the content of the request

  /// Provides content for the peer: a view that must be valid until `wants_content` is true. `last`
  /// says that no more content follows.
  COHTTPS_DECL void give_content(std::span<const std::byte> bytes, bool last);
  /// Ends the content with trailer fields (RFC 9114, 4.1). Fails with usage if a field may not be a
  /// trailer.
  COHTTPS_DECL result<void> end_content(const fields& trailers);
  /// Returns how many of the provided bytes are not on their way yet.
  std::size_t content_left() const noexcept { return content_.size(); }
  bool wants_content() const noexcept { return content_.empty(); }
  bool content_sent() const noexcept { return content_sent_; }
  /// True if the peer takes no more content. This alone is not a fault of the peer (RFC 9114,
  /// 4.1).
  bool stop_sending() const noexcept { return stop_sending_; }

  /// Ends the stream on this side, and tells the peer. An earlier `failure` stays.
  COHTTPS_DECL void cancel() noexcept;

 private:
  friend session;

  session* session_ = nullptr;  // null before `open` and after the end of the session
  std::int64_t id_ = -1;
  stream* next_ = nullptr;
  stream* previous_ = nullptr;
  stream* next_changed_ = nullptr;
  bool in_changed_list_ = false;
  bool open_ = false;  // one side may still send something

  response_sections sections_;
  std::optional<error> failure_;
  buffer received_;
  buffer delivered_;  // the reader has it, and the peer has no credit for it yet
  std::uint64_t received_size_ = 0;
  bool to_head_ = false;
  bool answered_ = false;
  bool ended_ = false;

  std::span<const std::byte> content_;
  std::vector<header_line> trailer_lines_;
  bool content_ends_ = true;
  bool content_sent_ = true;
  bool stop_sending_ = false;
};

}  // namespace cohttps::http3
