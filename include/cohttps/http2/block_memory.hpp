// Gives the recycler an interface like malloc's, whose function that frees a block gets no size.
#pragma once

#include <cohttps/core/recycler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace cohttps::http2::block_memory {

namespace detail {

// Stands before each block.
struct alignas(std::max_align_t) header {
  std::size_t size;  // size of the block after this header
};

}  // namespace detail

/// Returns null if there is no memory.
inline void* allocate(std::size_t size) noexcept {
  using detail::header;
  if (size > SIZE_MAX / 2) return nullptr;
  try {
    return ::new (recycler::allocate(sizeof(header) + size)) header{size} + 1;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

inline void deallocate(void* block) noexcept {
  if (!block) return;
  auto* h = static_cast<detail::header*>(block) - 1;
  recycler::deallocate(h, sizeof(*h) + h->size);
}

/// Allocates `count` zeroed objects of `size` bytes.
inline void* allocate_zeroed(std::size_t count, std::size_t size) noexcept {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* block = allocate(count * size);
  return block ? std::memset(block, 0, count * size) : nullptr;
}

/// Moves a block to one of `size` bytes, with as much of its content as fits.
inline void* reallocate(void* block, std::size_t size) noexcept {
  if (!block) return allocate(size);
  const std::size_t had = (static_cast<detail::header*>(block) - 1)->size;
  void* moved = allocate(size);
  if (!moved) return nullptr;
  std::memcpy(moved, block, std::min(had, size));
  deallocate(block);
  return moved;
}

}  // namespace cohttps::http2::block_memory
