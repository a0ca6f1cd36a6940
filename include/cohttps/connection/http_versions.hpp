// Which versions of HTTP are spoken.
#pragma once

#include <cstdint>

namespace cohttps {

/// Which versions of HTTP are spoken.
enum class http_versions : std::uint8_t {
  best,      ///< HTTP/2 where it is built in and TLS agrees on it (ALPN), else HTTP/1.1
  http_1_1,  ///< HTTP/1.1 alone
  http_2,    ///< HTTP/2 alone; without TLS the server is known to speak it (RFC 9113, 3.3)
};

namespace detail {

#ifdef COHTTPS_HAS_NGHTTP2
inline constexpr bool has_http2 = true;
#else
inline constexpr bool has_http2 = false;
#endif

}  // namespace detail

}  // namespace cohttps
