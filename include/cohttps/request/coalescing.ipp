// Definitions for coalescing.hpp.
#pragma once

#include <cohttps/request/coalescing.hpp>

namespace cohttps::detail {
COHTTPS_DEF bool proves(const connection_info& info, std::string_view host) {
  if (!info.tls || !info.tls->verified || info.tls->peer_chain.empty()) return false;
  tls::certificate_names names;
  names.dns = info.tls->peer_chain.front().names;
  return !tls::parse_ip(host) && tls::covers(names, host);
}

COHTTPS_DEF task<std::optional<route>> coalesced(client_state& client, const route& own,
                                                 deadline& limit) {
  const bool can = own.tls && own.may_share() && !own.via && client.options.unix_socket.empty() &&
                   !client.misdirected.contains(own.to);
  if (!can || client.connections.any_of(own, [](const auto&) { return true; }))
    co_return std::nullopt;
  const auto fits = [&](const route& r, const connection& c) {
    return r.trust() == own.trust() && !r.via && r.to.port == own.to.port && c.capacity() > 1 &&
           proves(*c.info, own.to.host);
  };
  if (!client.connections.find(fits)) co_return std::nullopt;
  const auto addresses = co_await resolve_only(own.to.host, own.to.port, client.connecting, limit);
  if (!addresses) co_return std::nullopt;  // the next attempt to connect reports the error
  const route* found = client.connections.find([&](const route& r, const connection& c) {
    return fits(r, c) && std::ranges::find(*addresses, c.info->peer) != addresses->end();
  });
  if (!found) co_return std::nullopt;
  co_return *found;
}

}  // namespace cohttps::detail
