// Definitions for shared_cookie_jar.hpp.
#pragma once

#include <cohttps/http/shared_cookie_jar.hpp>

namespace cohttps {

COHTTPS_DEF void shared_cookie_jar::store_all(const url& from, const fields& headers,
                                              cookie_jar::time_point now) {
  const std::lock_guard lock(mutex_);
  jar_.store_all(from, headers, now);
}

COHTTPS_DEF std::string shared_cookie_jar::cookie_header(const url& to, cookie_jar::time_point now,
                                                         cookie_context context) {
  const std::lock_guard lock(mutex_);
  return jar_.cookie_header(to, now, context);
}

}  // namespace cohttps
