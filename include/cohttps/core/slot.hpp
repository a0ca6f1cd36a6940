// Storage for a value that is set later.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace cohttps::detail {

/// Similar to `std::optional`, but with fewer operations: fill, test, read and empty. A program
/// compiles a sixth of the functions for it.
template <class T>
class slot {
 public:
  slot() noexcept {}
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;
  ~slot() { reset(); }

  template <class... Arguments>
  T& emplace(Arguments&&... arguments) {
    reset();
    if constexpr (std::is_arithmetic_v<T>)
      // This cast avoids a conversion warning about `co_return 0` in a `task<std::size_t>`.
      ::new (static_cast<void*>(&value_)) T(static_cast<T>(arguments)...);
    else
      ::new (static_cast<void*>(&value_)) T(static_cast<Arguments&&>(arguments)...);
    full_ = true;
    return value_;
  }
  void reset() noexcept {
    if (!full_) return;
    full_ = false;
    value_.~T();
  }

  explicit operator bool() const noexcept { return full_; }
  T& operator*() noexcept { return value_; }
  const T& operator*() const noexcept { return value_; }
  T* operator->() noexcept { return &value_; }
  const T* operator->() const noexcept { return &value_; }

 private:
  union {
    T value_;
  };
  bool full_ = false;
};

}  // namespace cohttps::detail
