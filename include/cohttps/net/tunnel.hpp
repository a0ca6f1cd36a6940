// Through a proxy to a target: CONNECT (RFC 9110, 9.3.6) or SOCKS over a connection to the proxy.
#pragma once

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
#include <cohttps/net/channel.hpp>
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

namespace cohttps::net {

/// Where a tunnel is to lead. Views into the operation.
struct tunnel_target {
  const origin& to;
  /// Where that is; for a proxy that does not resolve names (`proxy::resolves_names`), else null.
  const endpoint* address = nullptr;
};

enum class tunnel : std::uint8_t {
  open,       ///< what is read and written from here on is the target's
  reconnect,  ///< close the connection, and try again over a new one with the same login
};

/// A login with this library's hashes and randomness.
COHTTPS_DECL proxy_login login_to(const proxy& via);

namespace detail {

/// A proxy's 407 is drained up to this, so that its connection can carry the answer.
inline constexpr std::size_t tunnel_drain = 64 * 1024;

COHTTPS_DECL [[gnu::cold]] error sent_early(const proxy& via);

/// What went wrong with a proxy's answer is told as the proxy's fault.
COHTTPS_DECL [[gnu::cold]] error blame(const error& e, const proxy& via);

COHTTPS_DECL [[gnu::cold]] error refused(int status, const proxy& via);

COHTTPS_DECL task<result<void>> send(channel& wire, std::span<const std::byte> bytes,
                                     stop_token stop);

COHTTPS_DECL task<result<tunnel>> open_socks_tunnel(channel& wire, tunnel_target target,
                                                    const proxy& via, stop_token stop);

/// CONNECT over one connection, as often as the proxy's 407 responses and the login allow.
class connect_exchange {
 public:
  COHTTPS_DECL connect_exchange(channel& wire, const origin& to, proxy_login& login,
                                const http1::limits& bounds, strictness how, stop_token stop)
      : wire_(wire),
        login_(login),
        parser_(bounds, how),
        authority_(to.host + ':' + std::to_string(to.port)),
        stop_(stop) {}

  COHTTPS_DECL task<result<tunnel>> run();

 private:
  using event = http1::response_parser::event;

  /// Sends a request and gives the status of the final response.
  COHTTPS_DECL task<result<int>> ask();

  /// Reads until the parser gives `wanted` or `complete`.
  COHTTPS_DECL task<result<event>> next(event wanted);

  /// Reads away what a 407 says to people. True when the connection can carry another request.
  COHTTPS_DECL task<bool> drain();

  channel& wire_;
  proxy_login& login_;
  http1::response_parser parser_;
  std::string authority_;
  stop_token stop_;
  buffer in_;
  std::size_t drained_ = 0;
  bool asked_before_ = false;  // over this connection
};

}  // namespace detail

/// Turns `wire`, a connection to the proxy `login.via()` (inside TLS already for an https proxy),
/// into a tunnel to `target`. Credentials go to the proxy alone.
///
/// `stop` is what bounds the time: nothing here counts as progress, so that a proxy cannot draw a
/// handshake out.
///
/// After an error, or `reconnect`, the connection is only to be closed. `reconnect` comes at most
/// twice in a row. Nothing has reached the target before the tunnel is open. Errors:
/// - connect: "proxy_refused" (a status that is not 2xx, 401 or 407), "socks_..."
/// - policy: "proxy_authentication_required", "proxy_authentication_failed"
/// - protocol: "proxy_sent_early", "socks_malformed"; protocol, limit and peer_closed: those of
///   `http1::response_parser`; peer_closed: "proxy_closed"
/// - usage: those of `socks::handshake::create` and `http1::write_request_head`
/// and those of `wire`.
COHTTPS_DECL task<result<tunnel>> open_tunnel(channel& wire, tunnel_target target,
                                              proxy_login& login, const http1::limits& bounds,
                                              strictness how, stop_token stop);

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/tunnel.ipp>
#endif
