// A limit of time for anything that can be stopped.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

namespace cohttps {

/// Awaits `op` for `limit` at most, and throws `error` (timeout, "with_timeout") after that. `op`
/// is stopped then and waited for: an operation of a client, a sleep, or a function that takes a
/// `stop_token` and gives an awaitable.
/// ```
/// auto both = [&](stop_token stop) -> task<int> { ... };
/// int n = co_await with_timeout(client.transport(), 2s, both);
/// ```
template <transport Transport, detail::racer Op>
auto with_timeout(Transport over, std::chrono::nanoseconds limit, Op op)
    -> task<std::remove_cvref_t<
        decltype(std::get<0>(std::declval<std::variant<detail::race_result_t<Op>, bool>&>()))>> {
  auto first = co_await when_any(std::move(op), sleep_for(std::move(over), limit));
  if (first.index() == 1)
    throw error(error_category::timeout, "with_timeout", "the limit of with_timeout has passed");
  co_return std::get<0>(std::move(first));
}

}  // namespace cohttps
