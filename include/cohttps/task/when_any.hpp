// Runs operations at the same time, keeps the first result and stops the others.
#pragma once

#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace cohttps {

/// An awaitable that can be stopped. The client's functions and `sleep_for` return such awaitables.
template <class A>
concept stoppable = requires(A&& a, stop_token stop) {
  { std::forward<A>(a).with_stop(stop) } -> awaitable;
};

/// A function that makes an awaitable, which obeys the token that the function gets.
template <class F>
concept stoppable_factory = requires(F& f, stop_token stop) {
  { f(stop) } -> awaitable;
};

namespace detail {

template <class Op>
auto start_racing(Op& op, stop_token stop) {
  if constexpr (stoppable_factory<Op>)
    return op(stop);
  else
    return std::move(op).with_stop(stop);
}

template <class Op>
concept racer = stoppable<Op> || stoppable_factory<Op>;

// A constrained class, because Clang forms a function's type before it checks its constraints.
template <racer Op>
struct race_result {
  using type =
      value_or_monostate<await_result_t<decltype(start_racing(std::declval<Op&>(), stop_token()))>>;
};
template <class Op>
using race_result_t = typename race_result<Op>::type;

template <class Variant>
struct race {
  stop_source losers;
  std::optional<Variant> first;
  std::exception_ptr failure;

  bool decided() const noexcept { return first || failure; }
};

template <std::size_t I, class Variant, class Op>
task<void> run_in_race(race<Variant>& r, Op op) {
  try {
    using awaited = decltype(start_racing(op, stop_token()));
    if constexpr (std::is_void_v<await_result_t<awaited>>) {
      co_await start_racing(op, r.losers);
      if (!r.decided()) r.first.emplace(std::in_place_index<I>);
    } else {
      auto value = co_await start_racing(op, r.losers);
      if (!r.decided()) r.first.emplace(std::in_place_index<I>, std::move(value));
    }
  } catch (...) {
    if (!r.decided()) r.failure = std::current_exception();
  }
  r.losers.request_stop();
}

template <std::size_t... I, class Variant, class... Ops>
auto run_race(std::index_sequence<I...>, race<Variant>& r, Ops&... ops) {
  return when_all(run_in_race<I>(r, std::move(ops))...);
}

}  // namespace detail

/// Races `ops`. Each is a `stoppable` awaitable or a `stoppable_factory`. The first one that ends
/// decides. If it returns a value, this is the variant's alternative at its index (`std::monostate`
/// for `void`). If it throws, `when_any` throws the same exception. `when_any` stops the others and
/// waits for them, so nothing outlives the call.
template <detail::racer... Ops>
task<std::variant<detail::race_result_t<Ops>...>> when_any(stop_token stop, Ops... ops) {
  detail::race<std::variant<detail::race_result_t<Ops>...>> r;
  stop_callback link(stop, [&] { r.losers.request_stop(stop.reason()); });
  co_await detail::run_race(std::index_sequence_for<Ops...>(), r, ops...);
  if (r.failure) std::rethrow_exception(r.failure);
  co_return std::move(*r.first);
}

/// Does the same, but cannot be stopped from outside.
template <detail::racer... Ops>
task<std::variant<detail::race_result_t<Ops>...>> when_any(Ops... ops) {
  return when_any(stop_token(), std::move(ops)...);
}

}  // namespace cohttps
