// What the client's calls return: awaitable in any coroutine, or started with an Asio token.
#pragma once

#include <cohttps/client/downloaded.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/representation.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace cohttps {

struct client_state;

namespace detail {

using shared_client_state = std::shared_ptr<client_state>;

// Carry an operation out; one function for each type of result. The arguments outlive the task.
COHTTPS_DECL task<result<response>> perform(const shared_client_state&, request&,
                                            std::type_identity<response>);
COHTTPS_DECL task<result<response_stream>> perform(const shared_client_state&, request&,
                                                   std::type_identity<response_stream>);
COHTTPS_DECL task<result<upgraded>> perform(const shared_client_state&, request&,
                                            std::type_identity<upgraded>);
COHTTPS_DECL task<result<downloaded>> perform(const shared_client_state&, request&,
                                              std::type_identity<downloaded>);
COHTTPS_DECL task<result<connection_info>> perform(const shared_client_state&, request&,
                                                   std::type_identity<connection_info>);
COHTTPS_DECL any_transport transport_of(const client_state& client);

[[gnu::cold]] inline error moved_from() {
  return {error_category::usage, "moved_from",
          "this operation, or the client that made it, was moved from; use the object that it was "
          "moved to"};
}

/// The reason why an operation cannot start.
[[gnu::cold]] inline error not_startable(bool has_client) {
  if (!has_client) return moved_from();
  return {error_category::usage, "awaited_twice",
          "an operation was started twice; call the client again for another one"};
}

}  // namespace detail

/// How an operation tells that there is no response.
enum class on_error { throws, returns };

/// A call that has not begun: it owns its arguments and starts when it is awaited, once. Started a
/// second time it fails with usage "awaited_twice"; of a client that was moved from, or moved from
/// itself, with usage "moved_from".
///
/// `co_await` gives a `T`, or throws `error`; with `on_error::returns` it gives a `result<T>`. Its
/// awaiter refers to the operation, which lasts as long as the `co_await` does.
/// Destroying the awaiting coroutine ends the operation and closes its connection.
template <class T, on_error Mode>
class [[nodiscard("an operation does nothing until it is awaited")]] operation {
 public:
  using value_type = std::conditional_t<Mode == on_error::throws, T, result<T>>;

  operation(std::shared_ptr<client_state> client, request r)
      : client_(std::move(client)), request_(std::move(r)) {}

  /// The same operation, ended with category `canceled` when `stop` is asked for before it has its
  /// result. A `response_stream` is its result. Stops add up: those of earlier calls and of the
  /// options stay. After one that is asked for before the start nothing is sent.
  operation with_stop(stop_token stop) && {
    request_.race.add(stop);
    return std::move(*this);
  }

  /// The same for a token of any thread, such as a `std::jthread`'s; a stream's content, too, ends
  /// with it.
  operation with_stop(std::stop_token stop) && {
    if (stop.stop_possible()) request_.remote.push_back(std::move(stop));
    return std::move(*this);
  }

  /// The content of a 2xx response as a value: `co_await client.get(url).as<T>()`; see
  /// `response::as`.
  template <class U>
    requires std::is_same_v<T, response> && readable_representation<U>
  task<std::conditional_t<Mode == on_error::throws, U, result<U>>> as() && {
    return convert<U>(std::move(*this));
  }

  auto operator co_await() && {
    struct awaiter {
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> parent) { return inner.await_suspend(parent); }
      value_type await_resume() {
        auto outcome = inner.await_resume();
        if constexpr (Mode == on_error::throws) {
          if (!outcome) throw std::move(outcome).error();
          return *std::move(outcome);
        } else {
          return outcome;
        }
      }
      task<result<T>> work;
      decltype(std::move(work).operator co_await()) inner = std::move(work).operator co_await();
    };
    return awaiter{begin()};
  }

  /// Starts the operation and completes it as the token says, with the signature
  /// `void(std::exception_ptr, value_type)`: `asio::use_awaitable`, `asio::use_future`, a function.
  /// Not for streams: a failed one has no value to give beside its exception. Throws `error`
  /// (usage, "moved_from") itself where there is no client, and so no loop to complete on.
  template <class Token>
    requires std::default_initializable<value_type> &&
             requires(any_transport& over, task<value_type> (*make)(stop_token), Token&& token) {
               start_on(over, make, std::forward<Token>(token));
             }
  auto operator()(Token&& token) && {
    if (!client_) throw detail::moved_from();
    any_transport over = detail::transport_of(*client_);
    return start_on(
        over,
        [self = start_elsewhere()](stop_token stop) mutable {
          return as_task(std::move(self).with_stop(stop));
        },
        std::forward<Token>(token));
  }

 private:
  task<result<T>> begin() {
    if (!client_ || std::exchange(started_, true))
      return refuse(detail::not_startable(client_ != nullptr));
    return detail::perform(client_, request_, std::type_identity<T>());
  }
  static task<result<T>> refuse(error why) { co_return std::unexpected(std::move(why)); }

  /// The operation that starts in place of this one, which knows from now on that it has started.
  operation start_elsewhere() {
    operation other(client_, std::move(request_));
    other.started_ = std::exchange(started_, true);
    return other;
  }

  template <class U>
  static task<std::conditional_t<Mode == on_error::throws, U, result<U>>> convert(operation self) {
    auto answered = co_await std::move(self);
    if constexpr (Mode == on_error::throws) {
      co_return answered.template as<U>();
    } else {
      if (!answered) co_return pass(std::move(answered));
      co_return answered->template try_as<U>();
    }
  }

  static task<value_type> as_task(operation self) { co_return co_await std::move(self); }

  std::shared_ptr<client_state> client_;
  request request_;
  bool started_ = false;
};

}  // namespace cohttps
