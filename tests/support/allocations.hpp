// Counts heap allocations: include it in one source file of a program, whose operator new and
// delete it replaces.
#pragma once

#include "allocation_count.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace allocations {

inline void* allocate(std::size_t size, std::size_t alignment) {
  ++made;
  if (until_failure >= 0 && until_failure-- == 0) throw std::bad_alloc();
  if (size == 0) size = 1;
  void* memory =
      alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace allocations

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COHTTPS_TEST_COUNTS_BY_HOOK 1
#endif
#endif

#if defined(COHTTPS_TEST_COUNTS_BY_HOOK)
// ThreadSanitizer's runtime has operators of its own, which cannot be replaced.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));
namespace allocations {
inline const int hooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++made; }, [](const volatile void*) {});
}  // namespace allocations
#else
// The other forms of new and delete call these. Not inline: the standard forbids it, and GCC 12
// would warn of a mismatch between the two.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocations::allocate(size, 1); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocations::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif
