// Definitions for run.hpp.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/run.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <memory>
#include <utility>

namespace cohttps::detail {

/// The loop for clients that this thread makes outside of `run`. It lives as long as one of them.
template <class = void>
std::weak_ptr<asio::io_context>& loop_of_clients() noexcept {
  thread_local std::weak_ptr<asio::io_context> loop;
  return loop;
}

template <class = void>
void run_on_current(asio::io_context& loop, run_root root) {
  asio::io_context*& current = current_context();
  if (current)
    throw error(error_category::usage, "nested_run",
                "run() was called inside run(); await the task instead");
  struct scope {
    asio::io_context*& current;
    ~scope() { current = nullptr; }
  } scope{current};
  current = &loop;
  if (loop.stopped()) loop.restart();
  run_root work = std::move(root);  // destroyed before the loop, because its frames hold sockets
  run_on(loop, work);
}

COHTTPS_DEF void run_on_this_thread(run_root root) {
  if (const auto loop = loop_of_clients().lock()) return run_on_current(*loop, std::move(root));
  asio::io_context loop(1);
  run_on_current(loop, std::move(root));
}

COHTTPS_DEF void run_on_loop_of(any_transport over, run_root root) {
  const auto* on_asio = over.target<asio_transport>();
  if (!on_asio)
    throw error(error_category::usage, "not_on_asio",
                "run() needs a client on an asio_transport; co_await the operation instead");
  run_on_current(on_asio->context(), std::move(root));
}

COHTTPS_DEF any_transport current_transport() { return asio_transport::current(); }

COHTTPS_DEF owned_transport transport_of_new_client() {
  if (current_context()) return {current_transport(), nullptr};
  std::shared_ptr<asio::io_context> loop = loop_of_clients().lock();
  if (!loop) loop_of_clients() = loop = std::make_shared<asio::io_context>(1);
  return {asio_transport(*loop), loop};
}

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
