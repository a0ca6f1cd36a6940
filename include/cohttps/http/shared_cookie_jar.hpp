// A cookie jar that several clients and threads use at once.
#pragma once

#include <cohttps/http/cookie_jar.hpp>

#include <mutex>
#include <string>
#include <utility>

namespace cohttps {

/// A `cookie_jar` behind a lock; all functions may be called by any thread.
class shared_cookie_jar {
 public:
  shared_cookie_jar() = default;
  explicit shared_cookie_jar(cookie_jar jar) : jar_(std::move(jar)) {}

  void store_all(const url& from, const fields& headers, cookie_jar::time_point now) {
    const std::lock_guard lock(mutex_);
    jar_.store_all(from, headers, now);
  }
  std::string cookie_header(const url& to, cookie_jar::time_point now,
                            cookie_context context = cookie_context::same_site) {
    const std::lock_guard lock(mutex_);
    return jar_.cookie_header(to, now, context);
  }

  /// Calls `f(jar)` under the lock, for everything else; `f` keeps no reference into the jar.
  template <class F>
  auto with(F&& f) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(f)(jar_);
  }

 private:
  std::mutex mutex_;
  cookie_jar jar_;
};

}  // namespace cohttps
