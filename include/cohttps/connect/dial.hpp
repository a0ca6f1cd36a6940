// Connects to a host and port: looks up the name, applies the address policy, and races the
// addresses.
#pragma once

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connect/happy_eyeballs.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// A connected stream, its peer, and how long the steps took.
struct dialled {
  COHTTPS_DECL dialled(any_stream s, endpoint e, duration resolving, duration connecting)
      : stream(std::move(s)), peer(std::move(e)), resolve(resolving), connect(connecting) {}

  any_stream stream;
  endpoint peer;
  duration resolve;
  duration connect;
};

/// The addresses of a host: those that the address policy allows, and those that it refuses.
struct candidates {
  candidates() = default;

  std::vector<endpoint> allowed;
  std::vector<endpoint> refused;
};

COHTTPS_DECL std::string_view without_brackets(std::string_view host) noexcept;

/// True for names below "localhost". They always mean this machine, whatever a name server says
/// (RFC 6761, 6.3). Also true for "localhost.", because some systems know only "localhost" without
/// the dot.
COHTTPS_DECL bool is_below_localhost(std::string_view name) noexcept;

/// Returns the overrides for a host; without any, those for all hosts.
COHTTPS_DECL std::vector<const resolve_override*> overrides_of(std::string_view host,
                                                               std::uint16_t port,
                                                               const connect_options& options);

/// Returns the name that the cache and the resolver get for `host`.
COHTTPS_DECL std::string_view name_to_look_up(std::string_view host, std::uint16_t port,
                                              const connect_options& options);

/// Returns the addresses that are known without the resolver; none if the client has to ask the
/// resolver.
COHTTPS_DECL std::vector<endpoint> known_addresses(std::string_view host, std::uint16_t port,
                                                   const connect_options& options, time_point now);

COHTTPS_DECL task<result<candidates>> find_candidates(std::string_view host, std::uint16_t port,
                                                      const connect_options& options,
                                                      deadline& limit);

/// Returns the addresses of `host` that the policy allows, in the resolver's order, with `port`. It
/// makes no connection. Errors as of `dial`.
COHTTPS_DECL task<result<std::vector<endpoint>>> resolve_only(std::string_view host,
                                                              std::uint16_t port,
                                                              const connect_options& options,
                                                              deadline& limit);

/// Connects to `host` and `port`. `host` is a name or an IP literal without brackets.
///
/// The addresses come from the first of these that has some: the option `unix_socket`, the
/// overrides, `host` itself if it is a literal or below "localhost", the cache, the resolver.
/// `connect_race` connects to one of those that the policy allows.
///
/// Errors, all with the phase: `resolve`; `policy` ("address_refused"); `connect`, with every
/// address in `attempts()`; `usage` for options that the system does not support; `timeout` and
/// `canceled`, depending on `limit`. Without a phase: `usage` ("not_supported_by_transport"). The
/// caller keeps `host` and `options` until the task has ended.
COHTTPS_DECL task<result<dialled>> dial(std::string_view host, std::uint16_t port,
                                        const connect_options& options, deadline& limit);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/dial.ipp>
#endif
