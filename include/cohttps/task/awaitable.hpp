// Concepts for types that can be awaited. They also check the type of the result.
#pragma once

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace cohttps {

namespace detail {

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };

template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

/// Returns the awaiter of an awaitable by the rules of the language.
template <class A>
decltype(auto) get_awaiter(A&& a) {
  if constexpr (has_member_co_await<A>)
    return std::forward<A>(a).operator co_await();
  else if constexpr (has_free_co_await<A>)
    return operator co_await(std::forward<A>(a));
  else
    return std::forward<A>(a);
}

template <class T>
concept await_suspend_result =
    std::is_void_v<T> || std::same_as<T, bool> || std::convertible_to<T, std::coroutine_handle<>>;

template <class A>
concept awaiter = requires(A& a, std::coroutine_handle<> h) {
  { a.await_ready() } -> std::convertible_to<bool>;
  { a.await_suspend(h) } -> await_suspend_result;
  a.await_resume();
};

template <class A>
using awaiter_t = std::remove_reference_t<decltype(get_awaiter(std::declval<A>()))>;

}  // namespace detail

/// A type that any coroutine can await.
template <class A>
concept awaitable = detail::awaiter<detail::awaiter_t<A>>;

/// The type of the result of `co_await` on an `A`.
template <awaitable A>
using await_result_t = decltype(std::declval<detail::awaiter_t<A>&>().await_resume());

/// An awaitable whose result is exactly `T`.
template <class A, class T>
concept awaitable_of = awaitable<A> && std::same_as<await_result_t<A>, T>;

}  // namespace cohttps
