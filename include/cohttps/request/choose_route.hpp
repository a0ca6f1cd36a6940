// Chooses the route of a request.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/request/tls_contexts.hpp>
#include <cohttps/url/url.hpp>

namespace cohttps::detail {

/// Returns the route to `to` that follows from the client's options. For `may_identify` see
/// `tls_contexts::to_origin`.
COHTTPS_DECL result<route> choose_route(const url& to, const client_options& options,
                                        tls_contexts& contexts, bool may_identify);

#ifdef COHTTPS_HAS_NGTCP2
/// Fails with usage if the client cannot use HTTP/3 for this route.
COHTTPS_DECL result<void> check_http3(const route& to, const client_options& options);
#endif

/// Restricts a route to HTTP/1.1. Fails with policy "http_1_1_needed" if the client's options allow
/// only HTTP/2.
COHTTPS_DECL result<void> restrict_to_http1(route& chosen);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/choose_route.ipp>
#endif
