// Requests that go over a connection to another origin of the same server (RFC 9113, 9.1.1).
#pragma once

#include <cohttps/client/client_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/dial.hpp>
#include <cohttps/pool/key.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/host_name.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// Whether the certificate that was verified for this connection is for `host` too, a name.
COHTTPS_DECL bool proves(const connection_info& info, std::string_view host);

}  // namespace detail

/// The key of a connection that may carry what `own` would: HTTP/2 under the same `tls_context`,
/// directly to the same port of one of the addresses of the host, with a certificate that is for it
/// too. Nothing where there is none, or when `own` has a connection of its own.
COHTTPS_DECL task<std::optional<pool::key>> coalesced(client_state& client, const pool::key& own,
                                                      net::deadline& limit);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/coalescing.ipp>
#endif
