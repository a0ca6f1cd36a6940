// The default network: sockets, names and timers with Asio.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/connect.hpp>
#include <cohttps/transport/asio/resolver.hpp>
#include <cohttps/transport/asio/start.hpp>
#include <cohttps/transport/asio/stream.hpp>
#include <cohttps/transport/asio/timer.hpp>
#include <cohttps/transport/concepts.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohttps {

namespace detail {

/// The loop that `run` runs on this thread, or null.
COHTTPS_DECL asio::io_context*& current_context() noexcept;

}  // namespace detail

/// A `transport` on an `asio::io_context`. The context must outlive every client that uses it, and
/// exactly one thread must run it. Each context looks names up with getaddrinfo, on up to 8 threads
/// of its own. Nothing ever waits for a thread that is in getaddrinfo.
///
/// Before `fork`, call `client::close_idle`, because two processes cannot share a connection.
/// Before and after it, call `notify_fork` of the context as Asio says.
///
/// If the context is destroyed, it also destroys everything that was started on it with a
/// completion token: the coroutines where they wait, and their handlers without calling them.
class asio_transport {
 public:
  using stream_type = asio_stream;
  using timer_type = asio_timer;

  explicit asio_transport(asio::io_context& context) noexcept : context_(&context) {}

  auto resolve(std::string_view host, std::uint16_t port, stop_token stop) {
    return detail::asio_resolution(*context_, host, port, stop);
  }
  auto connect(const endpoint& to, const socket_options& how, stop_token stop) {
    detail::shared_state state(new detail::asio_stream_state(*context_));
    return detail::asio_operation<asio_stream, detail::asio_connecting>(
        state, state->writing, stop, detail::asio_connecting(to, how));
  }
  auto connect(const endpoint& to, stop_token stop) { return connect(to, socket_options(), stop); }
  COHTTPS_DECL timer_type make_timer();
  time_point now() const noexcept { return std::chrono::steady_clock::now(); }
  template <std::invocable Call>
  void post(Call call) {
    asio::post(*context_, std::move(call));
  }

  asio::io_context& context() const noexcept { return *context_; }

  /// Returns the transport of the `run` that is active on this thread. Throws `error` (usage) if
  /// there is none.
  COHTTPS_DECL static asio_transport current();

  /// Starts the task that `make(stop_token)` returns. Completes `token` with
  /// `void(std::exception_ptr, T)` on its handler's executor. Any thread may call it.
  template <class Make, class Token,
            class T = typename std::invoke_result_t<Make&, stop_token>::value_type>
    requires asio::completion_token_for<Token, void(std::exception_ptr, T)>
  auto start(Make make, Token&& token) {
    return detail::start<T>(*context_, std::move(make), std::forward<Token>(token));
  }

 private:
  asio::io_context* context_;
};

static_assert(socket_transport<asio_transport>);

/// Calls `asio_transport::start` on the transport of a client. Throws `error` (usage,
/// "not_on_asio") if the transport has another type.
template <class Make, class Token>
  requires requires(asio_transport& t, Make make, Token&& token) {
    t.start(std::move(make), std::forward<Token>(token));
  }
auto start_on(any_transport& over, Make make, Token&& token) {
  auto* on_asio = over.target<asio_transport>();
  if (!on_asio)
    throw error(error_category::usage, "not_on_asio",
                "a completion token needs a client on an asio_transport; co_await the operation");
  return on_asio->start(std::move(make), std::forward<Token>(token));
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/transport.ipp>
#endif
