// Room for a value that comes later.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace cohttps::detail {

/// As `std::optional`, but it can only be filled, asked and emptied, and costs a program a sixth of
/// the functions to compile.
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
      // `co_return 0` of a `task<std::size_t>` is no conversion to warn of.
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
