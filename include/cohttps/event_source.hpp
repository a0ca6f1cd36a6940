// Server-sent events over as many connections as it takes (WHATWG HTML, 9.2).
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/event_reader.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/content/event_stream.hpp>
#include <cohttps/task/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// How an `event_source` connects again.
struct event_source_options {
  /// Until the next connection, unless the server sets another time with `retry`.
  std::chrono::nanoseconds retry = std::chrono::seconds(3);
  /// After each failure in a row the time doubles, up to this.
  std::chrono::nanoseconds max_retry = std::chrono::minutes(1);
  /// Failures in a row, until `next` throws the last one.
  int max_failures = 10;
  std::size_t max_event = 16 * 1024 * 1024;  ///< bytes that an event may have
  std::string last_event_id = {};            ///< where an earlier source has ended
};

/// Asks for a stream of events, and gives one after the other. When the stream ends or breaks, it
/// asks again with Last-Event-ID, after a pause.
/// ```
/// cohttps::event_source events(client, request::to(method::get, url));
/// while (auto event = co_await events.next()) std::cout << event->data << '\n';
/// ```
/// Destroyed, it ends the request. Threads: those of its client.
class event_source {
 public:
  /// The client outlives the source. `what` has no content that can be given only once.
  event_source(client& over, request what, event_source_options options = {})
      : client_(&over),
        request_(std::move(what)),
        options_(std::move(options)),
        parser_(options_.max_event) {
    last_event_id_ = options_.last_event_id;
  }

  /// The next event: views, valid until the next call. Nothing when the server has ended the stream
  /// for good, with 204. Asks again after other ends. Throws `error`:
  /// - policy "not_an_event_stream", for a status other than 200 and 204 or another media type, and
  ///   other errors of the categories policy, certificate and usage
  /// - canceled, when `request::stop` was asked for
  /// - the last failure, after `max_failures`
  COHTTPS_DECL task<std::optional<server_sent_event>> next();

  /// The ID that the next request sends.
  std::string_view last_event_id() const noexcept { return last_event_id_; }

  /// How often it has connected.
  std::uint64_t connections() const noexcept { return connections_; }

 private:
  /// True when a stream is open; false after 204.
  COHTTPS_DECL task<result<bool>> connect();
  COHTTPS_DECL task<result<void>> pause();

  client* client_;
  request request_;
  event_source_options options_;
  event_stream_parser parser_;
  std::string last_event_id_;
  std::optional<response_stream> stream_;
  std::span<const std::byte> in_;
  int failures_ = 0;
  bool pauses_ = false;
  bool over_ = false;
  std::uint64_t connections_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/event_source.ipp>
#endif
