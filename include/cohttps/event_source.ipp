// Definitions for event_source.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/event_source.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>

namespace cohttps {

COHTTPS_DEF task<std::optional<server_sent_event>> event_source::next() {
  while (!over_) {
    std::optional<error> failed;
    auto event = parser_.next(in_);
    if (!event) throw std::move(event).error();
    if (*event) {
      last_event_id_ = parser_.last_event_id();
      co_return *event;
    }
    if (stream_) {
      auto more = co_await stream_->try_read();
      if (more && !more->empty()) {
        in_ = *more;
        failures_ = 0;
        continue;
      }
      if (!more) failed = std::move(more).error();
      stream_.reset();
      last_event_id_ = parser_.last_event_id();
    }
    if (!failed) {
      if (std::exchange(pauses_, true))
        if (auto paused = co_await pause(); !paused) throw std::move(paused).error();
      auto connected = co_await connect();
      if (connected && !*connected) break;
      if (!connected) failed = std::move(connected).error();
    }
    if (!failed) continue;
    const auto kind = failed->category();
    const bool for_good = kind == error_category::canceled || kind == error_category::usage ||
                          kind == error_category::policy || kind == error_category::certificate;
    if (for_good || ++failures_ > options_.max_failures) {
      over_ = true;
      throw *std::move(failed);
    }
  }
  over_ = true;
  co_return std::nullopt;
}

COHTTPS_DEF task<result<bool>> event_source::connect() {
  request asked = request_.without_content();
  if (request_.content.source())
    co_return fail(
        error_category::usage, "content_not_repeatable",
        "an event_source sends its request again and again, so that its content has to be "
        "in memory");
  const auto bytes = request_.content.memory();
  if (!bytes.empty())
    asked.content = content(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                            request_.content.media_type());
  if (!asked.headers.contains("accept")) (void)asked.headers.append("Accept", "text/event-stream");
  if (!asked.headers.contains("cache-control"))
    (void)asked.headers.append("Cache-Control", "no-store");
  if (!last_event_id_.empty())
    if (auto set = asked.headers.set("Last-Event-ID", last_event_id_); !set)
      co_return pass(std::move(set));
  parser_.restart();
  in_ = {};
  ++connections_;
  try {
    stream_ = co_await client_->stream(std::move(asked));
  } catch (const error& e) {
    co_return std::unexpected(e);
  }
  const int status = stream_->status();
  if (status == 204) co_return false;
  const auto type = parse_media_type(stream_->header("content-type").value_or(""));
  if (status == 200 && type && type->is("text", "event-stream")) co_return true;
  const bool passing = status >= 500 || status == 429 || status == 408;
  co_return fail(passing ? error_category::protocol : error_category::policy, "not_an_event_stream",
                 "the server answered " + std::to_string(status) + " with the media type " +
                     ascii::printable(stream_->header("content-type").value_or("(none)"), 100) +
                     " in place of a stream of events");
}

COHTTPS_DEF task<result<void>> event_source::pause() {
  std::chrono::nanoseconds time = options_.retry;
  if (const auto set = parser_.retry()) time = *set;
  for (int i = 1; i < failures_ && time < options_.max_retry; ++i) time *= 2;
  if (failures_ > 1) time = std::min(time, options_.max_retry);
  const bool slept = co_await sleep_for(client_->transport(), time, request_.stop);
  if (!slept) co_return fail(error_category::canceled, "canceled", "the operation was canceled");
  co_return result<void>();
}

}  // namespace cohttps
