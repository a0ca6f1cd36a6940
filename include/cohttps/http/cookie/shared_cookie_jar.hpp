// A cookie jar that several clients and threads can use at the same time.
#pragma once

#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/http/cookie/cookie_store.hpp>

#include <mutex>
#include <string>
#include <utility>

namespace cohttps {

/// A `cookie_jar` with a lock. Any thread may call all functions.
class shared_cookie_jar final : public cookie_store {
 public:
  shared_cookie_jar() = default;
  explicit shared_cookie_jar(cookie_jar jar) : jar_(std::move(jar)) {}

  /// Calls `f(jar)` under the lock, for all other uses of the jar. `f` must not keep a reference
  /// into the jar.
  template <class F>
  auto with(F&& f) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(f)(jar_);
  }

  void store_all(const url& from, const fields& headers, time_point now) override {
    with([&](cookie_jar& jar) { jar.store_all(from, headers, now); });
  }
  std::string cookie_header(const url& to, time_point now,
                            cookie_context context = cookie_context::same_site) override {
    return with([&](cookie_jar& jar) { return jar.cookie_header(to, now, context); });
  }

 private:
  std::mutex mutex_;
  cookie_jar jar_;
};

}  // namespace cohttps
