// A request that owns its parts.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/priority.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace cohttps {

/// A request that owns its parts. The caller makes it step by step and sends it with
/// `client::send`:
/// ```
/// auto order = cohttps::request::to(method::post, "https://example.com/orders");
/// order.content = cohttps::content::of(cart);
/// auto response = co_await client.send(std::move(order));
/// ```
struct request {
  /// Makes a request without fields and content. If `url` is invalid, the request fails when it is
  /// sent.
  COHTTPS_DECL static request to(const cohttps::method& verb, std::string_view url);

  /// Returns a copy without the content, because content cannot be copied.
  COHTTPS_DECL request without_content() const;

  cohttps::method method;
  result<cohttps::url> url;  ///< with an error here, the request fails when it is sent
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
  /// Stops the operation, which then fails with category `canceled`.
  stop_token stop = {};
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/request.ipp>
#endif
