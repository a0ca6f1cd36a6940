// The default network: TCP, getaddrinfo and timers over Asio.
#pragma once

#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/start.hpp>
#include <cohttps/transport/asio/stream.hpp>
#include <cohttps/transport/asio/timer.hpp>
#include <cohttps/transport/concepts.hpp>

#include <coroutine>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// The loop that `run` runs on this thread, if any.
inline asio::io_context*& current_context() noexcept {
  thread_local asio::io_context* context = nullptr;
  return context;
}

inline asio::ip::tcp::endpoint to_asio(const endpoint& e) {
  if (e.is_v6) {
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), e.address.data(), bytes.size());
    return {asio::ip::address_v6(bytes, e.scope), e.port};
  }
  asio::ip::address_v4::bytes_type bytes;
  std::memcpy(bytes.data(), e.address.data(), bytes.size());
  return {asio::ip::address_v4(bytes), e.port};
}

inline endpoint from_asio(const asio::ip::address& address, std::uint16_t port) {
  endpoint e{.port = port};
  if (address.is_v6()) {
    const auto v6 = address.to_v6();
    const auto bytes = v6.to_bytes();
    std::memcpy(e.address.data(), bytes.data(), bytes.size());
    e.is_v6 = true;
    e.scope = static_cast<std::uint32_t>(v6.scope_id());
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::memcpy(e.address.data(), bytes.data(), bytes.size());
  }
  return e;
}

/// Awaits getaddrinfo, which Asio runs on a thread of its own. A stop ends the wait at once; the
/// system call goes on without anyone who listens.
class asio_resolution {
 public:
  using endpoints = std::vector<endpoint>;

  asio_resolution(asio::io_context& context, std::string_view host, std::uint16_t port,
                  stop_token stop)
      : context_(&context), host_(host), port_(port), stop_(stop) {}

  bool await_ready() {
    if (stop_.stop_requested()) return true;
    asio_error_code not_a_literal;
    const auto address = asio::ip::make_address(host_, not_a_literal);
    if (not_a_literal) return false;
    found_ = {from_asio(address, port_)};
    return true;
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    query_ = std::make_shared<query>(*context_);
    query_->owner = this;
    waiter_ = waiter;
    on_stop_.emplace(stop_, on_stop{this});
    using flags = asio::ip::resolver_base;
    query_->resolver.async_resolve(
        host_, std::to_string(port_), flags::numeric_service | flags::address_configured,
        [q = query_](const asio_error_code& code, const resolver::results_type& results) {
          if (q->owner) q->owner->complete(code, results);
        });
  }

  result<endpoints> await_resume() {
    if (stop_.stop_requested())
      return fail(error_category::canceled, "canceled", "the operation was canceled");
    if (!found_.empty()) return std::move(found_);
    const bool unknown = code_ == asio::error::host_not_found || code_ == asio::error::no_data ||
                         code_ == asio_error_code();
    return std::unexpected(
        error(error_category::resolve, unknown ? "host_not_found" : "resolve_failed",
              unknown ? "the host name '" + host_ + "' has no address; check its spelling and DNS"
                      : "looking up '" + host_ + "' failed: " + code_.message())
            .code(std::error_code(code_)));
  }

  ~asio_resolution() {
    if (!query_) return;
    query_->owner = nullptr;
    query_->resolver.cancel();
  }
  asio_resolution(const asio_resolution&) = delete;
  asio_resolution& operator=(const asio_resolution&) = delete;

 private:
  using resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;
  struct query {
    explicit query(asio::io_context& context) : resolver(context.get_executor()) {}
    asio_resolution::resolver resolver;
    asio_resolution* owner = nullptr;
  };
  struct on_stop {
    asio_resolution* self;
    void operator()() const noexcept {
      auto query = self->query_;
      query->resolver.cancel();
      asio::post(query->resolver.get_executor(), [query] {
        if (query->owner) query->owner->resume();
      });
    }
  };

  void complete(const asio_error_code& code, const resolver::results_type& results) {
    code_ = code;
    for (const auto& entry : results)
      found_.push_back(from_asio(entry.endpoint().address(), port_));
    resume();
  }
  void resume() {
    query_->owner = nullptr;
    on_stop_.reset();
    waiter_.resume();
  }

  asio::io_context* context_;
  std::string host_;
  std::uint16_t port_;
  stop_token stop_;
  endpoints found_;
  asio_error_code code_;
  std::shared_ptr<query> query_;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::coroutine_handle<> waiter_;
};

struct asio_connect_start {
  endpoint to;
  template <class Handler>
  void operator()(asio_stream_state::socket_type& socket, Handler handler) const {
    socket.async_connect(to_asio(to), std::move(handler));
  }
};

struct asio_connect_finish {
  endpoint to;
  result<asio_stream> operator()(const shared_state<asio_stream_state>& state,
                                 const asio_error_code& code, std::size_t) const {
    if (code == asio::error::operation_aborted)
      return std::unexpected(make_io_error(code, "connecting"));
    if (code)
      return std::unexpected(
          error(error_category::connect,
                code == asio::error::connection_refused ? "connection_refused" : "connect_failed",
                "connecting to " + to_string(to) + " failed: " + code.message())
              .code(std::error_code(code.value(), std::system_category())));
    asio_error_code ignored;
    state->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    return asio_stream(state);
  }
};

}  // namespace detail

/// A `transport` on an `asio::io_context`, which must outlive every client that uses it and be run
/// by one thread. Destroying it while an operation that was started with a completion token waits
/// leaks that operation: stop it and let the loop run first.
class asio_transport {
 public:
  using stream_type = asio_stream;
  using timer_type = asio_timer;

  explicit asio_transport(asio::io_context& context) noexcept : context_(&context) {}

  auto resolve(std::string_view host, std::uint16_t port, stop_token stop) {
    return detail::asio_resolution(*context_, host, port, stop);
  }
  auto connect(const endpoint& to, stop_token stop) {
    detail::shared_state state(new detail::asio_stream_state(*context_));
    return detail::asio_operation<asio_stream, detail::asio_connect_start,
                                  detail::asio_connect_finish>(state, state->writing, stop,
                                                               detail::asio_connect_start{to},
                                                               detail::asio_connect_finish{to});
  }
  timer_type make_timer() { return asio_timer(*context_); }
  time_point now() const noexcept { return std::chrono::steady_clock::now(); }
  void post(timer_function f, void* argument) {
    asio::post(*context_, [f, argument] { f(argument); });
  }

  asio::io_context& context() const noexcept { return *context_; }

  /// The transport of the `run` that this thread is in. Throws `error` (usage) outside of one.
  static asio_transport current() {
    if (asio::io_context* running = detail::current_context()) return asio_transport(*running);
    throw error(error_category::usage, "no_event_loop",
                "there is no event loop here: call this inside cohttps::run(), or construct the "
                "client with cohttps::asio_transport(io_context)");
  }

  /// Starts the task that `make(stop_token)` gives, and completes `token` with
  /// `void(std::exception_ptr, T)` on its handler's executor. From any thread.
  template <class Make, class Token,
            class T = typename std::invoke_result_t<Make&, stop_token>::value_type>
    requires asio::completion_token_for<Token, void(std::exception_ptr, T)>
  auto start(Make make, Token&& token) {
    return detail::start<T>(*context_, std::move(make), std::forward<Token>(token));
  }

 private:
  asio::io_context* context_;
};

static_assert(transport<asio_transport>);

}  // namespace cohttps
