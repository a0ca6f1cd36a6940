// Definitions for coalescing.hpp.
#pragma once

#include <cohttps/client/coalescing.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF bool proves(const connection_info& info, std::string_view host) {
  if (!info.tls || !info.tls->verified || info.tls->peer_chain.empty()) return false;
  tls::certificate_names names;
  names.dns = info.tls->peer_chain.front().names;
  return !tls::parse_ip(host) && tls::covers(names, host);
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF task<std::optional<pool::key>> coalesced(client_state& client, const pool::key& own,
                                                     net::deadline& limit) {
  const bool can = own.tls && own.may_share && own.route.empty() &&
                   client.options.unix_socket.empty() && !client.misdirected.contains(own.to);
  if (!can || client.connections.any_of(own, [](const auto&) { return true; }))
    co_return std::nullopt;
  const auto fits = [&](const pool::key& k, const net::connection& c) {
    return k.tls == own.tls && k.route.empty() && k.to.port == own.to.port && c.capacity() > 1 &&
           detail::proves(*c.info, own.to.host);
  };
  if (!client.connections.find(fits)) co_return std::nullopt;
  const auto addresses =
      co_await net::resolve_only(own.to.host, own.to.port, client.connecting, limit);
  if (!addresses) co_return std::nullopt;  // whoever connects says why
  const pool::key* found =
      client.connections.find([&](const pool::key& k, const net::connection& c) {
        return fits(k, c) && std::ranges::find(*addresses, c.info->peer) != addresses->end();
      });
  if (!found) co_return std::nullopt;
  co_return *found;
}

}  // namespace cohttps
