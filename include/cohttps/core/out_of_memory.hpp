// The error of an operation that found no memory.
#pragma once

#include <cohttps/core/error.hpp>

namespace cohttps {

/// The same one each time, as it is needed where nothing can be made: called once beforehand, it
/// allocates nothing.
[[gnu::cold]] inline const error& out_of_memory() {
  static const error made(error_category::limit, "out_of_memory",
                          "there was no memory for what the peer sent");
  return made;
}

}  // namespace cohttps
