// Layers around a client's calls, seen from the program that writes them.
#pragma once

#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <utility>

namespace cohttps {

/// Is called with each part of a streamed response's content, and with an empty one at its end.
using content_watcher = std::function<task<void>(std::span<const std::byte> part)>;

namespace detail {

/// One call on its way through the layers.
class middleware_call {
 public:
  virtual task<result<response>> pass_on(std::size_t layer, request& r) = 0;
  virtual stop_token stop() noexcept = 0;
  virtual any_transport& transport() noexcept = 0;
  virtual bool streams() const noexcept = 0;
  virtual bool upgrades() const noexcept = 0;
  virtual task<result<response>> pass_on_alone(std::size_t layer, request r) = 0;
  virtual void watch_content(content_watcher watcher) = 0;

 protected:
  ~middleware_call() = default;
};

}  // namespace detail

/// The rest of the way of one call: the layers behind, and at their end the network. Cheap to copy;
/// valid until the layer that got it has returned.
class next_handler {
 public:
  next_handler(detail::middleware_call& call, std::size_t layer) noexcept
      : call_(&call), layer_(layer) {}

  /// Sends `r` on and gives the response. May be awaited again, one time after the other, to repeat
  /// the request; content that can be given only once fails then with policy
  /// "content_not_repeatable".
  task<result<response>> operator()(request& r) const { return call_->pass_on(layer_, r); }

  /// Asks to stop when the caller stops the operation, or its time is over: what a layer itself
  /// waits for should take it.
  stop_token stop() const noexcept { return call_->stop(); }

  /// For waits of a layer: `co_await sleep_for(next.transport(), 1s, next.stop())`.
  any_transport& transport() const noexcept { return call_->transport(); }

  /// True for a call that gives a stream: its responses have no content yet.
  bool streams() const noexcept { return call_->streams(); }

  /// True for a call that asks for another protocol, such as WebSocket.
  bool upgrades() const noexcept { return call_->upgrades(); }

  /// Sends `r` on as a call of its own, which goes on when this one has ended, and collects the
  /// content.
  task<result<response>> alone(request r) const {
    return call_->pass_on_alone(layer_, std::move(r));
  }

  /// For a call that streams: `watcher` sees the content of the response that is read by the
  /// caller, unless that comes from a layer before.
  void watch_content(content_watcher watcher) const { call_->watch_content(std::move(watcher)); }

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
/// It sees buffered and streamed calls and the openings of WebSockets and other upgrades, not
/// downloads and `connect`. Redirections, credentials and retries of the client's own happen behind
/// the last layer. All of it is inside the limit of time of the operation.
using middleware = std::function<task<result<response>>(request&, next_handler)>;

}  // namespace cohttps
