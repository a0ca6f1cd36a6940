// Definitions for request.hpp.
#pragma once

#include <cohttps/client/request.hpp>

namespace cohttps {

COHTTPS_DEF request request::to(const cohttps::method& verb, std::string_view url) {
  return {verb, cohttps::url::parse(url)};
}

COHTTPS_DEF request request::without_content() const {
  request copy{method, url};
  copy.headers = headers;
  copy.timeout = timeout;
  copy.max_redirects = max_redirects;
  copy.max_content = max_content;
  copy.minimum_rate = minimum_rate;
  copy.priority = priority;
  copy.credentials = credentials;
  copy.on_interim = on_interim;
  copy.on_progress = on_progress;
  copy.trailers = trailers;
  copy.stop = stop;
  copy.observers = observers;
  return copy;
}

}  // namespace cohttps
