// How many connections are kept, and for how long.
#pragma once

#include <chrono>
#include <cstddef>

namespace cohttps::pool {

/// Of connections that wait for another request. The oldest goes first.
struct options {
  std::size_t idle_per_host = 8;
  std::size_t idle = 64;
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
};

}  // namespace cohttps::pool
