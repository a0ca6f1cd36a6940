// Server-sent events (WHATWG HTML, 9.2), with a new connection whenever one ends.
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
  /// The pause before the next connection, unless the server sets another one with `retry`.
  std::chrono::nanoseconds retry = std::chrono::seconds(3);
  /// Each further failure doubles the pause, up to this.
  std::chrono::nanoseconds max_retry = std::chrono::minutes(1);
  /// After this number of failures without an event between them, `next` throws the last one.
  int max_failures = 10;
  std::size_t max_event = 16 * 1024 * 1024;  ///< the largest size of an event, in bytes
  std::string last_event_id = {};            ///< the ID with which an earlier source ended
};

/// Requests a stream of events, and returns one event after the other. If the stream ends or
/// breaks, it requests the stream again with Last-Event-ID, after a pause.
/// ```
/// cohttps::event_source events(client, request::to(method::get, url));
/// while (auto event = co_await events.next()) std::cout << event->data << '\n';
/// ```
/// The destructor ends the request. Threads: those of its client.
class event_source {
 public:
  /// The client has to outlive the source. The content of `what` has to be repeatable.
  event_source(client& over, request what, event_source_options options = {})
      : client_(&over),
        request_(std::move(what)),
        options_(std::move(options)),
        parser_(options_.max_event) {
    last_event_id_ = options_.last_event_id;
  }

  /// Returns the next event: views that are valid until the next call. Returns nothing if the
  /// server ends the stream for good, with status 204. Throws `error`:
  /// - policy "not_an_event_stream" for a status other than 200 and 204, or another media type; and
  ///   other errors of the categories policy, certificate and usage
  /// - canceled after a stop by `request::stop`
  /// - the last failure after `max_failures`
  COHTTPS_DECL task<std::optional<server_sent_event>> next();

  /// Returns the ID that the next request sends.
  std::string_view last_event_id() const noexcept { return last_event_id_; }

  /// Returns the number of requests so far.
  std::uint64_t connections() const noexcept { return connections_; }

 private:
  /// Returns true if a stream is open, and false after 204.
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
