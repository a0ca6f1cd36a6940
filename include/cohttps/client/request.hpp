// What is asked for.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/stop_tokens.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/priority.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cohttps {

/// A request that owns its parts.
struct request {
  /// A copy, but for the content, of which there can be only one.
  request without_content() const {
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
    copy.save_to = save_to;
    copy.resumes = resumes;
    copy.upgrade_to = upgrade_to;
    copy.stop = stop;
    copy.race = race;
    copy.remote = remote;
    return copy;
  }

  cohttps::method method;
  result<cohttps::url> url;  ///< a URL that could not be parsed fails when the request is sent
  fields headers = {};
  cohttps::content content = {};
  std::optional<std::chrono::nanoseconds> timeout = {};
  std::optional<std::size_t> max_redirects = {};
  std::optional<std::size_t> max_content = {};
  std::optional<cohttps::minimum_rate> minimum_rate = {};
  std::optional<cohttps::priority> priority = {};
  cohttps::credentials credentials = {};
  std::function<void(const response_head&)> on_interim = {};
  std::function<void(const progress&)> on_progress = {};
  std::function<fields()> trailers = {};
  std::string save_to = {};     ///< the file of a download
  bool resumes = false;         ///< it goes on where an earlier one ended
  std::string upgrade_to = {};  ///< a protocol to switch to; whoever asks wants nothing else
  stop_token stop = {};         ///< the caller's
  stop_tokens race = {};        ///< until there is a response or, of a stream, its head
  std::vector<std::stop_token> remote = {};  ///< of any thread
};

}  // namespace cohttps
