// From an origin to a connection that HTTP can use: address, socket, proxy, TLS.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/dial.hpp>
#include <cohttps/net/http1_connection.hpp>
#include <cohttps/net/http2_stream.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/net/revocation.hpp>
#include <cohttps/net/tunnel.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::net {

/// The way to an origin. Views into the client.
struct route {
  const origin* to;
  const tls_context* tls = nullptr;        ///< to the origin; null for http
  const proxy* via = nullptr;              ///< null: directly
  const tls_context* proxy_tls = nullptr;  ///< for an https proxy
  const connect_options* to_proxy = nullptr;
  bool always_tunnels = false;  ///< also for http
  bool only_http1 = false;      ///< the origin wants no HTTP/2

  /// A proxy gets requests for http itself, in absolute-form (RFC 9112, 3.2.2), unless it speaks
  /// SOCKS; for everything else it is asked for a tunnel.
  bool tunnels() const noexcept { return via && (tls || always_tunnels || via->is_socks()); }
  bool absolute_form() const noexcept { return via && !tunnels(); }
};

/// How long the steps took.
struct connect_timings {
  duration resolve{};
  duration connect{};
  duration tunnel{};
  duration tls{};
};

#ifdef COHTTPS_HAS_NGHTTP2
inline constexpr bool has_http2 = true;
#else
inline constexpr bool has_http2 = false;
#endif

namespace detail {

/// A host as names are looked up and certificates are checked: an IPv6 literal without brackets.
COHTTPS_DECL std::string_view bare_host(std::string_view host) noexcept;

/// A policy for addresses has to be asked for each of them, so a host that a proxy looks up cannot
/// be reached under one.
COHTTPS_DECL result<void> check_remote_name(const route& way, const connect_options& options);

/// What a proxy is told, one after another, until it reaches one. SOCKS4 knows no IPv6.
COHTTPS_DECL std::vector<endpoint> addresses_for(const proxy& via, std::vector<endpoint> found);

COHTTPS_DECL task<result<dialled>> dial_for(const route& way, const connect_options& options,
                                            deadline& limit);

/// TLS over what is there.
COHTTPS_DECL task<result<void>> secure(channel& bytes, const tls_context& tls,
                                       std::string_view host, std::uint16_t port,
                                       http_versions versions, const connect_options& options,
                                       deadline& limit);

/// What is spoken on this way; an error where that cannot be.
COHTTPS_DECL result<http_versions> versions_on(const route& way, http_versions wanted);

/// What is to be a connection, after each of its steps.
struct construction {
  std::optional<channel> bytes;
  std::shared_ptr<connection_info> info = std::make_shared<connection_info>();
};

/// To the proxy, and through it. False: the proxy wants to be asked once more over a new
/// connection.
COHTTPS_DECL task<result<bool>> pass_proxy(construction& made, const route& way,
                                           const connect_options& options, proxy_login& login,
                                           const endpoint* address, deadline& limit,
                                           connect_timings& timings);

/// The bytes to the origin: an address, a connection, and the way through the proxy.
COHTTPS_DECL task<result<void>> reach(construction& made, const route& way,
                                      const connect_options& options, deadline& limit,
                                      connect_timings& timings);

/// The same way, without TLS, to those who issued a certificate.
struct issuer_way {
  const route& way;
  const connect_options& options;
  deadline& limit;

  template <class = void>
  task<result<channel>> operator()(const origin& to) {
    if (!options.unix_socket.empty())
      co_return fail(error_category::usage, "not_reachable",
                     "all connections go to the option unix_socket");
    route plain = way;
    plain.to = &to;
    plain.tls = nullptr;
    plain.always_tunnels = true;
    construction made;
    connect_timings unused;
    auto reached = co_await reach(made, plain, options, limit, unused);
    if (!reached) co_return pass(std::move(reached));
    co_return *std::move(made.bytes);
  }
};

/// Over what TLS has agreed on.
COHTTPS_DECL result<std::unique_ptr<connection>> speak(construction& made, http_versions versions,
                                                       const connect_options& options,
                                                       any_transport& transport);

/// The bytes to the origin, and TLS over them where the origin wants it.
COHTTPS_DECL task<result<void>> reach_securely(construction& made, const route& way,
                                               http_versions versions,
                                               const connect_options& options, deadline& limit,
                                               connect_timings& timings);

}  // namespace detail

/// Connects to `way.to`: directly or through a proxy, with TLS when its scheme is https.
COHTTPS_DECL task<result<std::unique_ptr<connection>>> connect(route way,
                                                               const connect_options& options,
                                                               deadline& limit,
                                                               connect_timings& timings);

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/connector.ipp>
#endif
