// Definitions for start.hpp.
#pragma once

#include <cohttps/transport/asio/start.hpp>

namespace cohttps::detail {

COHTTPS_DEF void detached::promise_type::unhandled_exception() const noexcept { std::terminate(); }

}  // namespace cohttps::detail
