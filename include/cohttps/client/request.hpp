// A request that owns its parts.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/client/transfer_rate.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/timeouts.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/time_limit.hpp>
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

  cohttps::method method;         ///< GET, unless `to` got another one
  result<cohttps::url> url;       ///< with an error here, the request fails when it is sent
  fields headers = {};            ///< added to those of the client
  cohttps::content content = {};  ///< the content of the request
  time_limit timeout = {};        ///< for the whole operation
  std::optional<cohttps::timeouts> timeouts = {};  ///< of the phases, in place of the client's
  std::optional<std::size_t> max_redirects = {};   ///< in place of the client's
  std::optional<std::size_t> max_content = {};     ///< in bytes; in place of the client's
  /// After the head of the response has arrived.
  std::optional<cohttps::minimum_rate> minimum_rate = {};
  transfer_rate max_rate = {};                                ///< bytes a second in each direction
  std::optional<cohttps::priority> priority = {};             ///< see `request_options::priority`
  cohttps::credentials credentials = {};                      ///< for the origin of the URL
  std::function<void(const response_head&)> on_interim = {};  ///< called with each 1xx response
  std::function<void(const progress&)> on_progress = {};      ///< called after each part of content
  std::function<fields()> trailers = {};                      ///< called when all content is sent
  /// Stops the operation, which then fails with category `canceled`.
  stop_token stop = {};
  /// They see the events of this request, besides the observers of the client.
  cohttps::observers observers = {};
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/request.ipp>
#endif
