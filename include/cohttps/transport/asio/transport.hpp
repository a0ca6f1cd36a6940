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

/// A network on an executor of Asio: `asio_transport`, or `asio_strand_transport`.
template <class Executor>
class basic_asio_transport {
  using state_type = detail::basic_asio_stream_state<Executor>;
  using connecting =
      detail::asio_operation<basic_asio_stream<Executor>, detail::asio_connecting, state_type>;

 public:
  using stream_type = basic_asio_stream<Executor>;
  using timer_type = basic_asio_timer<Executor>;
  using executor_type = Executor;

  explicit basic_asio_transport(const Executor& on) noexcept : executor_(on) {}

  detail::asio_resolution resolve(std::string_view host, std::uint16_t port, stop_token stop) {
    return detail::asio_resolution(asio::query(executor_, asio::execution::context),
                                   std::make_shared<detail::look_up_on<Executor>>(executor_, host),
                                   port, stop);
  }
  connecting connect(const endpoint& to, const socket_options& how, stop_token stop) {
    detail::shared_state state(new state_type(executor_));
    return connecting(state, state->writing, stop, detail::asio_connecting(to, how));
  }
  connecting connect(const endpoint& to, stop_token stop) {
    return connect(to, socket_options(), stop);
  }
  timer_type make_timer() { return timer_type(executor_); }
  time_point now() const noexcept { return std::chrono::steady_clock::now(); }
  template <std::invocable Call>
  void post(Call call) {
    asio::post(executor_, std::move(call));
  }

  /// The executor of all completions and timers.
  const Executor& get_executor() const noexcept { return executor_; }

  /// Starts the task that `make(stop_token)` returns. Completes `token` with
  /// `void(std::exception_ptr, T)` on its handler's executor. Any thread may call it.
  template <class Make, class Token,
            class T = typename std::invoke_result_t<Make&, stop_token>::value_type>
    requires asio::completion_token_for<Token, void(std::exception_ptr, T)>
  auto start(Make make, Token&& token) {
    return detail::start<T>(executor_, std::move(make), std::forward<Token>(token));
  }

 private:
  Executor executor_;
};

/// A `transport` on an `asio::io_context`. The context must outlive every client that uses it, and
/// exactly one thread must run it; `asio_strand_transport` is for contexts of several threads. Each
/// context looks names up with getaddrinfo, on up to 8 threads of its own. Nothing ever waits for a
/// thread that is in getaddrinfo.
///
/// Before `fork`, call `client::close_idle`, because two processes cannot share a connection.
/// Before and after it, call `notify_fork` of the context as Asio says.
///
/// If the context is destroyed, it also destroys everything that was started on it with a
/// completion token: the coroutines where they wait, and their handlers without calling them.
class asio_transport : public basic_asio_transport<detail::asio_loop> {
 public:
  explicit asio_transport(asio::io_context& context) noexcept
      : basic_asio_transport(context.get_executor()) {}

  /// The context whose loop runs the operations.
  asio::io_context& context() const noexcept { return get_executor().context(); }

  /// True inside the loop's handlers, and on a thread that is in the `run` of this loop.
  COHTTPS_DECL bool running_in_this_thread() const noexcept;

  /// Returns the transport of the `run` that is active on this thread. Throws `error` (usage) if
  /// there is none.
  COHTTPS_DECL static asio_transport current();
};

/// A `transport` on a strand, for an `asio::thread_pool` or an `io_context` that several threads
/// run. Everything that a client does happens on the strand: on one thread at a time, and not
/// always on the same one.
/// ```
/// asio::thread_pool pool(4);
/// cohttps::client client{asio_strand_transport(asio::make_strand(pool))};
/// response r = co_await client.get(url)(asio::use_awaitable);  // in any coroutine of the pool
/// ```
/// Threads: any thread may call the functions of the client that return operations, and start an
/// operation with a completion token, which completes on the handler's own executor. All else
/// belongs to the strand: a plain `co_await` of an operation, the other functions of the client,
/// and its destruction. When no thread runs the context any more, every thread may do it.
///
/// The rules of `asio_transport` about the end of the context hold here, too.
class asio_strand_transport : public basic_asio_transport<asio::any_io_executor> {
 public:
  /// True: the client may be used from any thread of the strand.
  static constexpr bool is_strand = true;

  /// Uses an `asio::strand`, which may also have handlers of the program.
  template <class Strand>
    requires requires(const Strand& s) {
      typename Strand::inner_executor_type;
      { s.running_in_this_thread() } -> std::same_as<bool>;
    }
  explicit asio_strand_transport(const Strand& strand)
      : basic_asio_transport(asio::any_io_executor(strand)),
        running_([](const asio::any_io_executor& on) {
          return on.target<Strand>()->running_in_this_thread();
        }) {}
  /// A context is no strand: write `asio_strand_transport(asio::make_strand(context))`.
  explicit asio_strand_transport(asio::execution_context&) = delete;

  /// True inside of the strand's handlers.
  bool running_in_this_thread() const noexcept { return running_(get_executor()); }

 private:
  bool (*running_)(const asio::any_io_executor&);
};

static_assert(socket_transport<asio_transport>);

namespace detail {

/// Returns the executor of a client's transport. Throws `error` (usage, "not_on_asio") if the
/// transport is none of Asio's.
COHTTPS_DECL asio::any_io_executor executor_of(any_transport& over);

}  // namespace detail

/// Calls `start` of a client's transport, which is one of Asio's. Throws `error` (usage,
/// "not_on_asio") if the transport has another type.
template <class Make, class Token>
  requires requires(asio_transport& t, Make make, Token&& token) {
    t.start(std::move(make), std::forward<Token>(token));
  }
auto start_on(any_transport& over, Make make, Token&& token) {
  using result_type = typename std::invoke_result_t<Make&, stop_token>::value_type;
  return detail::start<result_type>(detail::executor_of(over), std::move(make),
                                    std::forward<Token>(token));
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/transport.ipp>
#endif
