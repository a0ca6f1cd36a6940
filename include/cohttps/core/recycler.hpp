// Keeps the memory of short-lived objects and hands it out again, so that a running program does
// not allocate.
#pragma once

#include <bit>
#include <cstddef>
#include <new>

namespace cohttps {

/// The free lists of a thread. Blocks up to 4 KiB, which hold coroutine frames, have one list for
/// each multiple of 64 bytes. Blocks up to 128 KiB, which hold buffers, have one list for each
/// power of two. These larger blocks have 64 additional bytes, so that an object whose size is a
/// power of two fits together with a header. A thread keeps at most two megabytes. Larger blocks
/// always come from the heap. If another thread frees a block, the block stays with that thread;
/// this is correct, but reduces reuse.
class recycler {
 public:
  /// False under a sanitizer. A sanitizer detects the use of a freed block only if the block went
  /// back to the heap.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool recycles = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  static constexpr bool recycles = false;
#else
  static constexpr bool recycles = true;
#endif
#else
  static constexpr bool recycles = true;
#endif

  /// Returns `size` bytes, from those that were given back if there are any.
  static void* allocate(std::size_t size) {
    if constexpr (!recycles) return ::operator new(size);
    const std::size_t c = size_class(size);
    if (c >= classes) [[unlikely]]
      return ++mine_.allocated, ::operator new(size);
    block* b = mine_.free[c];
    if (!b) [[unlikely]]
      return from_heap(size_of(c));
    mine_.free[c] = b->next;
    mine_.kept -= size_of(c);
    return b;
  }

  /// `size` is the size that was passed to `allocate`.
  static void deallocate(void* memory, std::size_t size) noexcept {
    if constexpr (!recycles) return ::operator delete(memory);
    const std::size_t c = size_class(size);
    if (c >= classes || mine_.kept + size_of(c) > most_kept) [[unlikely]]
      return ::operator delete(memory);
    // When a thread ends, it gives back all blocks that it keeps, also those that another thread
    // allocated.
    if (!mine_.ends) [[unlikely]]
      give_back_at_end();
    mine_.free[c] = ::new (memory) block{mine_.free[c]};
    mine_.kept += size_of(c);
  }

  /// Returns how many blocks this thread took from the heap. Under a sanitizer all blocks come from
  /// the heap, and the function does not count them.
  static std::size_t allocated() noexcept { return mine_.allocated; }

 private:
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t fine_classes = 64;  // up to 4 KiB
  static constexpr std::size_t classes = fine_classes + 5;
  static constexpr std::size_t most_kept = std::size_t{2} << 20;

  struct block {
    block* next;
  };
  // Has no destructor, and no constructor that runs. One load therefore reaches the lists, at any
  // time while the thread ends.
  struct lists {
    block* free[classes] = {};
    std::size_t kept = 0;  // bytes
    std::size_t allocated = 0;
    bool ends = false;  // the end of the thread gives the blocks back
  };
  struct end_of_thread {
    ~end_of_thread() {
      mine_.kept = most_kept;  // a later thread_local's destructor may still free a frame
      for (block*& head : mine_.free)
        while (block* b = head) {
          head = b->next;
          ::operator delete(b);
        }
    }
  };

  [[gnu::cold, gnu::noinline]] static void* from_heap(std::size_t size) {
    ++mine_.allocated;
    return ::operator new(size);
  }
  [[gnu::cold, gnu::noinline]] static void give_back_at_end() noexcept {
    thread_local const end_of_thread cleaned;
    (void)&cleaned;
    mine_.ends = true;
  }

  static constexpr std::size_t size_class(std::size_t size) noexcept {
    const std::size_t fine = (size - 1) / granule;
    if (fine < fine_classes) [[likely]]
      return fine;
    const std::size_t coarse = (fine - 1) / fine_classes;
    return fine_classes + (coarse ? static_cast<std::size_t>(std::bit_width(coarse)) - 1 : 0);
  }
  static constexpr std::size_t size_of(std::size_t c) noexcept {
    return c < fine_classes ? (c + 1) * granule
                            : ((fine_classes * granule) << (c - fine_classes + 1)) + granule;
  }

  static constinit thread_local lists mine_;
};

inline constinit thread_local recycler::lists recycler::mine_ = {};

/// A base class for promise types. It takes the coroutine's frame from `recycler`.
struct recycled_frame {
  static void* operator new(std::size_t size) { return recycler::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    recycler::deallocate(memory, size);
  }
};

}  // namespace cohttps
