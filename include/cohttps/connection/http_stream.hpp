// The interface to one request and its response, for all versions of HTTP.
#pragma once

#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace cohttps::detail {

/// The caller calls `ask`, and then `receive_body` until it returns an empty part. It may call
/// `release` at any time. After a release before the end, a connection of HTTP/1.1 is closed, and a
/// stream of HTTP/2 is reset.
class http_stream {
 public:
  http_stream() = default;
  http_stream(const http_stream&) = delete;
  http_stream& operator=(const http_stream&) = delete;

  /// Sends the request and waits for the head of the final response. If the status is not 2xx, the
  /// content ends here. Otherwise the rest of it is sent beside `receive_body`.
  virtual task<result<void>> ask(request_view request, const exchange_limits& limits,
                                 deadline& limit) = 0;

  /// Returns the next part of the content, valid until the next call; an empty part at the end.
  virtual task<result<std::span<const std::byte>>> receive_body(deadline& limit) = 0;
  /// The same without waiting. Returns nothing if it would have to wait, and on any error.
  virtual std::optional<std::span<const std::byte>> receive_body_at_once() = 0;

  /// True while the stream sends content of the request.
  virtual bool sends() const noexcept = 0;

  /// After a switch to another protocol: returns the next bytes, valid until the next call; no
  /// bytes at the end.
  virtual task<result<std::span<const std::byte>>> receive_raw(stop_token stop) = 0;
  /// Sends all of `bytes`. It may run beside `receive_raw`.
  virtual task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) = 0;
  /// Ends both directions, although coroutines may still wait for them.
  virtual void hang_up() noexcept = 0;

  /// After `ask`: returns the head of the final response.
  virtual response_head take_head() = 0;
  virtual std::optional<std::uint64_t> content_length() const noexcept = 0;
  /// True if content of this length follows. False in a response to HEAD.
  virtual bool has_content() const noexcept = 0;
  /// After the content: returns the trailer fields.
  virtual const fields& trailers() const noexcept = 0;
  /// True after a part of the response has arrived.
  virtual bool answered() const noexcept = 0;
  /// After a complete exchange: true if the connection can carry another one.
  virtual bool reusable() noexcept = 0;

  /// Returns the stream to its connection. The caller must not use it any more.
  virtual void release() noexcept = 0;

 protected:
  ~http_stream() = default;
};

struct release_stream {
  void operator()(http_stream* s) const noexcept { s->release(); }
};
using http_stream_ptr = std::unique_ptr<http_stream, release_stream>;

}  // namespace cohttps::detail
