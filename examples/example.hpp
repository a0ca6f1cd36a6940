// What the short examples share: trust in a server of one's own, and the end of a program.
#pragma once

#include <cohttps/cohttps.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

namespace example {

/// The system's trust, or that in the file that the environment names with CA_FILE, such as one of
/// `server --ca-out FILE`.
inline cohttps::client_options options() {
  cohttps::client_options chosen;
  if (const char* file = std::getenv("CA_FILE"))
    chosen.tls = cohttps::tls_context({.system_roots = false, .root_file = file});
  return chosen;
}

/// Prints how a program is called; returns its exit code.
inline int usage(const char* text) {
  std::cerr << "usage: " << text << '\n';
  return 2;
}

/// Runs a program. Prints the error if it throws one, and returns its exit code.
inline int run(cohttps::task<int> program) {
  try {
    return cohttps::run(std::move(program));
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}

}  // namespace example
