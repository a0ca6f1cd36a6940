// From a host and a port to a connected stream: name, addresses, policy, race.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/happy_eyeballs.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::net {

/// A stream, whom it reaches, and how long the steps took.
struct dialled {
  COHTTPS_DECL dialled(any_stream s, endpoint e, duration resolving, duration connecting)
      : stream(std::move(s)), peer(std::move(e)), resolve(resolving), connect(connecting) {}

  any_stream stream;
  endpoint peer;
  duration resolve;
  duration connect;
};

namespace detail {

/// The addresses of a host, by what the policy says of them.
struct candidates {
  candidates() = default;

  std::vector<endpoint> allowed;
  std::vector<endpoint> refused;
};

COHTTPS_DECL std::string_view without_brackets(std::string_view host) noexcept;

/// RFC 6761, 6.3: such names mean this machine, whatever a name server says of them. The system
/// knows "localhost" itself, but not everywhere with the dot of the root.
COHTTPS_DECL bool is_below_localhost(std::string_view name) noexcept;

/// The overrides for a host: its own, or else those for any.
COHTTPS_DECL std::vector<const resolve_override*> overrides_of(std::string_view host,
                                                               std::uint16_t port,
                                                               const connect_options& options);

/// The name that stands for `host` in the resolver and in the cache.
COHTTPS_DECL std::string_view name_to_look_up(std::string_view host, std::uint16_t port,
                                              const connect_options& options);

/// The addresses that are known without the resolver; none when it has to be asked.
COHTTPS_DECL std::vector<endpoint> known_addresses(std::string_view host, std::uint16_t port,
                                                   const connect_options& options, time_point now);

COHTTPS_DECL task<result<candidates>> find_candidates(std::string_view host, std::uint16_t port,
                                                      const connect_options& options,
                                                      deadline& limit);

}  // namespace detail

/// The addresses of `host` that may be connected to, in the resolver's order, with `port`: for
/// those who do not connect themselves but tell a proxy where to. See `dial`.
COHTTPS_DECL task<result<std::vector<endpoint>>> resolve_only(std::string_view host,
                                                              std::uint16_t port,
                                                              const connect_options& options,
                                                              deadline& limit);

/// Connects to `host`, a name or an IP literal without brackets, at `port`.
///
/// Where the addresses come from: the option `unix_socket`, then the overrides, then `host` itself
/// where it is a literal, then the cache, then the resolver. Those that the policy allows are
/// raced.
///
/// Errors, all with the phase: `resolve`; `policy` ("address_refused"); `connect`, with every
/// address in `attempts()`; `usage` for options that the transport or the system cannot honour;
/// `timeout` and `canceled` as `limit` says. `host` and `options` are kept until it ends.
COHTTPS_DECL task<result<dialled>> dial(std::string_view host, std::uint16_t port,
                                        const connect_options& options, deadline& limit);

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/dial.ipp>
#endif
