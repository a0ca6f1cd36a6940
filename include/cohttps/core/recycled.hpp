// Strings and vectors that pass their memory on to later ones, so that a running program does not
// allocate memory for them.
#pragma once

#include <cohttps/core/recycler.hpp>

#include <cstddef>
#include <utility>

namespace cohttps {

/// A `Container` that reuses memory within its thread. `reserve` takes the memory of an object that
/// was destroyed before, and the destructor keeps the memory for a later object. Only small
/// containers do this, and a thread keeps a limited number of them. Under a sanitizer none are kept
/// (see `recycler`).
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

  /// Call it before the first element is added: only an empty container can take kept memory.
  void reserve(std::size_t size) {
    if (size <= this->capacity()) return;
    if (this->empty() && size <= most) spares::take(*this);
    Container::reserve(size);
  }

 private:
  static constexpr std::size_t most = 4096 / sizeof(typename Container::value_type);
  // A string with fewer characters stores them inside the object, without allocated memory.
  static constexpr std::size_t least = 16 / sizeof(typename Container::value_type);

  bool is_worth_keeping() const noexcept {
    return recycler::recycles && this->capacity() >= least && this->capacity() <= most;
  }
  void assign_all(const Container& other) {
    this->clear();
    reserve(other.size());
    this->insert(this->end(), other.begin(), other.end());
  }

  /// The containers that one thread keeps.
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

    // These variables have no destructors. Other destructors can therefore use them at any time
    // while the thread ends.
    static inline constinit thread_local std::size_t count_ = 0;
    static inline constinit thread_local bool closed_ = false;
  };
};

}  // namespace cohttps
