// The version of the library, and the check that the compiler has what the library needs.
#pragma once

#include <version>

#define COHTTPS_VERSION_MAJOR 0
#define COHTTPS_VERSION_MINOR 2
#define COHTTPS_VERSION_PATCH 0
/// The same as one number, for comparisons: 10203 is 1.2.3.
#define COHTTPS_VERSION \
  (COHTTPS_VERSION_MAJOR * 10000 + COHTTPS_VERSION_MINOR * 100 + COHTTPS_VERSION_PATCH)
#define COHTTPS_VERSION_STRING "0.2.0"

#if __cplusplus < 202100L
#error "cohttps needs C++23: compile with -std=c++23"
#elif !defined(__cpp_lib_expected)
#error "cohttps needs std::expected: use the standard library of GCC 12, of LLVM 16, or a newer one"
#elif !defined(__cpp_lib_jthread)
#error "cohttps needs std::stop_token: with libc++, compile with -fexperimental-library"
#endif
