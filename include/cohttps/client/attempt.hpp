// One sending of a request over a connection of the pool.
#pragma once

#include <cohttps/client/authentication.hpp>
#include <cohttps/client/client_state.hpp>
#include <cohttps/client/coalescing.hpp>
#include <cohttps/client/exchange_state.hpp>
#include <cohttps/client/fields_of_one_sending.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/request_listener.hpp>
#include <cohttps/client/resend_policy.hpp>
#include <cohttps/client/way.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/keep_alive.hpp>
#include <cohttps/net/connector.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http_stream.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/net/request_view.hpp>
#include <cohttps/pool/pool.hpp>
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

namespace cohttps {

/// Sends a request once and receives its response: `choose_way`, `begin`, `send`, and `receive`
/// until it gives an empty part; any number of times, one after another. The operation owns the
/// request, the state and the limits.
class attempt {
 public:
  attempt(client_state& client, request& asked, authentication& shown, exchange_state& found,
          net::deadline& limit) noexcept
      : client_(client),
        request_(asked),
        authentication_(shown),
        state_(found),
        limit_(limit),
        listener_(asked) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  /// By `exchange_state::url`.
  COHTTPS_DECL result<void> choose_way();

  /// Makes a new connection and leaves it to the pool.
  COHTTPS_DECL task<result<connection_info>> connect();

  /// The next sendings count as one attempt.
  COHTTPS_DECL void begin() noexcept;

  /// Sends the request once, over a connection of the pool or a new one; `fresh`: not over an idle
  /// one. `number` is for observers.
  COHTTPS_DECL task<result<void>> send(std::size_t number, bool fresh);

  /// The facts that decide whether the request is sent again. `failed` is the error of the sending,
  /// or null when there is a response.
  COHTTPS_DECL detail::resend_facts facts(const error* failed) const noexcept;

  /// Takes the challenge of a 407. Fails where it cannot be answered.
  COHTTPS_DECL result<void> take_proxy_challenge();
  /// RFC 9110, 15.5.18: the server knows no expectation.
  void expect_no_more() noexcept { refuses_expect_ = true; }
  /// RFC 9110, 15.5.20: a connection of its own may be the right one.
  COHTTPS_DECL void coalesce_no_more();
  COHTTPS_DECL void use_http1();

  /// Counts a refusal, and waits before a server that refuses again and again is asked once more.
  COHTTPS_DECL task<result<void>> abandon_refused(const error& why);

  /// The next part of the content, as it came; an empty one at its end, when the connection has
  /// gone back to the pool.
  COHTTPS_DECL task<result<std::span<const std::byte>>> receive();
  /// The same where nothing is to be waited for; else, and on any error, nothing.
  COHTTPS_DECL std::optional<std::span<const std::byte>> receive_at_once();

  /// After a switch to another protocol.
  COHTTPS_DECL task<result<std::span<const std::byte>>> receive_raw();
  COHTTPS_DECL task<result<void>> send_raw(std::span<const std::byte> bytes);
  bool over_http2() const noexcept { return connection_ && connection_->is_http2(); }

  /// Reads away content that nobody wants, when it is little and comes soon, so that its connection
  /// is kept; otherwise closes it.
  COHTTPS_DECL task<result<void>> drain();

  /// After a switch: ends it below whoever waits for it.
  COHTTPS_DECL void hang_up() noexcept;
  /// Ends what goes on, and with it a connection that nobody else uses.
  COHTTPS_DECL void abandon() noexcept;

  /// True while there is content to receive.
  bool connected() const noexcept { return static_cast<bool>(connection_); }

  /// False where the fields speak of content that does not come, as in an answer to HEAD.
  COHTTPS_DECL bool has_content() const noexcept;

  /// What an error of this attempt means for sending the request again.
  COHTTPS_DECL replay_safety replay_of(const error& e) const noexcept;
  /// The same over all that was sent until now.
  COHTTPS_DECL replay_safety replay_of_all(const error& e) const noexcept;

  /// The error of something that was waited for.
  COHTTPS_DECL error failure(error e) const;

 private:
  static constexpr std::size_t drain_limit = 64 * 1024;
  static constexpr int most_refusals = 5;
  static constexpr net::duration refusal_pause = std::chrono::milliseconds(25);
  static constexpr net::duration drain_time = std::chrono::seconds(1);

  const url& here() const noexcept { return *state_.url; }
  const client_options& options() const noexcept { return client_.options; }
  const timeouts& limits() const noexcept { return client_.options.timeouts; }
  any_transport& transport() noexcept { return client_.transport(); }

  /// Gets a connection from the pool, or makes one for it.
  COHTTPS_DECL task<result<void>> acquire(bool fresh);

  COHTTPS_DECL task<result<void>> make_connection();

  /// True for a switch to another protocol, unless the client speaks HTTP/2 alone or has a
  /// connection that is known to take it.
  COHTTPS_DECL bool upgrades_by_http1() const;

  /// Waits until it is known whether the connection takes other protocols; where it does not, the
  /// next one is of HTTP/1.1.
  COHTTPS_DECL task<result<bool>> check_extended_connect();

  /// Sends the request over `connection_` and waits for the head.
  COHTTPS_DECL task<result<void>> ask(std::size_t number);

  // RFC 6265, 5.4. The fields that the caller wrote come first.
  COHTTPS_DECL void add_cookies();
  COHTTPS_DECL void keep_cookies();
  COHTTPS_DECL result<void> show_credentials(std::string_view target);

  COHTTPS_DECL void took(std::span<const std::byte> part);

  /// The response is complete: its connection can carry another one.
  COHTTPS_DECL void finish();

  COHTTPS_DECL static error canceled();
  /// The peer went away, and had looked at other requests before: that is no refusal.
  COHTTPS_DECL bool came_too_late(const error& e) const noexcept;

  COHTTPS_DECL bool expects_continue() const noexcept;
  COHTTPS_DECL static replay_safety replay_of(const error& e, bool sent) noexcept;

  client_state& client_;
  request& request_;
  authentication& authentication_;
  exchange_state& state_;
  net::deadline& limit_;
  way way_;
  pool::lease<> connection_;
  net::http_stream_ptr http_;
  time_point answered_at_{};
  request_listener listener_;
  bool sent_ = false;                   // a byte of the last sending may have reached a server
  bool sent_any_ = false;               // or of one before it
  std::optional<pool::key> elsewhere_;  // of the connection to another origin that is used
  bool needs_rewind_ = false;           // the content was read for an earlier sending
  bool refuses_expect_ = false;
  int refusals_ = 0;
  bool asked_ = false;  // the last sending had a connection
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/attempt.ipp>
#endif
