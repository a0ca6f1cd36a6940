// A bug of GCC before 13 that programs with coroutines meet.
#pragma once

#include <type_traits>

/// True where the compiler may destroy a temporary object of a `co_await` statement twice: one made
/// by braces, such as an aggregate or a lambda with captures inside of other braces, and one of a
/// conditional expression (GCC bugs 99576, 100611, 101976; mended in GCC 13).
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE 1
#else
#define COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE 0
#endif

namespace cohttps::detail {

/// Whether a temporary `T` may stand in a `co_await` statement.
template <class T>
inline constexpr bool survives_as_temporary =
    !COHTTPS_GCC_DESTROYS_TEMPORARIES_TWICE || std::is_trivially_destructible_v<T>;

}  // namespace cohttps::detail
