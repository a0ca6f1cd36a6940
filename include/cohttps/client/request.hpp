// What is asked for.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
#include <string_view>
#include <vector>

namespace cohttps {

/// A request that owns its parts, to be made step by step and sent with `client::send`:
/// ```
/// auto order = cohttps::request::to(method::post, "https://example.com/orders");
/// order.content = cohttps::content::of(cart);
/// auto response = co_await client.send(std::move(order));
/// ```
struct request {
  /// Without fields and content. A `url` that cannot be parsed fails when the request is sent.
  COHTTPS_DECL static request to(const cohttps::method& verb, std::string_view url);

  /// A copy without the content, which cannot be copied.
  COHTTPS_DECL request without_content() const;

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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/request.ipp>
#endif
