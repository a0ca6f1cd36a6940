// From an origin to a connection that HTTP can use: name, address, socket, TLS.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/dial.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/origin.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::net {

/// How long the steps took.
struct connect_timings {
  duration resolve{};
  duration connect{};
  duration tls{};
};

namespace detail {

/// The name to look up for an origin: an IPv6 literal loses its brackets.
inline std::string_view bare_host(const origin& to) noexcept {
  std::string_view host = to.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace detail

/// Connects to `to`, with TLS when its scheme is https.
template <transport Transport>
task<result<std::unique_ptr<connection<Transport>>>> connect(const origin& to,
                                                             const tls_context* tls,
                                                             const connect_options& options,
                                                             deadline<Transport>& limit,
                                                             connect_timings& timings) {
  const auto failed = [&](error e) { return std::unexpected(limit.explain(std::move(e))); };
  auto dialled = co_await dial(detail::bare_host(to), to.port, options, limit);
  if (!dialled) co_return pass(std::move(dialled));
  const time_point connected = limit.now();
  timings.resolve = dialled->resolve;
  timings.connect = dialled->connect;
  auto info = std::make_shared<connection_info>();
  info->peer = dialled->peer;

  channel<typename Transport::stream_type> bytes(std::move(dialled->stream));
  if (tls) {
    limit.enter(phase::handshake, options.tls_timeout);
    std::vector<std::string> alpn;
    alpn.emplace_back("http/1.1");
    auto secured =
        co_await bytes.secure(*tls, std::string(detail::bare_host(to)), to.port, std::move(alpn),
                              std::chrono::system_clock::now(), limit.token());
    if (!secured) co_return failed(std::move(secured).error());
    info->tls = *bytes.tls();
    timings.tls = limit.now() - connected;
  }
  co_return std::make_unique<connection<Transport>>(
      http1_connection<Transport>(std::move(bytes), options.limits), std::move(info));
}

}  // namespace cohttps::net
