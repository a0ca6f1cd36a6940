// Server-sent events (WHATWG HTML, 9.2), without doing I/O.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohttps {

/// One event. Views that are valid until the next call of the parser.
struct server_sent_event {
  std::string_view type;  ///< "message" where the server named none
  std::string_view data;  ///< lines of data, joined by LF
  std::string_view id;    ///< the last event ID, which may be that of an earlier event
};

/// Reads a stream of the media type text/event-stream. Malformed UTF-8 becomes U+FFFD.
class event_stream_parser {
 public:
  /// `max_event`: bytes that an event may have.
  explicit event_stream_parser(std::size_t max_event = 16 * 1024 * 1024) noexcept
      : max_event_(max_event) {}

  /// The next event in `in`, which is shortened to the bytes behind it; nothing when `in` is used
  /// up. Fails with limit "event_too_large".
  COHTTPS_DECL result<std::optional<server_sent_event>> next(std::span<const std::byte>& in);

  /// The value of Last-Event-ID in a request that continues the stream.
  const std::string& last_event_id() const noexcept { return id_; }

  /// The time until a new connection, as the server has set it.
  std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

  /// A new connection begins: what came of an event is forgotten; the ID and the time stay.
  COHTTPS_DECL void restart() noexcept;

 private:
  /// Takes a line without its end. True when it completes an event.
  COHTTPS_DECL bool take_line(std::string_view line);
  COHTTPS_DECL server_sent_event dispatch();

  std::size_t max_event_;
  std::string line_;       // a line that has not ended
  bool after_cr_ = false;  // an LF belongs to the CR before it
  bool at_start_ = true;   // a byte order mark may come
  std::string type_;
  std::string data_;
  std::string pending_id_;
  std::string id_;
  bool dispatched_ = false;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/event_stream.ipp>
#endif
