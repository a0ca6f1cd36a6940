// A function object among a call's options.
#pragma once

#include <cohttps/task/gcc_temporaries.hpp>

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
  template <class F>
    requires(!std::same_as<F, callback>) && (!std::is_reference_v<F>) &&
            std::copy_constructible<F> && std::is_invocable_r_v<R, F&, Arguments...>
  callback(F&& f) noexcept : callback(static_cast<const F&>(f)) {
    static_assert(detail::survives_as_temporary<F>,
                  "GCC before 13 destroys this function object twice. Give it a name before the "
                  "co_await: auto on_progress = [copy](...) {...}; co_await client.get(url, "
                  "{.on_progress = on_progress}); or let it capture by reference");
  }

  /// Empty where there is none.
  function copy() const { return copy_ ? copy_(f_) : function(); }

 private:
  const void* f_ = nullptr;
  function (*copy_)(const void*) = nullptr;
};

}  // namespace cohttps
