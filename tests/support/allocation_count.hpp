// How many heap allocations a thread has made, for whoever does not replace operator new: see
// allocations.hpp.
#pragma once

#include <cstdint>

namespace allocations {

/// Allocations of this thread: other ones, of a resolver or of an earlier test, do not count.
inline thread_local std::uint64_t made = 0;

/// So many allocations of this thread until one fails; negative: none does.
inline thread_local std::int64_t until_failure = -1;

/// How many this thread has made until now.
inline std::uint64_t count() noexcept { return made; }

}  // namespace allocations
