// Memory for what does not live long: kept and handed out again, so a running program allocates
// none.
#pragma once

#include <bit>
#include <cstddef>
#include <new>

namespace cohttps {

/// Free lists of a thread: one for each multiple of 64 bytes up to 4 KiB, where coroutine frames
/// are, one for each power of two from there to 128 KiB, where buffers are, with 64 bytes more for
/// the headers of what is a power of two itself. Two megabytes in all are kept; what is larger
/// comes from the heap. A block freed on another thread stays there, which costs reuse but is
/// correct.
class recycler {
 public:
  /// False under a sanitizer, which sees the use of a block after its end only when the block has
  /// left.
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

  /// With the size that was asked for.
  static void deallocate(void* memory, std::size_t size) noexcept {
    if constexpr (!recycles) return ::operator delete(memory);
    const std::size_t c = size_class(size);
    if (c >= classes || mine_.kept + size_of(c) > most_kept) [[unlikely]]
      return ::operator delete(memory);
    // A thread gives back all blocks that it keeps when it ends, also those that others took.
    if (!mine_.ends) [[unlikely]]
      give_back_at_end();
    mine_.free[c] = ::new (memory) block{mine_.free[c]};
    mine_.kept += size_of(c);
  }

  /// How many blocks of this thread came from the heap; not counted under a sanitizer, where all
  /// do.
  static std::size_t allocated() noexcept { return mine_.allocated; }

 private:
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t fine_classes = 64;  // up to 4 KiB
  static constexpr std::size_t classes = fine_classes + 5;
  static constexpr std::size_t most_kept = std::size_t{2} << 20;

  struct block {
    block* next;
  };
  // Without a destructor or a constructor that runs: reached by one load, at any time of a thread's
  // end.
  struct lists {
    block* free[classes] = {};
    std::size_t kept = 0;  // bytes
    std::size_t allocated = 0;
    bool ends = false;  // they are given back at the end of the thread
  };
  struct end_of_thread {
    ~end_of_thread() {
      mine_.kept = most_kept;  // a frame may still be freed by a later thread_local's destructor
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

/// A base for promises, which takes their coroutine's frame from the recycler.
struct recycled_frame {
  static void* operator new(std::size_t size) { return recycler::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    recycler::deallocate(memory, size);
  }
};

}  // namespace cohttps
