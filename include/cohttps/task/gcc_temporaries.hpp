// Detects a bug of GCC before version 13 that affects programs with coroutines.
#pragma once

#include <type_traits>

/// 1 if the compiler may destroy a temporary object in a `co_await` statement twice, else 0. The
/// bug affects objects that are made with braces, such as an aggregate, or a lambda with captures
/// inside other braces. It also affects objects in a conditional expression (GCC bugs 99576,
/// 100611, 101976; fixed in GCC 13).
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE 1
#else
#define COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE 0
#endif

namespace cohttps::detail {

/// True if a `co_await` statement may contain a temporary `T`.
template <class T>
inline constexpr bool survives_as_temporary =
    !COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE || std::is_trivially_destructible_v<T>;

}  // namespace cohttps::detail
