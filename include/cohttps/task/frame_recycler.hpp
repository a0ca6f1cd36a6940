// Memory for coroutine frames: kept and handed out again, so a running program allocates none.
#pragma once

#include <cstddef>
#include <new>

namespace cohttps {

/// Free lists of a thread, one for each multiple of 64 bytes up to 4 KiB; larger frames go to the
/// heap. A frame freed on another thread stays there, which costs reuse but is correct.
class frame_recycler {
 public:
  /// False under a sanitizer, which sees the use of a frame after its end only when the frame has
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
    lists& mine = here();
    if (c >= classes) return ++mine.allocated, ::operator new(size);
    if (block* b = mine.free[c]) {
      mine.free[c] = b->next;
      --mine.count[c];
      return b;
    }
    ++mine.allocated;
    return ::operator new((c + 1) * granule);
  }

  static void deallocate(void* memory, std::size_t size) noexcept {
    if constexpr (!recycles) return ::operator delete(memory);
    const std::size_t c = size_class(size);
    lists& mine = here();
    if (c >= classes || mine.count[c] >= kept || mine.closed) return ::operator delete(memory);
    mine.free[c] = ::new (memory) block{mine.free[c]};
    ++mine.count[c];
  }

  /// How many frames of this thread came from the heap; not counted under a sanitizer, where all
  /// do.
  static std::size_t allocated() noexcept { return here().allocated; }

 private:
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t classes = 64;
  static constexpr std::size_t kept = 256;  // frames of one size: at most 256 concurrent operations

  struct block {
    block* next;
  };
  struct lists {
    block* free[classes] = {};
    std::size_t count[classes] = {};
    std::size_t allocated = 0;
    bool closed = false;
    ~lists() {
      closed = true;  // a frame may still be freed by a later thread_local's destructor
      for (block*& head : free)
        while (block* b = head) {
          head = b->next;
          ::operator delete(b);
        }
    }
  };

  static constexpr std::size_t size_class(std::size_t size) noexcept {
    return (size - 1) / granule;
  }

  static lists& here() noexcept {
    thread_local lists mine;
    return mine;
  }
};

/// A base for promises, which takes their coroutine's frame from the recycler.
struct recycled_frame {
  static void* operator new(std::size_t size) { return frame_recycler::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    frame_recycler::deallocate(memory, size);
  }
};

}  // namespace cohttps
