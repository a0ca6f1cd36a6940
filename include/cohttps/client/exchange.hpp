// A request's way through redirections, connections and retries to its response.
#pragma once

#include <cohttps/client/attempt.hpp>
#include <cohttps/client/authentication.hpp>
#include <cohttps/client/client_state.hpp>
#include <cohttps/client/decoding.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/remote_stop.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/request_fields.hpp>
#include <cohttps/client/resend_policy.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/redirect.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohttps {

/// One call of the client: `open` until the final response's head is there, then `read` until it
/// gives nothing; or `connect` for no request at all. Not movable: deadlines and waits point into
/// it.
template <class = void>
class exchange final : public open_exchange {
  using part = std::span<const std::byte>;

 public:
  exchange(std::shared_ptr<client_state> client, request&& r)
      : client_(std::move(client)),
        request_(std::move(r)),
        limit_(client_->deadlines, request_.timeout ? request_.timeout : client_->options.timeout,
               request_.stop, request_.race),
        remote_(client_->transport(), request_.remote, limit_.entry()),
        started_(limit_.last()),
        authentication_(client_->options, client_->digests),
        attempt_(*client_, request_, authentication_, state_, limit_) {
    client_->operations.begin();
  }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange() override { end(); }

  /// Follows redirections and repeats what may be repeated.
  task<result<void>> open();

  /// What comes now is no part of the race any more.
  void leave_race() noexcept;

  task<result<part>> read() override;

  task<result<void>> write(std::span<const std::byte> bytes) override;

  /// How much of the operation's time limit is left; empty when it has none.
  std::optional<std::chrono::nanoseconds> time_left() const;

  /// For content that is collected: its source has to keep up the client's minimum rate.
  void demand_rate() noexcept;

  /// Ends the operation with an error that was found by who reads the content.
  error give_up(error e);

  std::size_t max_content() const noexcept;
  activity& operations() noexcept { return client_->operations; }
  /// False where the fields speak of content that does not come, as in an answer to HEAD.
  bool has_content() const noexcept;
  exchange_state&& take_state() noexcept { return std::move(state_); }

  /// Makes a connection and leaves it to the pool.
  task<result<connection_info>> connect();

 private:
  using at_work = activity::guard;

  std::optional<part> read_at_once();
  task<result<part>> wait_and_read();

  /// Received and, where it is coded, decoded.
  task<result<part>> next_part();

  /// A read whose coroutine is destroyed while it waits may have taken bytes that nobody gets.
  struct reading {
    explicit reading(exchange& e) noexcept : of(e) {}
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (!over) of.give_up_reading();
    }
    exchange& of;
    bool over = false;
  };
  void give_up_reading();

  /// RFC 9110, 6.4.1. Without content, its coding is no matter, even one that is not known.
  bool may_have_content() const noexcept;

  /// RFC 9110, 7.8: a server switches to a protocol that it was asked for, or not at all.
  result<void> check_switch();

  const cohttps::url& here() const noexcept { return *state_.url; }
  const client_options& options() const noexcept { return client_->options; }
  const timeouts& limits() const noexcept { return client_->options.timeouts; }
  any_transport& transport() noexcept { return client_->transport(); }

  result<void> begin();

  /// Sends the request, and sends it again for as long as `detail::decide` says so.
  task<result<void>> run();

  detail::resend_facts facts(const result<void>& sent, const retry_schedule& schedule) const;

  /// With what the error means for sending the request again.
  result<void> concluded(result<void> sent) const;

  static std::unexpected<error> content_is_spent();

  std::optional<std::chrono::nanoseconds> next_delay(const retry_schedule& schedule,
                                                     const result<void>& sent);

  std::size_t max_redirects() const noexcept;

  /// Where the response leads; nothing when it names no place.
  result<std::optional<redirection>> read_redirection() const;

  /// Turns the request into the one that the redirection asks for.
  result<void> apply(redirection redirect);

  /// Before the first sending to an origin: connection, credentials, and the fields that a
  /// redirection has taken away.
  result<void> begin_at_origin();

  void finish();

  /// A key that nobody else has (RFC 9562's version 4), for work that must not be done twice.
  void add_idempotency_key();

  static error canceled();
  /// The error as the caller gets it, once.
  error ended(error e);
  void end() noexcept;

  std::shared_ptr<client_state> client_;
  request request_;
  net::deadline limit_;
  remote_stop remote_;
  time_point started_;
  authentication authentication_;
  attempt attempt_;
  decoding decoding_;
  std::optional<error> failed_;
  bool decodes_ = false;   // codings were asked for by us, not by the caller
  bool own_key_ = false;   // the Idempotency-Key is this exchange's, for the place it goes to now
  bool switched_ = false;  // to the protocol that was asked for
  bool running_ = true;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/exchange.ipp>
#endif
