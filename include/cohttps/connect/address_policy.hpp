// Decides to which addresses the client may connect. This protects the program's own network from
// requests that a stranger's URL, or a stranger's name server, directs there (server-side request
// forgery, SSRF).
#pragma once

#include <cohttps/transport/endpoint.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// A network: an address, and the number of its leading bits that count.
struct address_block {
  std::array<std::uint8_t, 16> address;
  unsigned bits;

  constexpr bool contains(const std::byte* other) const noexcept {
    for (unsigned bit = 0; bit < bits; bit += 8) {
      const unsigned left = bits - bit;
      const unsigned mask = left >= 8 ? 0xffu : 0xffu << (8 - left) & 0xffu;
      if ((address[bit / 8] ^ std::to_integer<unsigned>(other[bit / 8])) & mask) return false;
    }
    return true;
  }
};

/// The IANA IPv4 Special-Purpose Address Registry, and multicast.
inline constexpr address_block special_ipv4[] = {
    {{0}, 8},                  // this network
    {{10}, 8},                 // private
    {{100, 64}, 10},           // carrier-grade NAT; 100.100.100.200 is Alibaba's metadata service
    {{127}, 8},                // loopback
    {{169, 254}, 16},          // link-local, and the metadata services of clouds
    {{168, 63, 129, 16}, 32},  // Azure's platform services, not in the registry
    {{172, 16}, 12},           // private
    {{192, 0, 0}, 24},         // IETF protocol assignments
    {{192, 0, 2}, 24},         // documentation
    {{192, 88, 99}, 24},       // 6to4 relays, deprecated
    {{192, 168}, 16},          // private
    {{198, 18}, 15},           // benchmarking
    {{198, 51, 100}, 24},      // documentation
    {{203, 0, 113}, 24},       // documentation
    {{224}, 4},                // multicast
    {{240}, 4},                // reserved, broadcast
};

inline constexpr address_block global_unicast{{0x20},
                                              3};  // IANA assigns global addresses only here

/// The blocks inside 2000::/3 in the IANA IPv6 Special-Purpose Address Registry.
inline constexpr address_block special_ipv6[] = {
    {{0x20, 0x01, 0, 0}, 23},        // IETF protocol assignments: Teredo, benchmarking, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x3f, 0xff}, 20},              // documentation
};

/// A block whose addresses contain an IPv4 address, at the byte `at`. A gateway or the system
/// itself connects to that IPv4 address.
struct embedding {
  address_block block;
  std::size_t at;
};
inline constexpr embedding embeddings[] = {
    {{{}, 96}, 12},                                          // IPv4-compatible
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12},  // IPv4-mapped
    {{{0, 0x64, 0xff, 0x9b}, 96}, 12},                       // NAT64, RFC 6052
    {{{0x20, 0x02}, 16}, 2},                                 // 6to4, RFC 3056
};
inline constexpr address_block teredo{{0x20, 0x01, 0, 0}, 32};  // RFC 4380

constexpr bool is_public_ipv4(const std::byte* address) noexcept {
  for (const address_block& special : special_ipv4)
    if (special.contains(address)) return false;
  return true;
}

constexpr bool is_public_ipv6(const std::byte* address) noexcept {
  for (const embedding& e : embeddings)
    if (e.block.contains(address)) return is_public_ipv4(address + e.at);
  if (teredo.contains(address)) {
    std::array<std::byte, 4> client{};  // the address contains its inverted bits
    for (std::size_t i = 0; i < 4; ++i) client[i] = address[12 + i] ^ std::byte{0xff};
    return is_public_ipv4(address + 4) && is_public_ipv4(client.data());
  }
  for (const address_block& special : special_ipv6)
    if (special.contains(address)) return false;
  return global_unicast.contains(address);
}

}  // namespace cohttps::detail

namespace cohttps {

/// True if `e` is an address that is reachable from anywhere in the internet.
///
/// These addresses are not public: the blocks in the IANA registries of special-purpose addresses
/// (private, loopback, link-local, shared, documentation, benchmarking, multicast, reserved), and
/// 168.63.129.16, at which Azure provides services to its machines. IPv6 addresses outside 2000::/3
/// are not public either, because IANA assigns global addresses only in 2000::/3. This excludes
/// fe80::/10, fec0::/10, fc00::/7, ff00::/8, 100::/64, 5f00::/16 and 64:ff9b:1::/48. An address
/// that contains an IPv4 address (IPv4-mapped, IPv4-compatible, NAT64, 6to4, Teredo) is public if
/// the IPv4 address is. A Unix domain socket is not public.
inline bool is_public(const endpoint& e) noexcept {
  if (e.is_unix()) return false;
  return e.is_v6 ? detail::is_public_ipv6(e.address.data())
                 : detail::is_public_ipv4(e.address.data());
}

/// Decides to which addresses the client may connect. The client asks the policy about every
/// address after it has looked up the name, also after a redirection, so no name can deceive the
/// policy.
///
/// ```
/// options.addresses = address_policy::public_only();
/// options.addresses = address_policy([](const endpoint& e) { return e.port == 443; });
/// ```
/// The client does not ask about the addresses of proxies, because the caller chose the proxies. If
/// a proxy looks up names itself, the policy cannot see the target's address; a request for a name
/// then fails with policy "address_unknown".
///
/// Threads: the client calls the predicate on the event loop's thread. The predicate must not
/// throw.
class address_policy {
 public:
  /// Returns whether the client may connect to an address.
  using predicate = std::function<bool(const endpoint&)>;

  /// Allows all addresses.
  address_policy() = default;

  /// Allows the addresses for which `allowed` returns true.
  explicit address_policy(predicate allowed) : predicate_(std::move(allowed)) {}

  /// Allows the addresses for which `is_public` returns true.
  static address_policy public_only() { return address_policy(&is_public); }

  /// True if the policy may refuse an address.
  bool restricts() const noexcept { return static_cast<bool>(predicate_); }

  /// True if the client may connect to `e`.
  bool allows(const endpoint& e) const { return !predicate_ || predicate_(e); }

 private:
  predicate predicate_;
};

}  // namespace cohttps
