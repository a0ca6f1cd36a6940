// A cookie jar that several clients and threads use at once.
#pragma once

#include <cohttps/core/separate.hpp>
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

  COHTTPS_DECL void store_all(const url& from, const fields& headers, cookie_jar::time_point now);
  COHTTPS_DECL std::string cookie_header(const url& to, cookie_jar::time_point now,
                                         cookie_context context = cookie_context::same_site);

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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/shared_cookie_jar.ipp>
#endif
