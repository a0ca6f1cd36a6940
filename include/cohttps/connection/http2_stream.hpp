// The streams of an HTTP/2 connection.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/connection/http2_connection.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/connection/multiplexed_stream.hpp>

namespace cohttps::detail {

template <class T>
http_stream_ptr http2_connection<T>::open_stream() {
  return http_stream_ptr(new multiplexed_stream<http2_connection<>>(*this));
}

}  // namespace cohttps::detail

#endif
