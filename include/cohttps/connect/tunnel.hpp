// Opens a tunnel through a proxy: CONNECT (RFC 9110, 9.3.6) or SOCKS, over a connection to the
// proxy.
#pragma once

#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/proxy/login.hpp>
#include <cohttps/proxy/socks.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/url/origin.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// The target of a tunnel. The members refer to objects of the operation.
struct tunnel_target {
  const origin& to;
  /// The address of the target, for a proxy that does not resolve names (`proxy::resolves_names`);
  /// else null.
  const endpoint* address = nullptr;
};

enum class tunnel : std::uint8_t {
  open,       ///< all further bytes go to the target, and come from it
  reconnect,  ///< close the connection, and try again over a new one with the same login
};

/// Makes a login that uses this library's hashes and random numbers.
COHTTPS_DECL proxy_login login_to(const proxy& via);

/// The largest content of a 407 response, in bytes, that the client reads and drops to keep the
/// connection.
inline constexpr std::size_t tunnel_drain = 64 * 1024;

COHTTPS_DECL [[gnu::cold]] error sent_early(const proxy& via);

/// Adds to an error that the proxy's response caused it.
COHTTPS_DECL [[gnu::cold]] error blame(const error& e, const proxy& via);

COHTTPS_DECL [[gnu::cold]] error refused(int status, const proxy& via);

COHTTPS_DECL task<result<void>> send(tls_stream& wire, std::span<const std::byte> bytes,
                                     stop_token stop);

COHTTPS_DECL task<result<tunnel>> open_socks_tunnel(tls_stream& wire, tunnel_target target,
                                                    const proxy& via, stop_token stop);

/// Sends CONNECT over one connection, and repeats it with credentials after 407 responses, as often
/// as the login allows.
class connect_exchange {
 public:
  COHTTPS_DECL connect_exchange(tls_stream& wire, const origin& to, proxy_login& login,
                                const http1::limits& bounds, strictness how, stop_token stop)
      : wire_(wire),
        login_(login),
        parser_(bounds, how),
        authority_(to.host + ':' + std::to_string(to.port)),
        stop_(stop) {}

  COHTTPS_DECL task<result<tunnel>> run();

 private:
  using event = http1::response_parser::event;

  /// Sends a request and returns the status of the final response.
  COHTTPS_DECL task<result<int>> ask();

  /// Reads until the parser returns the event `wanted` or `complete`.
  COHTTPS_DECL task<result<event>> next(event wanted);

  /// Reads and drops the content of a 407 response. Returns true if the connection can carry
  /// another request.
  COHTTPS_DECL task<bool> drain();

  tls_stream& wire_;
  proxy_login& login_;
  http1::response_parser parser_;
  std::string authority_;
  stop_token stop_;
  buffer in_;
  std::size_t drained_ = 0;
  bool asked_before_ = false;  // this connection has carried a 407 response
};

/// Opens a tunnel to `target` over `wire`, a connection to the proxy `login.via()`. For an https
/// proxy `wire` already uses TLS. Only the proxy receives the credentials.
///
/// Only `stop` limits the time. No byte counts as progress here, so a slow proxy cannot prolong a
/// handshake.
///
/// After an error or `reconnect` the caller can only close the connection. `reconnect` occurs at
/// most twice in a row. No byte reaches the target before the tunnel is open. Errors:
/// - connect: "proxy_refused" (a status that is not 2xx, 401 or 407), "socks_..."
/// - policy: "proxy_authentication_required", "proxy_authentication_failed"
/// - protocol: "proxy_sent_early", "socks_malformed"; protocol, limit and peer_closed: those of
///   `http1::response_parser`; peer_closed: "proxy_closed"
/// - usage: those of `socks::handshake::create` and `http1::write_request_head`
/// - those of `wire`.
COHTTPS_DECL task<result<tunnel>> open_tunnel(tls_stream& wire, tunnel_target target,
                                              proxy_login& login, const http1::limits& bounds,
                                              strictness how, stop_token stop);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/tunnel.ipp>
#endif
