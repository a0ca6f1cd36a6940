// Definitions for transport.hpp.
#pragma once

#include <cohttps/transport/asio/transport.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF asio::io_context*& current_context() noexcept {
  thread_local asio::io_context* context = nullptr;
  return context;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF auto asio_transport::make_timer() -> timer_type { return asio_timer(*context_); }

COHTTPS_DEF asio_transport asio_transport::current() {
  if (asio::io_context* running = detail::current_context()) return asio_transport(*running);
  throw error(error_category::usage, "no_event_loop",
              "there is no event loop here: call this inside cohttps::run(), or construct the "
              "client with cohttps::asio_transport(io_context)");
}

}  // namespace cohttps
