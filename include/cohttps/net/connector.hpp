// From an origin to a connection that HTTP can use: name, address, socket, TLS.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
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

template <transport Transport>
task<result<std::vector<endpoint>>> resolve(const origin& to, const connect_options& options,
                                            deadline<Transport>& limit) {
  std::string_view host = bare_host(to);
  for (const resolve_override& o : options.resolve)
    if (o.port == to.port && (ascii::iequals(o.host, bare_host(to)) || o.host == to.host))
      host = o.address;
  auto found = co_await limit.transport().resolve(host, to.port, limit.token());
  co_return found;
}

/// Tries the addresses in turn, each for at most `timeout`; when all fail the error has each one's
/// outcome.
template <transport Transport>
task<result<typename Transport::stream_type>> connect_any(const std::vector<endpoint>& addresses,
                                                          std::optional<duration> timeout,
                                                          deadline<Transport>& limit,
                                                          endpoint& connected) {
  std::vector<error::attempt> attempts;
  std::optional<error> last;
  for (const endpoint& address : addresses) {
    limit.enter(phase::connect, timeout);
    auto stream = co_await limit.transport().connect(address, limit.token());
    if (stream) {
      connected = address;
      co_return stream;
    }
    last = limit.explain(std::move(stream).error());
    attempts.push_back({to_string(address), last->message()});
    if (limit.stop().stop_requested() && !limit.forgive()) break;
  }
  if (!last)
    co_return fail(error_category::resolve, "host_not_found", "the host name has no address");
  error failed = *std::move(last);
  if (attempts.size() > 1 && !limit.stop().stop_requested())
    failed = error(failed.category(), failed.reason(),
                   "none of the host's " + std::to_string(attempts.size()) +
                       " addresses accepted a connection; the last: " + failed.message());
  failed.attempts(std::move(attempts));
  co_return std::unexpected(std::move(failed));
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
  const time_point started = limit.now();

  limit.enter(phase::resolve, options.connect_timeout);
  auto addresses = co_await detail::resolve(to, options, limit);
  if (!addresses) co_return failed(std::move(addresses).error());
  const time_point resolved = limit.now();
  timings.resolve = resolved - started;

  auto info = std::make_shared<connection_info>();
  auto stream =
      co_await detail::connect_any(*addresses, options.connect_timeout, limit, info->peer);
  if (!stream) co_return failed(std::move(stream).error());
  const time_point connected = limit.now();
  timings.connect = connected - resolved;

  channel<typename Transport::stream_type> bytes(*std::move(stream));
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
