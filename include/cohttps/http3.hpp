// HTTP/3 for a client: `cohttps::client c({.http3 = cohttps::make_http3()});`
#pragma once

#ifndef COHTTPS_HAS_NGTCP2
#error "HTTP/3 needs ngtcp2 and nghttp3: define COHTTPS_HAS_NGTCP2 for the program, and link both"
#endif

#include <cohttps/connect/http3_connector.hpp>
#include <cohttps/connect/http3_options.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/datagrams.hpp>
#include <cohttps/transport/asio/https_query.hpp>
#include <cohttps/transport/datagrams.hpp>
#include <cohttps/transport/https_query.hpp>

#include <memory>

namespace cohttps {

namespace detail {

COHTTPS_DECL std::shared_ptr<http3_connector> make_http3(datagram_opener open, https_querier query,
                                                         const http3_options& options);

}  // namespace detail

/// Returns what brings HTTP/3 to clients on a `Transport`. Several clients of one thread may share
/// it.
///
/// With `http_versions::best` such a client uses HTTP/3 with origins that have announced it, by
/// Alt-Svc (RFC 7838) or by an HTTPS record (RFC 9460), or with all if `http3_options::try_first`
/// is set. It uses TCP where UDP does not get through. With `http_versions::http_3` it uses nothing
/// else. Proxies and `unix_socket` carry no UDP, so their requests use TCP. 0-RTT is never used.
template <class Transport = asio_transport>
std::shared_ptr<http3_connector> make_http3(const http3_options& options = {}) {
  return detail::make_http3(&open_datagrams_on<Transport>, detail::https_querier_of<Transport>(),
                            options);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http3.ipp>
#endif
