// How many heap allocations this program has made, for whoever does not replace operator new: see
// allocations.hpp.
#pragma once

#include <atomic>
#include <cstdint>

namespace allocations {

inline std::atomic<std::uint64_t> made{0};

/// So many allocations of this thread until one fails; negative: none does.
inline thread_local std::int64_t until_failure = -1;

/// How many the program has made until now.
inline std::uint64_t count() noexcept { return made.load(std::memory_order_relaxed); }

}  // namespace allocations
