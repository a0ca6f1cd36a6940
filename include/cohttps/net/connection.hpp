// A connection to an origin, as the pool keeps it.
#pragma once

#include <cohttps/http1/limits.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/net/http1_connection.hpp>
#include <cohttps/net/http2_connection.hpp>
#include <cohttps/net/http2_options.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

namespace cohttps::net {

/// One of HTTP/1.1 or of HTTP/2, and what the pool asks of either.
template <transport Transport>
class connection {
 public:
  using channel_type = channel<typename Transport::stream_type>;

  connection(channel_type bytes, const http1::limits& bounds, strictness how,
             std::shared_ptr<const connection_info> about)
      : info(std::move(about)),
        http_(std::in_place_type<http1_connection<Transport>>, std::move(bytes), bounds, how) {}
#ifdef COHTTPS_HAS_NGHTTP2
  connection(channel_type bytes, const http2::limits& bounds, const http2_options& how,
             Transport transport, std::shared_ptr<const connection_info> about)
      : info(std::move(about)),
        http_(std::in_place_type<http2_connection<Transport>>, std::move(bytes), bounds, how,
              std::move(transport)) {}
#endif
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    std::visit([](auto& http) { http.close(); }, http_);
  }

  /// False when the peer has closed the idle connection, or has spoken unasked.
  bool usable() noexcept {
    return std::visit([](auto& http) { return http.usable(); }, http_);
  }

  /// To be called when it becomes idle.
  void release_memory() noexcept {
    if (auto* h1 = http1()) h1->release_memory();
  }

  /// Requests that it carries at a time.
  std::size_t capacity() const noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (const auto* h2 = http2()) return h2->capacity();
#endif
    return 1;
  }

  /// True when a request can be given up without harm to the connection.
  bool outlives_requests() const noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (const auto* h2 = http2()) return h2->reusable();
#endif
    return false;
  }

  /// The peer is going away, and has looked at one of the requests at least.
  bool took_some() const noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (const auto* h2 = http2()) return h2->took_some();
#endif
    return false;
  }

  bool is_http2() const noexcept { return http_.index() == 1; }

  /// True once it is known that other protocols can be spoken over a stream (RFC 8441).
  bool takes_extended_connect() const noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (const auto* h2 = http2()) return h2->takes_extended_connect();
#endif
    return false;
  }

  /// Calls `f(a, b)` from the loop whenever the capacity has changed.
  void on_capacity([[maybe_unused]] void (*f)(void*, void*), [[maybe_unused]] void* a,
                   [[maybe_unused]] void* b) noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (auto* h2 = http2()) h2->on_capacity(f, a, b);
#endif
  }

  /// Null when it is of the other protocol.
  http1_connection<Transport>* http1() noexcept {
    return std::get_if<http1_connection<Transport>>(&http_);
  }
#ifdef COHTTPS_HAS_NGHTTP2
  http2_connection<Transport>* http2() noexcept {
    return std::get_if<http2_connection<Transport>>(&http_);
  }
  const http2_connection<Transport>* http2() const noexcept {
    return std::get_if<http2_connection<Transport>>(&http_);
  }
#endif

  const std::shared_ptr<const connection_info> info;  // shared with the responses
  std::size_t exchanges = 0;                          // complete ones

 private:
#ifdef COHTTPS_HAS_NGHTTP2
  std::variant<http1_connection<Transport>, http2_connection<Transport>> http_;
#else
  std::variant<http1_connection<Transport>> http_;
#endif
};

}  // namespace cohttps::net
