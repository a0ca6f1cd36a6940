// Definitions for http3.hpp.
#pragma once

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/connect/quic_connector.hpp>
#include <cohttps/http3.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::shared_ptr<http3_connector> make_http3(datagram_opener open, https_querier query,
                                                        const http3_options& options) {
  return std::make_shared<quic_connecting<>>(open, query, options);
}

}  // namespace cohttps::detail

#endif
