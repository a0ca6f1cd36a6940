// What is asked for.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
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

namespace cohttps {

/// A request that owns its parts.
struct request {
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
  stop_token race = {};         ///< until there is a response or, of a stream, its head
  std::stop_token remote = {};  ///< of any thread
};

}  // namespace cohttps
