// The interface of a connection to an origin, for all versions of HTTP.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace cohttps::detail {

/// A connection, which carries one stream after another, or several at a time. The destructor
/// closes it.
class connection {
 public:
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  /// Opens the stream of one request. The connection must outlive the stream.
  virtual http_stream_ptr open_stream() = 0;

  /// False if the idle connection cannot carry another request: the peer has closed it, or has sent
  /// unexpected bytes.
  virtual bool usable() noexcept = 0;

  /// Frees buffers. The pool calls it when the connection becomes idle.
  virtual void release_memory() noexcept {}

  /// Returns how many streams the connection can carry at a time.
  virtual std::size_t capacity() const noexcept { return 1; }

  /// True if a stream can be released before its end without harm to the connection.
  virtual bool outlives_streams() const noexcept { return false; }

  /// True if the peer is closing the connection, and has accepted at least one of its requests.
  virtual bool processed_requests() const noexcept { return false; }

#ifdef COHTTPS_HAS_NGTCP2
  /// The connection takes no more requests. Those that it has go on.
  virtual void retire() noexcept {}
#endif

  /// True if requests use the connection before others to the same origin: over HTTP/3.
  virtual bool preferred() const noexcept { return false; }

  /// True if each request has a stream of its own (HTTP/2, HTTP/3).
  virtual bool has_streams() const noexcept { return false; }

  /// Waits until it is known whether the peer supports extended CONNECT (RFC 8441), and returns
  /// true. Returns false if the stop comes first.
  virtual task<bool> settings_known(stop_token) { return true; }
  virtual bool takes_extended_connect() const noexcept { return false; }

  /// Registers a function `f` and its arguments `a` and `b`. The connection calls `f(a, b)` from
  /// the event loop whenever `capacity` or `outlives_streams` has changed.
  virtual void on_capacity(void (*)(void*, void*), void*, void*) noexcept {}

  const std::shared_ptr<const connection_info> info;  // shared with the responses
  std::size_t exchanges = 0;                          // the number of complete exchanges

 protected:
  explicit connection(std::shared_ptr<const connection_info> about) noexcept
      : info(std::move(about)) {}
};

}  // namespace cohttps::detail
