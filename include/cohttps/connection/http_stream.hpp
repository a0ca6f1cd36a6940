// One request and its response over a connection, whichever version of HTTP it speaks.
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

/// `ask`, then `receive_body` until it gives an empty part; `release` at any time. Released before
/// its end, it ends the connection of HTTP/1.1, and resets the stream of HTTP/2.
class http_stream {
 public:
  http_stream() = default;
  http_stream(const http_stream&) = delete;
  http_stream& operator=(const http_stream&) = delete;

  /// Sends the request and waits for the final response's head. Content that this head makes
  /// pointless ends here; else the rest of it goes out beside `receive_body`.
  virtual task<result<void>> ask(request_view request, const exchange_limits& limits,
                                 deadline& limit) = 0;

  /// The next part of the content, valid until the next call; an empty one at its end.
  virtual task<result<std::span<const std::byte>>> receive_body(deadline& limit) = 0;
  /// The same where nothing is to be waited for; else, and on any error, nothing.
  virtual std::optional<std::span<const std::byte>> receive_body_at_once() = 0;

  /// True while content of the request is being sent.
  virtual bool sends() const noexcept = 0;

  /// After a switch to another protocol: the next bytes, valid until the next call; empty at their
  /// end.
  virtual task<result<std::span<const std::byte>>> receive_raw(stop_token stop) = 0;
  /// Beside `receive_raw`: sends all of `bytes`.
  virtual task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) = 0;
  /// Ends both ways, below whoever waits for them.
  virtual void hang_up() noexcept = 0;

  /// After `ask`: the final response's.
  virtual response_head take_head() = 0;
  virtual std::optional<std::uint64_t> content_length() const noexcept = 0;
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  virtual bool has_content() const noexcept = 0;
  /// After the content.
  virtual const fields& trailers() const noexcept = 0;
  /// True once something of the response has come in.
  virtual bool answered() const noexcept = 0;
  /// After a complete exchange: whether its connection can carry another one.
  virtual bool reusable() noexcept = 0;

  /// Gives the stream back to its connection. It is not used from then on.
  virtual void release() noexcept = 0;

 protected:
  ~http_stream() = default;
};

struct release_stream {
  void operator()(http_stream* s) const noexcept { s->release(); }
};
using http_stream_ptr = std::unique_ptr<http_stream, release_stream>;

}  // namespace cohttps::detail
