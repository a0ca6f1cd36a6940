// Finds connections to other origins of the same server that can carry a request (RFC 9113, 9.1.1).
#pragma once

#include <cohttps/connect/dial.hpp>
#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/verify/host_name.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// True if `host` is a name, and the verified certificate of this connection also covers it.
COHTTPS_DECL bool proves(const connection_info& info, std::string_view host);

/// Returns the route of a connection to another origin that may carry the requests of `own`. That
/// connection uses HTTP/2 and the same `tls_context`. It goes without a proxy to the same port and
/// to one of the addresses of the host, and its certificate also covers the host. Returns nothing
/// if there is no such connection, or if `own` has a connection of its own.
COHTTPS_DECL task<std::optional<route>> coalesced(client_state& client, const route& own,
                                                  deadline& limit);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/coalescing.ipp>
#endif
