// Definitions for dial.hpp.
#pragma once

#include <cohttps/connect/dial.hpp>

namespace cohttps::detail {
COHTTPS_DEF std::string_view without_brackets(std::string_view host) noexcept {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

COHTTPS_DEF bool is_below_localhost(std::string_view name) noexcept {
  if (ascii::iequals(name, "localhost.")) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  constexpr std::string_view domain = ".localhost";
  return name.size() > domain.size() &&
         ascii::iequals(name.substr(name.size() - domain.size()), domain);
}

COHTTPS_DEF std::vector<const resolve_override*> overrides_of(std::string_view host,
                                                              std::uint16_t port,
                                                              const connect_options& options) {
  std::vector<const resolve_override*> own, any;
  for (const resolve_override& o : options.resolve) {
    if (o.port != port) continue;
    const std::string_view name = without_brackets(o.host);
    if (name == "*")
      any.push_back(&o);
    else if (ascii::iequals(name, host))
      own.push_back(&o);
  }
  return own.empty() ? any : own;
}

COHTTPS_DEF std::string_view name_to_look_up(std::string_view host, std::uint16_t port,
                                             const connect_options& options) {
  const auto overrides = overrides_of(host, port, options);
  return overrides.empty() ? host : without_brackets(overrides.front()->address);
}

COHTTPS_DEF std::vector<endpoint> known_addresses(std::string_view host, std::uint16_t port,
                                                  const connect_options& options, time_point now) {
  std::vector<endpoint> known;
  const auto add_literal = [&](std::string_view text) {
    if (const auto literal = parse_address(without_brackets(text))) known.push_back(*literal);
  };
  if (!options.unix_socket.empty()) {
    known.push_back(unix_endpoint(options.unix_socket));
    return known;
  }
  for (const resolve_override* o : overrides_of(host, port, options)) add_literal(o->address);
  const std::string_view name = name_to_look_up(host, port, options);
  if (known.empty()) add_literal(name);
  if (known.empty() && is_below_localhost(name)) {
    add_literal("127.0.0.1");
    add_literal("::1");
  }
  if (known.empty() && options.dns)
    if (auto cached = options.dns->lookup(name, now)) known = *std::move(cached);
  for (endpoint& e : known) e.port = port;
  return known;
}

COHTTPS_DEF task<result<candidates>> find_candidates(std::string_view host, std::uint16_t port,
                                                     const connect_options& options,
                                                     deadline& limit) {
  const time_point started = limit.now();
  limit.enter(phase::resolve, options.connect_timeout);
  auto all = known_addresses(host, port, options, started);
  if (all.empty()) {
    const std::string_view name = name_to_look_up(host, port, options);
    std::optional<duration> valid;
    auto asked = options.resolver ? options.resolver->look_up(name, port, limit.token(), valid)
                                  : limit.transport().resolve(name, port, limit.token());
    auto found = co_await std::move(asked);
    if (!found) co_return std::unexpected(limit.explain(std::move(found).error()));
    notify(limit.observers(), &observer::on_resolved,
           events::resolved{host, *found, limit.now() - started});
    if (options.dns) options.dns->store(name, *found, limit.now(), valid);
    all = *std::move(found);
  }
  candidates sorted;
  for (endpoint& e : all)
    (options.addresses.allows(e) ? sorted.allowed : sorted.refused).push_back(std::move(e));
  if (!sorted.allowed.empty()) co_return std::move(sorted);

  std::string names;
  for (const endpoint& e : sorted.refused) names += (names.empty() ? "" : ", ") + address_text(e);
  error refused(error_category::policy, "address_refused",
                "the address policy allows none of the addresses of '" + std::string(host) +
                    "': " + names + "; change the option addresses if it should");
  co_return std::unexpected(limit.explain(std::move(refused)));
}

COHTTPS_DEF task<result<std::vector<endpoint>>> resolve_only(std::string_view host,
                                                             std::uint16_t port,
                                                             const connect_options& options,
                                                             deadline& limit) {
  auto found = co_await find_candidates(host, port, options, limit);
  if (!found) co_return pass(std::move(found));
  co_return std::move(found->allowed);
}

COHTTPS_DEF task<result<dialled>> dial(std::string_view host, std::uint16_t port,
                                       const connect_options& options, deadline& limit) {
  const bool needs_options = !options.unix_socket.empty() || options.socket != socket_options();
  if (needs_options && !limit.transport().is_socket_transport())
    co_return fail(error_category::usage, "not_supported_by_transport",
                   "the options socket and unix_socket are not supported by this transport; leave "
                   "them out, or give it what the concept socket_transport asks for");

  const time_point started = limit.now();
  auto found = co_await find_candidates(host, port, options, limit);
  if (!found) co_return pass(std::move(found));
  const time_point resolved = limit.now();

  limit.enter(phase::connect, options.connect_timeout);
  connect_race race(limit.transport(), std::move(found->allowed), options.socket,
                    options.attempt_delay);
  auto stream = co_await race.run(limit.token());
  if (stream)
    co_return dialled(*std::move(stream), race.winner(), resolved - started,
                      limit.now() - resolved);

  error failed = limit.explain(std::move(stream).error());
  std::vector<error::attempt> attempts = failed.attempts();
  for (const endpoint& e : found->refused)
    attempts.push_back({to_string(e), "not tried: the address policy refuses it"});
  failed.attempts(std::move(attempts));
  if (options.dns && failed.category() != error_category::canceled)
    options.dns->forget(name_to_look_up(host, port, options));
  co_return std::unexpected(std::move(failed));
}

}  // namespace cohttps::detail
