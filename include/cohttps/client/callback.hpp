// A function object among a call's options.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

namespace cohttps {

/// Looks at a function object that the call copies, a lambda in place for one. A view, as all
/// options of a request are: see docs/decisions/002-options-are-views.md.
template <class Signature>
class callback;

template <class R, class... Arguments>
class callback<R(Arguments...)> {
 public:
  using function = std::function<R(Arguments...)>;

  callback() = default;
  template <class F>
    requires(!std::same_as<F, callback>) && std::copy_constructible<F> &&
                std::is_invocable_r_v<R, F&, Arguments...>
  callback(const F& f) noexcept
      : f_(&f), copy_([](const void* of) { return function(*static_cast<const F*>(of)); }) {}

  /// Empty where there is none.
  function copy() const { return copy_ ? copy_(f_) : function(); }

 private:
  const void* f_ = nullptr;
  function (*copy_)(const void*) = nullptr;
};

}  // namespace cohttps
