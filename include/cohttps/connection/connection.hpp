// A connection to an origin, as the pool keeps it.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace cohttps::detail {

/// Carries streams, one after another or many at a time. Its destructor closes it.
class connection {
 public:
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  /// The stream of one request. The connection outlives it.
  virtual http_stream_ptr open_stream() = 0;

  /// False when the peer has closed the idle connection, or has spoken unasked.
  virtual bool usable() noexcept = 0;

  /// To be called when it becomes idle.
  virtual void release_memory() noexcept {}

  /// Streams that it carries at a time.
  virtual std::size_t capacity() const noexcept { return 1; }

  /// True when a stream can be released before its end without harm to the connection.
  virtual bool outlives_streams() const noexcept { return false; }

  /// The peer is going away, and has looked at one of the requests at least.
  virtual bool processed_requests() const noexcept { return false; }

  virtual bool is_http2() const noexcept { return false; }

  /// Gives true once it is known whether the peer takes other protocols over a stream (RFC 8441),
  /// false when a stop came first.
  virtual task<bool> settings_known(stop_token) { return true; }
  virtual bool takes_extended_connect() const noexcept { return false; }

  /// Calls `f(a, b)` from the loop whenever `capacity` or `outlives_streams` has changed.
  virtual void on_capacity(void (*)(void*, void*), void*, void*) noexcept {}

  const std::shared_ptr<const connection_info> info;  // shared with the responses
  std::size_t exchanges = 0;                          // complete ones

 protected:
  explicit connection(std::shared_ptr<const connection_info> about) noexcept
      : info(std::move(about)) {}
};

}  // namespace cohttps::detail
