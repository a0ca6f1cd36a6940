// The versions of HTTP that a client may use.
#pragma once

#include <cstdint>

namespace cohttps {

/// The versions of HTTP that a client may use.
enum class http_versions : std::uint8_t {
  best,      ///< HTTP/2 if it is built in and TLS negotiates it (ALPN), else HTTP/1.1; HTTP/3 where
             ///< `client_options::http3` knows that the server has it
  http_1_1,  ///< only HTTP/1.1
  http_2,    ///< only HTTP/2; without TLS, with prior knowledge (RFC 9113, 3.3)
  http_3,    ///< only HTTP/3 (RFC 9114); needs `client_options::http3`
};

namespace detail {

#ifdef COHTTPS_HAS_NGHTTP2
inline constexpr bool has_http2 = true;
#else
inline constexpr bool has_http2 = false;
#endif

}  // namespace detail

}  // namespace cohttps
