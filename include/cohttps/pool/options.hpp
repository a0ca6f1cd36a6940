// How many connections are kept, and for how long.
#pragma once

#include <chrono>
#include <cstddef>

namespace cohttps::pool {

struct options {
  std::size_t idle_per_host = 8;  ///< the oldest goes first
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
};

}  // namespace cohttps::pool
