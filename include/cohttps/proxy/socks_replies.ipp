// Definitions for socks_replies.hpp.
#pragma once

#include <cohttps/proxy/socks_replies.hpp>

namespace cohttps::socks {

COHTTPS_DEF error refused_4(const std::string& about, std::size_t code) {
  const auto says = [&](error_category c, std::string_view reason, std::string_view what) {
    return error(c, reason, about + " answered that " + std::string(what));
  };
  switch (code) {
    case 91:
      return says(error_category::connect, "socks_refused",
                  "it refuses to connect to the target, or that this failed (91); check the "
                  "target and the proxy's rules");
    case 92:
      return says(error_category::policy, "proxy_authentication_failed",
                  "it reaches no identd on this machine to ask for the user (92)");
    case 93:
      return says(error_category::policy, "proxy_authentication_failed",
                  "this machine's identd names another user (93)");
    default:
      return says(error_category::connect, "socks_unknown_reply",
                  "it did not connect, with the unknown code " + std::to_string(code));
  }
}

COHTTPS_DEF error refused_5(const std::string& about, std::size_t code) {
  struct reply {
    std::string_view reason, what;
  };
  constexpr reply replies[] = {
      {"socks_general_failure", "it failed, without saying why"},
      {"socks_not_allowed", "its rules do not allow this target"},
      {"socks_network_unreachable", "the target's network is unreachable"},
      {"socks_host_unreachable", "the target host is unreachable or has no address"},
      {"socks_connection_refused", "the target refused the connection"},
      {"socks_ttl_expired", "the way to the target is too long, or took too much time"},
      {"socks_command_unsupported", "it knows no CONNECT; use another proxy"},
      {"socks_address_unsupported",
       "it does not support this type of address; choose between socks5 and socks5h"},
  };
  const bool known = code >= 1 && code <= std::size(replies);
  const reply& r = known
                       ? replies[code - 1]
                       : reply{"socks_unknown_reply", "it did not connect, for an unknown reason"};
  return error(error_category::connect, r.reason,
               about + " answered that " + std::string(r.what) + " (" + std::to_string(code) + ')');
}

COHTTPS_DEF error no_method(const std::string& about, bool gave_password) {
  if (gave_password)
    return error(error_category::policy, "proxy_authentication_failed",
                 about +
                     " takes no user name and password; it may want GSSAPI, which is not "
                     "supported");
  return error(error_category::policy, "proxy_authentication_required",
               about +
                   " wants authentication; give it a user name and a password, as in "
                   "socks5://user:password@host (GSSAPI is not supported)");
}

COHTTPS_DEF error wrong_password(const std::string& about) {
  return error(error_category::policy, "proxy_authentication_failed",
               about + " refused the user name or password");
}

}  // namespace cohttps::socks
