// Includes the whole library: the client, tasks, and the loop that runs them.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/slot.hpp>
#include <cohttps/run.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <utility>

namespace cohttps {

/// Runs a call on the loop of its client until it has its result. Returns the result, or throws its
/// `error`:
/// ```
/// cohttps::client client;
/// auto response = cohttps::run(client.get("https://example.com/"));
/// ```
/// Throws `error` (usage): "nested_run" inside `run`; "not_on_asio" if the client has another
/// transport than `asio_transport`.
template <class T, on_error Mode>
typename operation<T, Mode>::value_type run(operation<T, Mode> call) {
  using value_type = typename operation<T, Mode>::value_type;
  any_transport over = call.transport();
  detail::slot<value_type> value;
  auto work = [](operation<T, Mode> self) -> task<value_type> {
    co_return co_await std::move(self);
  };
  detail::run_on_loop_of(std::move(over), detail::make_run_root(work(std::move(call)), value));
  return std::move(*value);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/cohttps.ipp>
#include <cohttps/transport/asio/transport.hpp>
#endif
