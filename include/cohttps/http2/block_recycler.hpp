// Memory for the many small blocks that come and go with each stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace cohttps::http2 {

/// Blocks of a connection, kept by size and handed out again: a hundred streams that begin and end
/// together pass what malloc keeps at hand. Not for several threads.
class block_recycler {
 public:
  block_recycler() = default;
  block_recycler(const block_recycler&) = delete;
  block_recycler& operator=(const block_recycler&) = delete;
  ~block_recycler() {
    for (header* first : free_)
      while (first) {
        header* next = first->next;
        std::free(first);
        first = next;
      }
  }

  /// Null when there is no memory, as with malloc.
  void* allocate(std::size_t size) noexcept {
    const std::size_t c = size_class(size);
    if (c < classes && free_[c]) {
      header* taken = free_[c];
      free_[c] = taken->next;
      kept_ -= (c + 1) * granule;
      taken->of = c;
      return taken + 1;
    }
    const std::size_t room = c < classes ? (c + 1) * granule : size;
    if (room > SIZE_MAX - sizeof(header)) return nullptr;
    auto* made = static_cast<header*>(std::malloc(sizeof(header) + room));
    if (!made) return nullptr;
    made->of = c < classes ? c : classes;
    return made + 1;
  }

  void deallocate(void* block) noexcept {
    if (!block) return;
    header* h = static_cast<header*>(block) - 1;
    const std::size_t c = h->of;
    if (c >= classes || kept_ >= most_kept) return std::free(h);
    kept_ += (c + 1) * granule;
    h->next = free_[c];
    free_[c] = h;
  }

  /// Keeps the content, as realloc does.
  void* reallocate(void* block, std::size_t size) noexcept {
    if (!block) return allocate(size);
    header* h = static_cast<header*>(block) - 1;
    if (h->of >= classes) {
      if (size > SIZE_MAX - sizeof(header)) return nullptr;
      auto* grown = static_cast<header*>(std::realloc(h, sizeof(header) + size));
      return grown ? grown + 1 : nullptr;
    }
    const std::size_t room = (h->of + 1) * granule;
    if (size <= room) return block;
    void* grown = allocate(size);
    if (!grown) return nullptr;
    std::memcpy(grown, block, room);
    deallocate(block);
    return grown;
  }

  /// Bytes in blocks that wait to be used again.
  std::size_t kept() const noexcept { return kept_; }

 private:
  // In front of each block.
  union alignas(std::max_align_t) header {
    std::size_t of;  // its class; `classes` for one that is not kept
    header* next;    // while it is
  };

  static constexpr std::size_t granule = 64;
  static constexpr std::size_t classes = 16;
  static constexpr std::size_t most_kept = 128 * 1024;

  static constexpr std::size_t size_class(std::size_t size) noexcept {
    return size == 0 ? 0 : (size - 1) / granule;
  }

  std::array<header*, classes> free_{};
  std::size_t kept_ = 0;
};

}  // namespace cohttps::http2
