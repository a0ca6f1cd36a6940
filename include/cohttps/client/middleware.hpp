// The interface for layers around a client's calls.
#pragma once

#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/connection/content_source.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace cohttps {

struct client_options;

/// Gets the response to a request that `next_handler::send_in_background` sends.
using background_handler = std::function<task<void>(result<response_stream>& answered)>;

/// Called with each part of a streamed response's content, and with an empty part at its end.
using content_watcher = std::function<task<void>(std::span<const std::byte> part)>;

namespace detail {

/// One call on its way through the layers.
class middleware_call {
 public:
  virtual task<result<response>> pass_on(std::size_t layer, request& r) = 0;
  virtual stop_token stop() noexcept = 0;
  virtual any_transport& transport() noexcept = 0;
  virtual const client_options& options() noexcept = 0;
  virtual bool streams() const noexcept = 0;
  virtual bool upgrades() const noexcept = 0;
  virtual void send_in_background(std::size_t layer, request r, background_handler use) = 0;
  virtual void watch_content(content_watcher watcher) = 0;
  virtual response with_content(response head, std::unique_ptr<content_source> content) = 0;
  virtual std::size_t max_content(const request& r) const noexcept = 0;

 protected:
  ~middleware_call() = default;
};

}  // namespace detail

/// The rest of one call behind a layer: the layers that follow, and then the network. A copy is
/// cheap. It is valid until the layer that received it has returned.
class next_handler {
 public:
  next_handler(detail::middleware_call& call, std::size_t layer) noexcept
      : call_(&call), layer_(layer) {}

  /// Sends `r` on, and returns the response. A layer may call it again after the response, to
  /// repeat the request. If the content can be read only once, the repetition fails with policy
  /// "content_not_repeatable".
  task<result<response>> operator()(request& r) const { return call_->pass_on(layer_, r); }

  /// Returns a token that stops when the caller stops the operation, or when its time is over. Use
  /// it for all waits of a layer.
  stop_token stop() const noexcept { return call_->stop(); }

  /// Returns the client's transport: `co_await sleep_for(next.transport(), 1s, next.stop())`.
  any_transport& transport() const noexcept { return call_->transport(); }

  /// Returns the options of the client.
  const client_options& options() const noexcept { return call_->options(); }

  /// True for a call that streams. Its responses have no content yet.
  bool streams() const noexcept { return call_->streams(); }

  /// True for a call that asks for another protocol, such as WebSocket.
  bool upgrades() const noexcept { return call_->upgrades(); }

  /// Sends `r` on as a call of its own, for which this one does not wait, and gives the response to
  /// `use`. The client owns the call, and destroys it together with itself, wherever it waits.
  /// `use` must not keep the response, nor destroy the client. Exceptions of `use` are dropped.
  void send_in_background(request r, background_handler use) const {
    call_->send_in_background(layer_, std::move(r), std::move(use));
  }

  /// For a call that streams, after `next`: `watcher` sees the content of the response while the
  /// caller reads it. It sees nothing if a layer behind this one or in front of it gives a response
  /// of its own. The watcher is destroyed with the stream, also if its end was never read.
  void watch_content(content_watcher watcher) const { call_->watch_content(std::move(watcher)); }

  /// For a call that streams: makes a response of the layer's own. The caller reads its content
  /// from `content`, part by part.
  response with_content(response head, std::unique_ptr<content_source> content) const {
    return call_->with_content(std::move(head), std::move(content));
  }

  /// Returns the largest size of a response's content in a call that does not stream, in bytes.
  std::size_t max_content(const request& r) const noexcept { return call_->max_content(r); }

 private:
  detail::middleware_call* call_;
  std::size_t layer_;
};

/// A layer around the calls of a client; see `client::use`. It may change the request, answer it
/// itself, send it several times, and look at the response:
/// ```
/// client.use([](request& r, next_handler next) -> task<result<response>> {
///   (void)r.headers.append("x-trace", "1");
///   auto answered = co_await next(r);
///   std::clog << (answered ? answered->status() : 0) << '\n';
///   co_return answered;
/// });
/// ```
/// It sees buffered and streamed calls, and the openings of WebSockets and other upgrades. It does
/// not see downloads and `connect`. The client's own redirections, credentials and retries happen
/// behind the last layer. The time limit of the operation includes the layers.
using middleware = std::function<task<result<response>>(request&, next_handler)>;

}  // namespace cohttps
