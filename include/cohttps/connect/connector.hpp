// Makes a connection that carries HTTP along a route: address, socket, proxy, TLS.
#pragma once

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connect/construction.hpp>
#include <cohttps/connect/proxy_connector.hpp>
#include <cohttps/connect/revocation_fetch.hpp>
#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http1_connection.hpp>
#include <cohttps/connection/http2_stream.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/origin.hpp>

#include <memory>
#include <utility>

namespace cohttps::detail {

/// Opens a stream to the origin, or, for a forward route, to the proxy. Puts it into `made`.
COHTTPS_DECL task<result<void>> reach(construction& made, const route& to,
                                      const connect_options& options, deadline& limit);

/// The same, and then starts TLS if the route to the origin uses it.
COHTTPS_DECL task<result<void>> reach_securely(construction& made, const route& to,
                                               const connect_options& options, deadline& limit);

/// Opens streams to the issuers of certificates, for questions about revocation. The streams take
/// the same route, without TLS.
struct issuer_route {
  const route& base;
  const connect_options& options;
  deadline& limit;

  template <class = void>
  task<result<tls_stream>> operator()(const origin& to) {
    if (!options.unix_socket.empty())
      co_return fail(error_category::usage, "not_reachable",
                     "all connections go to the option unix_socket");
    route plain = base;
    plain.to = to;
    plain.tls = nullptr;
    if (plain.via) plain.kind = route_kind::tunnel;
    construction made;
    auto reached = co_await reach(made, plain, options, limit);
    if (!reached) co_return pass(std::move(reached));
    co_return *std::move(made.bytes);
  }
};

/// Makes the connection for the version of HTTP that TLS has negotiated, or that `versions`
/// requires.
COHTTPS_DECL result<std::unique_ptr<connection>> speak(construction& made, http_versions versions,
                                                       const connect_options& options,
                                                       any_transport& transport);

/// Makes a connection for requests with the route `to`. The caller keeps `to` and `options` until
/// the task has ended.
COHTTPS_DECL task<result<std::unique_ptr<connection>>> connect(const route& to,
                                                               const connect_options& options,
                                                               deadline& limit,
                                                               connect_timings& timings);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/connector.ipp>
#endif
