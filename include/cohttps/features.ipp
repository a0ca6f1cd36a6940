// Definitions for features.hpp.
#pragma once

#include <cohttps/features.hpp>
#include <cohttps/http/coding/coding_brotli.hpp>
#include <cohttps/http/coding/coding_zstd.hpp>
#include <cohttps/http/coding/zlib_stream.hpp>
#include <cohttps/http/cookie/public_suffix.hpp>
#include <cohttps/http2/codec.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/url/idna.hpp>

namespace cohttps {

COHTTPS_DEF std::vector<feature> features() {
  return {
      {"Botan", "TLS", tls::library_version()},
      {"Asio", "sockets", detail::asio_version()},
#ifdef COHTTPS_HAS_BROTLI
      {"brotli", "content coding br", detail::brotli_library_version()},
#endif
#ifdef COHTTPS_HAS_IDN2
      {"libidn2", "host names beyond ASCII", detail::idna_library_version()},
#endif
#ifdef COHTTPS_HAS_PSL
      {"libpsl", "public suffixes of cookies", detail::suffix_library_version()},
#endif
#ifdef COHTTPS_HAS_NGHTTP2
      {"nghttp2", "HTTP/2", http2::library_version()},
#endif
#ifdef COHTTPS_HAS_ZLIB
      {"zlib", "content codings gzip and deflate", detail::zlib_library_version()},
#endif
#ifdef COHTTPS_HAS_ZSTD
      {"zstd", "content coding zstd", detail::zstd_library_version()},
#endif
  };
}

}  // namespace cohttps
