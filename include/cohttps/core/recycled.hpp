// Strings and vectors whose memory serves the next one: a running program allocates none for them.
#pragma once

#include <cohttps/core/recycler.hpp>

#include <cstddef>
#include <utility>

namespace cohttps {

/// A `Container` that takes the memory of an earlier one of this thread when it is told how much it
/// will hold, and leaves its own behind at its end. Only small ones do, and only so many; none
/// under a sanitizer, as in `recycler`.
template <class Container>
class recycled : public Container {
 public:
  recycled() = default;
  recycled(const recycled& other) : Container() { assign_all(other); }
  recycled(recycled&& other) noexcept : Container(static_cast<Container&&>(other)) {}
  recycled& operator=(const recycled& other) {
    if (this != &other) assign_all(other);
    return *this;
  }
  recycled& operator=(recycled&& other) noexcept {
    this->swap(other);
    return *this;
  }
  ~recycled() {
    if (is_worth_keeping()) spares::give(*this);
  }
  using Container::operator=;

  /// Before the first element: where the memory comes from is decided here.
  void reserve(std::size_t size) {
    if (size <= this->capacity()) return;
    if (this->empty() && size <= most) spares::take(*this);
    Container::reserve(size);
  }

 private:
  static constexpr std::size_t most = 4096 / sizeof(typename Container::value_type);
  // Fewer characters stand in the string itself.
  static constexpr std::size_t least = 16 / sizeof(typename Container::value_type);

  bool is_worth_keeping() const noexcept {
    return recycler::recycles && this->capacity() >= least && this->capacity() <= most;
  }
  void assign_all(const Container& other) {
    this->clear();
    reserve(other.size());
    this->insert(this->end(), other.begin(), other.end());
  }

  /// Of a thread.
  class spares {
   public:
    static void take(Container& into) noexcept {
      if (count_ > 0) into = std::move(of_thread()[--count_]);
    }
    static void give(Container& from) noexcept {
      if (count_ == room || closed_) return;
      from.clear();
      of_thread()[count_++] = std::move(from);
    }

   private:
    static constexpr std::size_t room = 256;

    struct store {
      Container all[room];
      ~store() { closed_ = true, count_ = 0; }
      Container& operator[](std::size_t i) noexcept { return all[i]; }
    };
    static store& of_thread() noexcept {
      thread_local store mine;
      return mine;
    }

    // Without destructors, so that they can be asked at any time of a thread's end.
    static inline constinit thread_local std::size_t count_ = 0;
    static inline constinit thread_local bool closed_ = false;
  };
};

}  // namespace cohttps
