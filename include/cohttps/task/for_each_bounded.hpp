// Many tasks, a few at a time.
#pragma once

#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

template <class Iterator, class Sentinel, class F>
struct bounded_work {
  Iterator at;
  Sentinel end;
  F& f;
  std::exception_ptr failure = nullptr;

  task<void> run() {
    while (at != end && !failure) {
      auto&& item = *at;
      ++at;
      try {
        co_await std::invoke(f, std::forward<decltype(item)>(item));
      } catch (...) {
        if (!failure) failure = std::current_exception();
      }
    }
  }
};

}  // namespace detail

/// Awaits `f(item)` for each item of `items`, at most `limit` at the same time. After the first
/// exception no more are begun; when those that run have ended, it is thrown.
/// ```
/// co_await cohttps::for_each_bounded(urls, 8, [&](const std::string& url) -> cohttps::task<void> {
///   auto response = co_await client.get(url);
/// });
/// ```
template <std::ranges::forward_range Items, class F>
  requires awaitable<std::invoke_result_t<F&, std::ranges::range_reference_t<Items>>>
task<void> for_each_bounded(Items&& items, std::size_t limit, F f) {
  detail::bounded_work work{std::ranges::begin(items), std::ranges::end(items), f};
  std::vector<task<void>> workers;
  for (std::size_t i = 0; i < std::max<std::size_t>(limit, 1); ++i) workers.push_back(work.run());
  co_await when_all(std::move(workers));
  if (work.failure) std::rethrow_exception(work.failure);
}

}  // namespace cohttps
