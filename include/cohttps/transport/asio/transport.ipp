// Definitions for transport.hpp.
#pragma once

#include <cohttps/transport/asio/transport.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF asio::io_context*& current_context() noexcept {
  thread_local asio::io_context* context = nullptr;
  return context;
}

COHTTPS_DEF asio::any_io_executor executor_of(any_transport& over) {
  if (const auto* on = over.target<asio_transport>()) return on->get_executor();
  if (const auto* on = over.target<asio_strand_transport>()) return on->get_executor();
  throw error(error_category::usage, "not_on_asio",
              "a completion token needs a client on an asio_transport or an "
              "asio_strand_transport; co_await the operation");
}

}  // namespace detail

COHTTPS_DEF bool asio_transport::running_in_this_thread() const noexcept {
  return get_executor().running_in_this_thread() || detail::current_context() == &context();
}

COHTTPS_DEF asio_transport asio_transport::current() {
  if (asio::io_context* running = detail::current_context()) return asio_transport(*running);
  throw error(error_category::usage, "no_event_loop",
              "there is no event loop here: call this inside cohttps::run(), or construct the "
              "client with cohttps::asio_transport(io_context)");
}

}  // namespace cohttps
