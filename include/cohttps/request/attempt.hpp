// Sends a request once, over a connection from the pool.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response_metadata.hpp>
#include <cohttps/connect/connector.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/keep_alive.hpp>
#include <cohttps/pool/pool.hpp>
#include <cohttps/request/authentication.hpp>
#include <cohttps/request/choose_route.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/coalescing.hpp>
#include <cohttps/request/fields_of_one_sending.hpp>
#include <cohttps/request/request_listener.hpp>
#include <cohttps/request/resend_policy.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// Sends a request once and receives its response. The caller calls `choose_route`, `begin` and
/// `send`, and then `receive` until it returns an empty part. It may repeat this any number of
/// times. The operation owns the request, the state and the limits.
class attempt {
 public:
  attempt(client_state& client, request& asked, const std::string& upgrade_to,
          authentication& shown, response_metadata& found, deadline& limit) noexcept
      : client_(client),
        request_(asked),
        upgrade_to_(upgrade_to),
        authentication_(shown),
        state_(found),
        limit_(limit),
        listener_(asked) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  /// Chooses the route to `response_metadata::url`.
  COHTTPS_DECL result<void> choose_route();

  /// Makes a new connection, gives it to the pool for later requests, and returns its properties.
  /// Uses an existing one instead if that is in use and can carry more requests (HTTP/2).
  COHTTPS_DECL task<result<connection_info>> connect();

  /// Begins an attempt. The sendings until the next `begin` belong to it.
  COHTTPS_DECL void begin() noexcept;

  /// Sends the request once and waits for the head of the response. With `fresh`, it does not use
  /// an idle connection. `number` is the number of the attempt, for observers.
  COHTTPS_DECL task<result<void>> send(std::size_t number, bool fresh);

  /// Returns the facts that decide whether the request is sent again. `failed` is the error of the
  /// sending, or null if there is a response.
  COHTTPS_DECL resend_facts facts(const error* failed) const noexcept;

  /// Stores the challenge of a 407 response. Fails if the client cannot answer it.
  COHTTPS_DECL result<void> take_proxy_challenge();
  /// After a 417 response (RFC 9110, 15.5.18): later sendings have no Expect field.
  void expect_no_more() noexcept { refuses_expect_ = true; }
  /// After a 421 response (RFC 9110, 15.5.20): later requests to this origin use a connection of
  /// their own.
  COHTTPS_DECL void coalesce_no_more();
  COHTTPS_DECL result<void> use_http1();

  /// Ends a sending that the peer refused, and counts the refusal. From the second refusal on it
  /// waits before it returns.
  COHTTPS_DECL task<result<void>> abandon_refused(const error& why);

  /// Returns the next part of the content without decoding it; an empty part at the end. The
  /// attempt has then given back its connection.
  COHTTPS_DECL task<result<std::span<const std::byte>>> receive();
  /// The same without waiting. Returns nothing if it would have to wait, and on any error.
  COHTTPS_DECL std::optional<std::span<const std::byte>> receive_at_once();

  /// Receives or sends bytes after a switch to another protocol.
  COHTTPS_DECL task<result<std::span<const std::byte>>> receive_raw();
  COHTTPS_DECL task<result<void>> send_raw(std::span<const std::byte> bytes);
  bool over_http2() const noexcept { return connection_ && connection_->has_streams(); }

  /// Reads and drops the rest of the content, so that the connection can be kept. Calls `abandon`
  /// if the rest is too large or arrives too slowly. Fails only if the operation was stopped, or if
  /// its total limit has passed.
  COHTTPS_DECL task<result<void>> drain();

  /// After a switch to another protocol: ends the connection or the stream, although coroutines may
  /// still wait for it.
  COHTTPS_DECL void hang_up() noexcept;
  /// Ends the exchange. An HTTP/1.1 connection is closed; an HTTP/2 connection goes back to the
  /// pool.
  COHTTPS_DECL void abandon() noexcept;

  /// True while the attempt has a connection, because there is content to receive.
  bool connected() const noexcept { return static_cast<bool>(connection_); }

  /// True if content of the length in Content-Length follows. False in a response to HEAD.
  COHTTPS_DECL bool has_content() const noexcept;

  /// Returns how safe it is to send the request again after the error `e` of this attempt.
  COHTTPS_DECL replay_safety replay_of(const error& e) const noexcept;
  /// The same, but it considers all sendings of the operation.
  COHTTPS_DECL replay_safety replay_of_all(const error& e) const noexcept;

  /// Adds to an error the phase, the timeout, and whether the connection was reused.
  COHTTPS_DECL error failure(error e) const;

 private:
  static constexpr std::size_t drain_limit = 64 * 1024;
  static constexpr int most_refusals = 5;
  static constexpr duration refusal_pause = std::chrono::milliseconds(25);
  static constexpr duration drain_time = std::chrono::seconds(1);

  const url& here() const noexcept { return *state_.url; }
  const client_options& options() const noexcept { return client_.options; }
  const timeouts& limits() const noexcept {
    return request_.timeouts ? *request_.timeouts : client_.options.timeouts;
  }
  any_transport& transport() noexcept { return client_.transport(); }

  /// Gets a connection from the pool, or makes a new one.
  COHTTPS_DECL task<result<void>> acquire(bool fresh);

  COHTTPS_DECL task<result<void>> make_connection();
  COHTTPS_DECL void take_timings(const connect_timings& took) noexcept;

#ifdef COHTTPS_HAS_NGTCP2
  /// True if the origin speaks HTTP/3, and has only connections over TCP.
  COHTTPS_DECL bool may_move_to_http3() const;

  /// Makes a connection over HTTP/3 beside those over TCP, so that this request and the next ones
  /// use it. Returns false if there is none; the request then uses the others.
  COHTTPS_DECL task<result<bool>> move_to_http3();
#endif

  /// True if the request switches to another protocol over HTTP/1.1: `client_options::versions`
  /// allows HTTP/1.1, and no connection to the origin supports extended CONNECT.
  COHTTPS_DECL bool upgrades_by_http1() const;

  /// Waits until it is known whether the connection supports extended CONNECT (RFC 8441), and
  /// returns the answer. If it is false, gives the connection back and restricts the route to
  /// HTTP/1.1.
  COHTTPS_DECL task<result<bool>> check_extended_connect();

  /// Sends the request over `connection_` and waits for the head of the response.
  COHTTPS_DECL task<result<void>> ask(std::size_t number);

  // RFC 6265, 5.4. If the caller wrote a Cookie field, `add_cookies` adds none.
  COHTTPS_DECL void add_cookies();
  COHTTPS_DECL void keep_cookies();
  COHTTPS_DECL void learn_hsts();
#ifdef COHTTPS_HAS_NGTCP2
  COHTTPS_DECL void learn_alternatives();
#endif
  COHTTPS_DECL result<void> show_credentials();

  COHTTPS_DECL void took(std::span<const std::byte> part);

  /// Ends a complete exchange. Gives its connection back if that can carry another one.
  COHTTPS_DECL void finish();

  COHTTPS_DECL static error canceled();
  /// True if the peer is closing the connection and has accepted earlier requests on it. The peer
  /// then did not refuse this request: the request came too late.
  COHTTPS_DECL bool came_too_late(const error& e) const noexcept;

  COHTTPS_DECL bool expects_continue() const noexcept;
  COHTTPS_DECL static replay_safety replay_of(const error& e, bool sent) noexcept;

  client_state& client_;
  request& request_;
  const std::string& upgrade_to_;  // the protocol to switch to, or empty
  authentication& authentication_;
  response_metadata& state_;
  deadline& limit_;
  route route_;
  std::unique_ptr<forward_login> login_;  // for a proxy that receives the request itself
  pool::lease<> connection_;
  http_stream_ptr http_;
  time_point answered_at_{};
  request_listener listener_;
  bool sent_ = false;               // a byte of the last sending may have reached a server
  bool sent_any_ = false;           // the same for any sending
  std::optional<route> coalesced_;  // the route of the coalesced connection in use
  bool needs_rewind_ = false;       // an earlier sending has read the content
  bool refuses_expect_ = false;
  int refusals_ = 0;
  bool had_connection_ = false;    // the last sending had a connection
  bool left_alternative_ = false;  // the answer over HTTP/3 was 421
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/attempt.ipp>
#endif
