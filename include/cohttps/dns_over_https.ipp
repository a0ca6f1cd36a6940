// Definitions for dns_over_https.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/dns/message.hpp>
#include <cohttps/dns/name.hpp>
#include <cohttps/dns_over_https.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

namespace cohttps {

namespace detail {

/// The resolver of the client that asks the DNS server, if nothing may go over plain DNS.
template <class = void>
class no_plain_dns final : public resolver {
 public:
  task<result<resolved_host>> resolve(std::string_view host, std::uint16_t, stop_token) override {
    co_return fail(error_category::policy, "plain_dns_forbidden",
                   "'" + std::string(host) +
                       "' would have to be looked up in clear to reach the DNS server; give its "
                       "IP addresses in dns_over_https_options::addresses, or allow plain_dns");
  }
};

inline constexpr std::string_view dns_media_type = "application/dns-message";

template <class T>
class dns_over_https_state {
 public:
  explicit dns_over_https_state(dns_over_https_options& options)
      : server_(url::parse(without_template(options.url))),
        method_(options.method),
        plain_dns_(options.plain_dns) {
    client_options& own = options.client;
    own_resolver_ = own.resolver != nullptr;
    if (!own.timeout) own.timeout = std::chrono::seconds(5);
    own.cookies = nullptr;
    own.user_agent.clear();
    own.accept = dns_media_type;
    own.max_redirects = 0;
    own.max_content = 65535;
    if (server_)
      for (const std::string& address : options.addresses)
        own.resolve.push_back({std::string(server_->host_for_connect()), server_->port(), address});
    if (!own.resolver && plain_dns_ == plain_dns::never)
      own.resolver = std::make_shared<no_plain_dns<>>();
  }

  /// Looks a host up, over plain DNS as well if that is allowed and necessary.
  task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port, stop_token stop) {
    auto found = co_await ask(host, stop);
    if (found || plain_dns_ != plain_dns::as_fallback || stop.stop_requested()) co_return found;
    if (found.error().is(known_reason::host_not_found)) co_return found;
    auto plain = co_await client_->transport().resolve(host, port, stop);
    if (!plain) co_return pass(std::move(plain));
    co_return resolved_host{*std::move(plain)};
  }

  /// Asks for HTTPS records. Returns the message of the server.
  task<result<std::vector<std::byte>>> query_https(std::string host, stop_token stop) {
    if (auto usable = check(host); !usable) co_return pass(std::move(usable));
    auto name = dns::name::parse(host);
    if (!name) co_return pass(std::move(name));
    auto answered = co_await send(*name, dns::record_type::https, stop);
    if (!answered) co_return pass(std::move(answered));
    auto message = message_of(*answered);
    if (!message) co_return pass(std::move(message));
    co_return std::vector<std::byte>(message->begin(), message->end());
  }

  std::optional<client> client_;

 private:
  static std::string_view without_template(std::string_view text) noexcept {
    constexpr std::string_view variable = "{?dns}";
    if (text.ends_with(variable)) text.remove_suffix(variable.size());
    return text;
  }

  /// True for the server's name, and for the name of its HTTPS records (RFC 9460, 2.3).
  bool is_of_server(std::string_view host) const {
    constexpr std::string_view prefix = "._https.";
    if (const auto at = host.find(prefix); at != host.npos) host.remove_prefix(at + prefix.size());
    return ascii::iequals(host, server_->host_for_connect());
  }

  result<void> check(std::string_view host) const {
    if (!server_) return std::unexpected(server_.error());
    if (method_ != method::get && method_ != method::post)
      return fail(error_category::usage, "dns_method",
                  "dns_over_https_options::method is GET or POST");
    if (own_resolver_ && is_of_server(host))
      return fail(error_category::usage, "resolver_asks_itself",
                  "the resolver of dns_over_https_options::client leads back to this one; leave it "
                  "out, and give the server's IP addresses");
    return {};
  }

  task<result<resolved_host>> ask(std::string_view host, stop_token stop) {
    if (auto usable = check(host); !usable) co_return pass(std::move(usable));
    auto name = dns::name::parse(host);
    if (!name) co_return pass(std::move(name));
    auto [v6, v4] = co_await when_all(ask(*name, dns::record_type::aaaa, stop),
                                      ask(*name, dns::record_type::a, stop));
    co_return merge(host, std::move(v6), std::move(v4));
  }

  /// Takes the addresses of both families. One failure counts only if the other family has no
  /// address.
  static result<resolved_host> merge(std::string_view host, result<dns::addresses> v6,
                                     result<dns::addresses> v4) {
    resolved_host all;
    std::uint32_t seconds = INT32_MAX;
    for (const auto* each : {&v6, &v4}) {
      if (!*each || (*each)->found.empty()) continue;
      seconds = std::min(seconds, (*each)->time_to_live);
      for (const auto& address : (*each)->found)
        all.addresses.push_back({.address = address, .is_v6 = each == &v6});
    }
    all.time_to_live = std::chrono::seconds(seconds);
    if (!all.addresses.empty()) return all;
    if (!v6 && (v4 || !v6.error().is(known_reason::host_not_found))) return pass(std::move(v6));
    if (!v4) return pass(std::move(v4));
    return std::unexpected(error(
        error_category::resolve, known_reason::host_not_found,
        "the host name '" + std::string(host) + "' exists and has no address; check its spelling"));
  }

  task<result<cohttps::response>> send(const dns::name& name, dns::record_type type,
                                       stop_token stop) {
    request asking = to_request(dns::make_query(name, type));
    asking.stop = stop;
    co_return co_await client_->try_send(std::move(asking));
  }

  task<result<dns::addresses>> ask(const dns::name& name, dns::record_type type, stop_token stop) {
    auto answered = co_await send(name, type, stop);
    if (!answered) co_return pass(std::move(answered));
    auto message = message_of(*answered);
    if (!message) co_return pass(std::move(message));
    auto parsed = dns::parse_response(*message);
    if (!parsed) co_return pass(std::move(parsed));
    auto found = dns::addresses_of(*parsed, name, type);
    if (!found) co_return found;
    // Time in HTTP caches has passed already (RFC 8484, 5.1).
    found->time_to_live -= std::min(found->time_to_live, age_of(*answered));
    co_return found;
  }

  request to_request(std::string query) const {
    cohttps::url to = *server_;
    if (method_ == method::post) {
      request made{.method = method::post, .url = std::move(to)};
      made.headers.append_unchecked("content-type", dns_media_type);
      made.content = cohttps::content(std::move(query));
      return made;
    }
    // Base64 for URLs, without padding (RFC 8484, 4.1).
    std::string text = to_base64(query);
    text.erase(std::min(text.find('='), text.size()));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    to.append_query("dns", text);
    return {.method = method::get, .url = std::move(to)};
  }

  result<std::span<const std::byte>> message_of(const response& answered) const {
    const std::string who = "the DNS server " + server_->origin().text();
    if (!answered.ok())
      return fail(error_category::resolve, "dns_http_status",
                  who + " answered with the status " + std::to_string(answered.status()) +
                      "; check dns_over_https_options::url");
    const auto type = parse_media_type(answered.header("content-type").value_or(""));
    if (!type || !type->is("application", "dns-message"))
      return fail(error_category::resolve, "dns_content_type",
                  who + " answered with content that is not " + std::string(dns_media_type) +
                      "; check dns_over_https_options::url");
    return answered.bytes();
  }

  static std::uint32_t age_of(const response& answered) noexcept {
    const std::string_view text = answered.header("age").value_or("0");
    std::uint32_t age = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), age);
    return read.ec == std::errc::result_out_of_range ? UINT32_MAX : age;
  }

  result<url> server_;
  method method_;
  plain_dns plain_dns_;
  bool own_resolver_ = false;
};

}  // namespace detail

COHTTPS_DEF dns_over_https::dns_over_https(dns_over_https_options options)
    : state_(std::make_shared<state>(options)) {
  state_->client_.emplace(std::move(options.client));
}

COHTTPS_DEF dns_over_https::dns_over_https(any_transport over, dns_over_https_options options)
    : state_(std::make_shared<state>(options)) {
  state_->client_.emplace(std::move(over), std::move(options.client));
}

COHTTPS_DEF task<result<resolved_host>> dns_over_https::ask_server(state& of, std::string_view host,
                                                                   std::uint16_t port,
                                                                   stop_token stop) {
  return of.resolve(host, port, stop);
}

COHTTPS_DEF task<result<std::vector<std::byte>>> dns_over_https::ask_for_https(state& of,
                                                                               std::string name,
                                                                               stop_token stop) {
  return of.query_https(std::move(name), stop);
}

}  // namespace cohttps
