// The client's side of SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929), without doing I/O.
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

/// One handshake with a SOCKS proxy: asks it to connect to a target.
///
/// ```
///   SOCKS4, 4a                                       ┌─▶ granted
///     request ───────────────────────────────────────┤
///   SOCKS5                                     ▲     └─▶ error
///     methods ──┬─────────────────▶ request ───┘
///               └─▶ credentials ─────▲
/// ```
/// Each arrow but the last sends what `outgoing` holds and waits for one reply. The caller sends
/// all of `outgoing` (`sent`), and when that is empty and not `done`, reads and calls `receive`,
/// which takes exactly the reply's bytes. What is left in the buffer when there is something to
/// send, or when it is done, the proxy sent without being asked.
///
/// Memory: a reply has at most 262 bytes. After an error the connection is only to be closed.
class handshake {
 public:
  /// For the target `host` and `port`, as in a URL, or at `address`, 4 or 16 bytes in network
  /// order, which a proxy needs that does not resolve names (`proxy::resolves_names`). A host that
  /// is an IP address is its own address.
  ///
  /// Errors (usage): "socks_host_too_long" (over 255 bytes), "socks_no_address" (the proxy does not
  /// resolve names, and there is no address), "socks_no_ipv6" (SOCKS4 has none).
  COHTTPS_DECL static result<handshake> create(const proxy& via, std::string_view host,
                                               std::uint16_t port,
                                               std::span<const std::byte> address = {});

  /// What is to be sent before anything is read; empty when a reply is awaited.
  COHTTPS_DECL std::span<const std::byte> outgoing() const noexcept;
  COHTTPS_DECL void sent(std::size_t n);

  /// True when the tunnel stands.
  bool done() const noexcept { return state_ == state::done; }

  /// Takes the awaited reply from the front of `in` when it is whole, and else nothing.
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

  // ---- what is sent -------------------------------------------------------------------------

  COHTTPS_DECL static void put(std::string& out, std::size_t byte);
  COHTTPS_DECL static void put(std::string& out, std::span<const std::byte> bytes);
  COHTTPS_DECL static void put_port(std::string& out, std::uint16_t port);

  /// The address in network order when `host` is one, else `given`.
  COHTTPS_DECL static std::string address_of(std::string_view host,
                                             std::span<const std::byte> given);

  COHTTPS_DECL result<void> check_host(const proxy& via, std::string_view host,
                                       std::string_view address) const;

  /// The SOCKS4 protocol, "CONNECT", and SOCKS 4A: an address 0.0.0.x says that a name follows.
  COHTTPS_DECL result<void> write_request_4(const proxy& via, std::string_view host,
                                            std::uint16_t port, std::span<const std::byte> given);

  /// RFC 1928, 3.
  COHTTPS_DECL void write_methods(const proxy& via);

  /// RFC 1928, 4 and 5.
  COHTTPS_DECL result<void> write_request_5(const proxy& via, std::string_view host,
                                            std::uint16_t port, std::span<const std::byte> given);

  // ---- what is received ---------------------------------------------------------------------

  COHTTPS_DECL static std::size_t at(const buffer& in, std::size_t i) noexcept;

  COHTTPS_DECL std::unexpected<error> malformed(std::string_view why) const;

  COHTTPS_DECL result<void> take_granted_4(buffer& in);

  COHTTPS_DECL result<void> take_method(buffer& in);

  COHTTPS_DECL result<void> take_verdict(buffer& in);

  /// RFC 1928, 6. A refusal may be cut short, so its code is looked at first.
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
