// The client's side of SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929), without I/O.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/proxy/socks_replies.hpp>
#include <cohttps/url/host.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::socks {

/// One handshake with a SOCKS proxy. The client asks the proxy to connect to a target.
///
/// ```
///   SOCKS4, 4a                                       ┌─▶ granted
///     request ───────────────────────────────────────┤
///   SOCKS5                                     ▲     └─▶ error
///     methods ──┬─────────────────▶ request ───┘
///               └─▶ credentials ─────▲
/// ```
/// Each arrow except the last means: send the bytes in `outgoing`, and wait for one reply. The
/// caller sends all of `outgoing`, and calls `sent`. If `outgoing` is then empty and the handshake
/// is not `done`, the caller reads bytes and calls `receive`, which removes exactly the reply.
/// Bytes may be left in the buffer when there is something to send, or when the handshake is done.
/// The proxy then sent these bytes without being asked.
///
/// Memory: a reply has at most 262 bytes. After an error the caller can only close the connection.
class handshake {
 public:
  /// Makes a handshake for the target `host` and `port`, as in a URL. A proxy that does not resolve
  /// names (`proxy::resolves_names`) also needs the `address` of the host: 4 or 16 bytes in network
  /// order. If `host` is an IP address, `address` may be empty.
  ///
  /// Errors (usage): "socks_host_too_long" (over 255 bytes, empty, or with a NUL),
  /// "socks_no_address" (the proxy does not resolve names, and there is no address),
  /// "socks_no_ipv6" (SOCKS4 has no IPv6).
  COHTTPS_DECL static result<handshake> create(const proxy& via, std::string_view host,
                                               std::uint16_t port,
                                               std::span<const std::byte> address = {});

  /// Returns the bytes to send before anything is read; empty while the handshake waits for a
  /// reply.
  COHTTPS_DECL std::span<const std::byte> outgoing() const noexcept;
  COHTTPS_DECL void sent(std::size_t n);

  /// True if the proxy has opened the tunnel.
  bool done() const noexcept { return state_ == state::done; }

  /// Removes the expected reply from the front of `in` if it is complete, and otherwise nothing.
  ///
  /// Errors: connect, "socks_..." by the reply's code; policy, "proxy_authentication_required",
  /// "proxy_authentication_failed"; protocol, "socks_malformed".
  COHTTPS_DECL result<void> receive(buffer& in);

 private:
  enum class state : std::uint8_t { granted_4, method, verdict, granted_5, done };

  COHTTPS_DECL explicit handshake(const proxy& via)
      : about_("the proxy " + via.text()),
        five_(via.scheme() >= proxy_scheme::socks5),
        state_(five_ ? state::method : state::granted_4) {}

  // ---- the bytes to send ---------------------------------------------------------------------

  COHTTPS_DECL static void put(std::string& out, std::size_t byte);
  COHTTPS_DECL static void put(std::string& out, std::span<const std::byte> bytes);
  COHTTPS_DECL static void put_port(std::string& out, std::uint16_t port);

  /// Returns `given` if it is not empty. Otherwise returns the address in network order if `host`
  /// is one.
  COHTTPS_DECL static std::string address_of(std::string_view host,
                                             std::span<const std::byte> given);

  COHTTPS_DECL result<void> check_host(const proxy& via, std::string_view host,
                                       std::string_view address) const;

  /// Writes CONNECT of the SOCKS4 protocol. In SOCKS4a the address 0.0.0.x says that a name
  /// follows.
  COHTTPS_DECL result<void> write_request_4(const proxy& via, std::string_view host,
                                            std::uint16_t port, std::span<const std::byte> given);

  /// RFC 1928, 3.
  COHTTPS_DECL void write_methods(const proxy& via);

  /// RFC 1928, 4 and 5.
  COHTTPS_DECL result<void> write_request_5(const proxy& via, std::string_view host,
                                            std::uint16_t port, std::span<const std::byte> given);

  // ---- the replies ---------------------------------------------------------------------------

  COHTTPS_DECL static std::size_t at(const buffer& in, std::size_t i) noexcept;

  COHTTPS_DECL std::unexpected<error> malformed(std::string_view why) const;

  COHTTPS_DECL result<void> take_granted_4(buffer& in);

  COHTTPS_DECL result<void> take_method(buffer& in);

  COHTTPS_DECL result<void> take_verdict(buffer& in);

  /// RFC 1928, 6. A refusal may be shorter than the format requires, so its code is read first.
  COHTTPS_DECL result<void> take_granted_5(buffer& in);

  std::string about_;
  std::string outgoing_;
  std::string credentials_;
  std::string request_;
  bool five_;
  state state_;
};

}  // namespace cohttps::socks

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/socks.ipp>
#endif
