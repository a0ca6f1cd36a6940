// Definitions for run.hpp.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/run.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <utility>

namespace cohttps::detail {

COHTTPS_DEF void run_on_new_loop(run_root root) {
  asio::io_context*& current = current_context();
  if (current)
    throw error(error_category::usage, "nested_run",
                "run() was called inside run(); await the task instead");
  asio::io_context loop(1);
  struct scope {
    asio::io_context*& current;
    ~scope() { current = nullptr; }
  } scope{current};
  current = &loop;
  run_root work = std::move(root);  // destroyed before the loop, because its frames hold sockets
  run_on(loop, work);
}

COHTTPS_DEF any_transport current_transport() { return asio_transport::current(); }

}  // namespace cohttps::detail

namespace cohttps {
namespace detail {

COHTTPS_DEF run_root run_root::promise_type::get_return_object() noexcept {
  return run_root(std::coroutine_handle<promise_type>::from_promise(*this));
}

COHTTPS_DEF void run_root::start() { frame_.resume(); }

COHTTPS_DEF bool run_root::done() const noexcept { return frame_.done(); }

}  // namespace detail
}  // namespace cohttps
