// The error of an operation that could not allocate memory.
#pragma once

#include <cohttps/core/error.hpp>

namespace cohttps {

/// Always returns the same object. The first call allocates it; later calls need no memory.
[[gnu::cold]] inline const error& out_of_memory() {
  static const error made(error_category::limit, "out_of_memory",
                          "the connection ran out of memory");
  return made;
}

}  // namespace cohttps
