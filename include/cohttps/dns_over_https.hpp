// Looks host names up over HTTPS (RFC 8484), so that nobody on the way sees or changes the answers.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/connect/resolver.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// For what the system's resolver may be asked, which sends names in clear.
enum class plain_dns : std::uint8_t {
  never,        ///< nothing
  for_server,   ///< to find the DNS server itself
  as_fallback,  ///< and for each name for which the DNS server gives no answer, for example if it
                ///< cannot be reached; not for a name of which it says that it does not exist
};

/// The options of a `dns_over_https`.
struct dns_over_https_options {
  /// The URL of the DNS server, such as "https://dns.example/dns-query". It may end with "{?dns}".
  std::string url;

  /// The IP addresses of the DNS server. Not needed if the URL has one as its host.
  std::vector<std::string> addresses = {};

  /// `method::get`, whose answers HTTP caches may keep, or `method::post`.
  cohttps::method method = cohttps::method::get;

  /// The names that may be looked up over plain DNS. By default none: a name that DNS over HTTPS
  /// does not find is an error.
  cohttps::plain_dns plain_dns = cohttps::plain_dns::never;

  /// The options of the client that asks: trust, proxies, time limits. A `timeout` that is empty
  /// means 5 s. This client sends no cookies and no User-Agent (RFC 8484, 8.2), and follows no
  /// redirections.
  client_options client = {};
};

namespace detail {

template <class = void>
class dns_over_https_state;

}  // namespace detail

/// A `resolver` that asks a DNS server over HTTPS for A and AAAA records at the same time, and
/// tells the client's `dns_cache` how long they are valid. It asks for HTTPS records, too, if the
/// client has HTTP/3.
/// ```
/// auto dns = std::make_shared<cohttps::dns_over_https>(
///     cohttps::dns_over_https_options{.url = "https://dns.example/dns-query",
///                                     .addresses = {"192.0.2.53", "2001:db8::53"}});
/// cohttps::client client({.resolver = dns});
/// ```
/// It has a client of its own, which keeps its connection. So the look-ups of that client never
/// come back to it.
///
/// Errors, besides those of its client (the server cannot be reached, its certificate is refused):
/// category `resolve` with the reasons "host_not_found", "dns_server_failure", "dns_refused",
/// "dns_alias_loop", "dns_wrong_answer", "dns_message_malformed", "dns_http_status",
/// "dns_content_type" and "host_name_unusable"; `policy` with "plain_dns_forbidden" if the server's
/// own address is not known; `usage` for options that cannot work.
///
/// Threads: those of its clients, which must have the same event loop.
class dns_over_https final : public resolver {
 public:
  /// Uses the event loop of the `run` that this thread executes; see the same constructor of
  /// `client`.
  COHTTPS_DECL explicit dns_over_https(dns_over_https_options options);
  /// Uses any transport: that of the clients that it serves.
  COHTTPS_DECL dns_over_https(any_transport over, dns_over_https_options options);

  /// Asks the server for the addresses of a host: see `resolver`.
  task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                      stop_token stop) override {
    return ask_server(*state_, host, port, stop);
  }

  /// Asks the server for the HTTPS records of a name: see `resolver`. Plain DNS is never asked.
  task<result<std::vector<std::byte>>> query_https(std::string name, stop_token stop) override {
    return ask_for_https(*state_, std::move(name), stop);
  }

 private:
  using state = detail::dns_over_https_state<>;

  COHTTPS_DECL static task<result<resolved_host>> ask_server(state& of, std::string_view host,
                                                             std::uint16_t port, stop_token stop);
  COHTTPS_DECL static task<result<std::vector<std::byte>>> ask_for_https(state& of,
                                                                         std::string name,
                                                                         stop_token stop);

  std::shared_ptr<state> state_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/dns_over_https.ipp>
#endif
