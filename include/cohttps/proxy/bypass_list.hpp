// The hosts that the client reaches without a proxy, as the list in `no_proxy` names them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/host.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Hosts by name, domain, address or network, in curl's notation and in other common ones:
/// ```
///   *                                  all hosts
///   example.com .example.com           the host and all names below it, at label borders
///   *.example.com                      the same
///   192.0.2.1 ::1 [::1] fe80::1%eth0   an address; its zone does not matter
///   192.0.2.0/24 2001:db8::/32         a network (RFC 4632, 3.1)
///   192.0.2/24 10/8                    the same, without the zeros at the end
///   192.0.2.* 10.*                     the same
///   example.com:8080 [::1]:8080        a domain or an address, on one port
/// ```
/// Commas, semicolons or white space separate the entries. Case and a trailing dot do not matter.
/// Entries of other forms are ignored. The client does not look names up: a network matches only
/// URLs whose host is an address in it. An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the same
/// as the IPv4 address.
class bypass_list {
 public:
  bypass_list() = default;

  /// Parses entries with commas or spaces between, as `no_proxy` has them.
  COHTTPS_DECL static bypass_list parse(std::string_view text);

  /// Adds the entries of `text`.
  COHTTPS_DECL void add(std::string_view text);

  /// True if requests for this URL go past the proxy.
  COHTTPS_DECL bool matches(const url& to) const;

  COHTTPS_DECL bool empty() const noexcept;

  friend bool operator==(const bypass_list&, const bypass_list&) = default;

 private:
  enum class kind : std::uint8_t { all, domain, network };

  /// An address of either family. IPv4 is stored as ::ffff:a.b.c.d.
  struct address {
    std::array<std::uint8_t, 16> bytes{};
    bool is_v4 = false;  // also true for a mapped address
    friend bool operator==(const address&, const address&) = default;
  };
  struct entry {
    kind what = kind::all;
    std::uint16_t port = 0;  // 0 means any port
    std::uint8_t bits = 128;
    address network{};
    std::string domain{};
    friend bool operator==(const entry&, const entry&) = default;
  };

  COHTTPS_DECL static std::string_view without_dot(std::string_view host) noexcept;

  COHTTPS_DECL static bool in_domain(std::string_view host, std::string_view domain) noexcept;

  COHTTPS_DECL static bool in_network(const address& ip, const entry& e) noexcept;

  /// Reads an IPv4 address with four decimal parts, or an IPv6 address with or without brackets.
  COHTTPS_DECL static std::optional<address> parse_address(std::string_view text) noexcept;

  COHTTPS_DECL static void store(const std::uint16_t* pieces, std::size_t n,
                                 std::uint8_t* to) noexcept;

  /// Adds the missing zeros to an IPv4 network: "10" becomes "10.0.0.0".
  COHTTPS_DECL static std::string with_zeros(std::string_view network);

  COHTTPS_DECL static std::optional<entry> parse_entry(std::string_view item);

  std::vector<entry> entries_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/bypass_list.ipp>
#endif
