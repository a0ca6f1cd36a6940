// The interfaces through which a client uses proxies. A program without proxies does not compile
// their implementation.
#pragma once

#include <cohttps/connect/construction.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// Adds credentials for a proxy to requests that the proxy itself receives (`route_kind::forward`).
class forward_login {
 public:
  virtual ~forward_login() = default;

  /// Adds Proxy-Authorization to a request that is about to be sent. Digest uses the `target` in
  /// origin-form, as curl does, and as proxies that verify it expect.
  virtual result<void> show(fields& headers, const method& verb, std::string_view target,
                            std::span<const std::byte> content) = 0;

  /// Stores the challenge of a 407 response. Fails if the client cannot answer it.
  virtual result<void> challenged(const fields& headers) = 0;
};

/// Makes connections through one proxy. Only `proxy_rules` refer to the implementation, so a
/// program without proxies does not compile it.
class proxy_connector {
 public:
  explicit proxy_connector(proxy via) : via_(std::move(via)) {}
  proxy_connector(const proxy_connector&) = delete;
  proxy_connector& operator=(const proxy_connector&) = delete;
  virtual ~proxy_connector() = default;

  const proxy& via() const noexcept { return via_; }

  /// Fills `made` with a stream to `to.to`, or, for a forward route, to the proxy.
  virtual task<result<void>> reach(construction& made, const route& to,
                                   const connect_options& options, deadline& limit) const = 0;

  virtual std::unique_ptr<forward_login> login() const = 0;

 private:
  proxy via_;
};

/// Selects the proxy for a URL.
class proxy_selector {
 public:
  proxy_selector() = default;
  proxy_selector(const proxy_selector&) = delete;
  proxy_selector& operator=(const proxy_selector&) = delete;
  virtual ~proxy_selector() = default;

  /// Returns null if the client connects to the URL directly.
  virtual const proxy_connector* select(const url& to) const = 0;
};

}  // namespace cohttps::detail
