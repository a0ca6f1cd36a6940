// A request and its response, over either protocol.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http1_connection.hpp>
#include <cohttps/net/http2_exchange.hpp>
#include <cohttps/net/request_view.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::net {

/// `open` on a connection, `ask`, `receive_body` until it gives nothing, `close`; and again. Closed
/// earlier, it ends the connection of HTTP/1.1 and the stream of HTTP/2. The connection outlives
/// what is open.
template <transport Transport>
class message_exchange {
 public:
  message_exchange() = default;
  message_exchange(const message_exchange&) = delete;
  message_exchange& operator=(const message_exchange&) = delete;
  ~message_exchange() { close(); }

  void open(connection<Transport>& over) noexcept {
    close();
    over_ = &over;
    http1_ = over.http1();
#ifdef COHTTPS_HAS_NGHTTP2
    if (!http1_) http2_.emplace(*over.http2(), over.info->tls ? "https" : "http");
#endif
  }
  void close() noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    http2_.reset();
#endif
    if (http1_) http1_->stop_sending();
    http1_ = nullptr;
    over_ = nullptr;
  }

  task<result<void>> ask(const request_view& request, const exchange_paces& paces,
                         deadline<Transport>& limit) {
    return with([&](auto& http) { return http.ask(request, paces, limit); });
  }
  task<result<std::span<const std::byte>>> receive_body(deadline<Transport>& limit) {
    return with([&](auto& http) { return http.receive_body(limit); });
  }
  /// The same where nothing is to be waited for; else, and on any error, nothing.
  std::optional<std::span<const std::byte>> receive_body_at_once() {
    return with([](auto& http) { return http.receive_body_at_once(); });
  }

  /// True while content of the request goes out beside that.
  bool sends() const noexcept {
    return with([](auto& http) { return http.sends(); });
  }

  /// After a switch to another protocol.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) {
    return with([&](auto& http) { return http.receive_raw(stop); });
  }
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) {
    return with([&](auto& http) { return http.send_raw(bytes, stop); });
  }
  /// Ends it below whoever waits for it; what is open stays.
  void hang_up() noexcept {
#ifdef COHTTPS_HAS_NGHTTP2
    if (http2_) return http2_->hang_up();
#endif
    if (http1_) http1_->close();
  }

  response_head take_head() {
    return with([](auto& http) { return http.take_head(); });
  }
  std::optional<std::uint64_t> content_length() const noexcept {
    return with([](auto& http) { return http.content_length(); });
  }
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  bool has_content() const noexcept {
    return over_ && with([](auto& http) { return http.has_content(); });
  }
  /// After the content.
  const fields& trailers() const noexcept {
    return with([](auto& http) -> const fields& { return http.trailers(); });
  }
  /// True once something of the response has come in.
  bool answered() const noexcept {
    return with([](auto& http) { return http.answered(); });
  }
  /// After a complete exchange: whether its connection can carry another one.
  bool reusable() const noexcept {
    return http1_ ? http1_->reusable() : over_->outlives_requests();
  }

 private:
  template <class F>
  decltype(auto) with(F f) const {
#ifdef COHTTPS_HAS_NGHTTP2
    if (!http1_) return f(*http2_);
#endif
    return f(*http1_);
  }

  connection<Transport>* over_ = nullptr;
  http1_connection<Transport>* http1_ = nullptr;
#ifdef COHTTPS_HAS_NGHTTP2
  mutable std::optional<http2_exchange<Transport>> http2_;
#endif
};

}  // namespace cohttps::net
