// The operations that the functions of the client return. A coroutine awaits an operation, or the
// caller starts it with a completion token of Asio.
#pragma once

#include <cohttps/client/download_result.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/stop_tokens.hpp>
#include <cohttps/http/content/representation.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

struct client_state;

using shared_client_state = std::shared_ptr<client_state>;

/// The details of an operation that depend on the type of its result.
template <class T>
struct delivery {};
template <>
struct delivery<upgraded> {
  std::string protocol;  ///< the protocol to switch to
};
template <>
struct delivery<download_result> {
  std::string path;
  bool resumes;  ///< continues an earlier download
};

/// The tokens that stop an operation, in addition to `request::stop`.
struct operation_stops {
  stop_tokens race;  ///< they count until the operation has its result
  std::vector<std::stop_token> of_threads;
};

// Each overload performs the operation for one type of result. The arguments outlive the task.
COHTTPS_DECL task<result<response>> perform(const shared_client_state&, request&,
                                            const operation_stops&, const delivery<response>&);
COHTTPS_DECL task<result<response_stream>> perform(const shared_client_state&, request&,
                                                   const operation_stops&,
                                                   const delivery<response_stream>&);
COHTTPS_DECL task<result<upgraded>> perform(const shared_client_state&, request&,
                                            const operation_stops&, const delivery<upgraded>&);
COHTTPS_DECL task<result<download_result>> perform(const shared_client_state&, request&,
                                                   const operation_stops&,
                                                   const delivery<download_result>&);
COHTTPS_DECL task<result<connection_info>> perform(const shared_client_state&, request&,
                                                   const operation_stops&,
                                                   const delivery<connection_info>&);
/// Opens an exchange whose content is read later, or that switches to the protocol `upgrade_to`.
COHTTPS_DECL task<result<std::unique_ptr<open_exchange>>> open_any(const shared_client_state&,
                                                                   request&, const operation_stops&,
                                                                   std::string upgrade_to);
COHTTPS_DECL any_transport transport_of(const client_state& client);
/// False on a wrong thread.
COHTTPS_DECL bool may_begin_here(const client_state& client) noexcept;

template <class T>
inline constexpr bool is_complete = requires { sizeof(T); };

[[gnu::cold]] inline error moved_from() {
  return {error_category::usage, "moved_from",
          "this operation, or the client that made it, was moved from; use the object that it was "
          "moved to"};
}

/// Returns the error of an operation that cannot start.
[[gnu::cold]] inline error not_startable(bool has_client, bool was_started) {
  if (!has_client) return moved_from();
  if (!was_started)
    return {error_category::usage, "wrong_thread",
            "other operations of this client run on another thread; start this one in the client's "
            "event loop, for example with a completion token, or give each thread a client of its "
            "own"};
  return {error_category::usage, "awaited_twice",
          "an operation was started twice; call the client again for another one"};
}

}  // namespace detail

/// How an operation reports an error.
enum class on_error {
  throws,   ///< as an exception
  returns,  ///< in a `result`
};

/// A call that has not started yet. It owns its arguments, and starts when a coroutine awaits it.
/// It can start only once: a second start fails with usage "awaited_twice". If the client or the
/// operation was moved from, the start fails with usage "moved_from". On a wrong thread it fails
/// with usage "wrong_thread", if other operations of the client run, and the transport can tell.
///
/// `co_await` returns a `T` or throws `error`. With `on_error::returns` it returns a `result<T>`.
/// The awaiter refers to the operation, so the operation must live until the `co_await` has ended.
/// If the awaiting coroutine is destroyed, the operation ends. It then closes its connection, or
/// resets its stream of HTTP/2.
template <class T, on_error Mode>
class [[nodiscard("an operation does nothing until it is awaited")]] operation {
  static_assert(detail::is_complete<T>,
                "the type of this call's result is incomplete: include its header, such as "
                "<cohttps/websocket.hpp>");

 public:
  using value_type = std::conditional_t<Mode == on_error::throws, T, result<T>>;

  operation(std::shared_ptr<detail::client_state> client, request r, detail::delivery<T> how = {})
      : client_(std::move(client)), request_(std::move(r)), delivery_(std::move(how)) {}

  /// Adds a token. If `stop` is requested before the operation has its result, the operation fails
  /// with category `canceled`. The result of a stream is the `response_stream`, so this token does
  /// not stop the reading of its content. Tokens of earlier calls and of the options stay in force.
  /// If `stop` is requested before the start, nothing is sent.
  operation with_stop(stop_token stop) && {
    stops_.race.add(stop);
    return std::move(*this);
  }

  /// The same for a token of any thread, such as that of a `std::jthread`. This token also stops
  /// the reading of a stream's content.
  operation with_stop(std::stop_token stop) && {
    if (stop.stop_possible()) stops_.of_threads.push_back(std::move(stop));
    return std::move(*this);
  }

  /// Converts the content of a 2xx response to a value: `co_await client.get(url).as<T>()`. See
  /// `response::as`.
  template <class U>
    requires std::is_same_v<T, response>
  task<std::conditional_t<Mode == on_error::throws, U, result<U>>> as() && {
    static_assert(readable_representation<U>,
                  "as<T> cannot read this type: include an adapter such as "
                  "<cohttps/adapters/nlohmann_json.hpp>, or specialise representation");
    return convert<U>(std::move(*this));
  }
  /// The same for a response of any status.
  template <class U>
    requires std::is_same_v<T, response>
  task<std::conditional_t<Mode == on_error::throws, U, result<U>>> as(any_status_t) && {
    static_assert(readable_representation<U>,
                  "as<T> cannot read this type: include an adapter such as "
                  "<cohttps/adapters/nlohmann_json.hpp>, or specialise representation");
    return convert<U>(std::move(*this), any_status);
  }

  /// Returns the transport of the client. Throws `error` (usage, "moved_from") without a client.
  any_transport transport() const {
    if (!client_) throw detail::moved_from();
    return detail::transport_of(*client_);
  }

  /// A named operation has to be moved: `co_await std::move(call)`.
  template <class Self = operation>
  std::suspend_never operator co_await() & {
    static_assert(!std::is_same_v<Self, operation>,
                  "an operation starts once, so a named one has to be moved: "
                  "co_await std::move(call)");
    return {};
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

  /// Starts the operation with a completion token of Asio: `asio::use_awaitable`,
  /// `asio::use_future`, or a function. The completion signature is `void(std::exception_ptr,
  /// value_type)`. A failed operation passes a default-constructed value beside its exception. If
  /// there is no client, there is no event loop for the completion either: this call itself then
  /// throws `error` (usage, "moved_from").
  template <class Token>
    requires std::default_initializable<value_type> &&
             requires(any_transport& over, task<value_type> (*make)(stop_token), Token&& token) {
               start_on(over, make, std::forward<Token>(token));
             }
  auto operator()(Token&& token) && {
    any_transport over = transport();
    return start_on(
        over,
        [self = start_elsewhere()](stop_token stop) mutable {
          return as_task(std::move(self).with_stop(stop));
        },
        std::forward<Token>(token));
  }

 private:
  task<result<T>> begin() {
    const bool again = std::exchange(started_, true);
    if (!client_ || again || !detail::may_begin_here(*client_))
      return refuse(detail::not_startable(client_ != nullptr, again));
    return perform(client_, request_, stops_, delivery_);  // found by argument-dependent lookup
  }
  static task<result<T>> refuse(error why) { co_return std::unexpected(std::move(why)); }

  /// Moves this operation into a new one, which starts in its place. From now on this operation
  /// counts as started.
  operation start_elsewhere() {
    operation other(client_, std::move(request_), std::move(delivery_));
    other.stops_ = std::move(stops_);
    other.started_ = std::exchange(started_, true);
    return other;
  }

  template <class U, class... Status>
  static task<std::conditional_t<Mode == on_error::throws, U, result<U>>> convert(
      operation self, Status... status) {
    auto answered = co_await std::move(self);
    if constexpr (Mode == on_error::throws) {
      co_return answered.template as<U>(status...);
    } else {
      if (!answered) co_return pass(std::move(answered));
      co_return answered->template try_as<U>(status...);
    }
  }

  static task<value_type> as_task(operation self) { co_return co_await std::move(self); }

  std::shared_ptr<detail::client_state> client_;
  request request_;
  detail::operation_stops stops_;
  [[no_unique_address]] detail::delivery<T> delivery_;
  bool started_ = false;
};

}  // namespace cohttps
