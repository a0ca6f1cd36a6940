// Sends one request, follows redirections, repeats the request where that is allowed, and returns
// the response.
#pragma once

#include <cohttps/client/operation.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/redirect.hpp>
#include <cohttps/request/attempt.hpp>
#include <cohttps/request/authentication.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/decoding.hpp>
#include <cohttps/request/request_fields.hpp>
#include <cohttps/request/resend_policy.hpp>
#include <cohttps/request/std_stop_bridge.hpp>
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

namespace cohttps::detail {

/// One operation of the client. The caller calls `open`, which ends with the head of the final
/// response, and then `read` until it returns an empty part. For an operation without a request it
/// calls only `connect`. An exchange cannot be moved, because deadlines and waits point into it.
template <class = void>
class exchange final : public open_exchange {
  using part = std::span<const std::byte>;

 public:
  /// `upgrade_to` is the protocol to switch to, or empty.
  exchange(std::shared_ptr<client_state> client, request&& r, const operation_stops& stops,
           std::string upgrade_to = {})
      : client_(std::move(client)),
        request_(std::move(r)),
        upgrade_to_(std::move(upgrade_to)),
        limit_(client_->deadlines, request_.timeout ? request_.timeout : client_->options.timeout,
               request_.stop, stops.race),
        remote_(client_->transport(), stops.of_threads, limit_.entry()),
        started_(limit_.cached_now()),
        authentication_(client_->options, client_->authentication_memory),
        attempt_(*client_, request_, upgrade_to_, authentication_, state_, limit_) {
    if (request_.timeouts) limit_.use(*request_.timeouts);
    client_->operations.begin(client_->transport());
  }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange() override { end(); }

  /// Sends the request and waits for the head of the final response. Follows redirections, and
  /// repeats the request where that is allowed.
  task<result<void>> open();

  /// From now on the tokens in `operation_stops::race` no longer stop the exchange.
  void leave_race() noexcept;

  task<result<part>> read() override;

  task<result<void>> write(std::span<const std::byte> bytes) override;

  void hang_up() noexcept override;

  /// Removes the total limit of the operation.
  void lift_time_limit() override;

  /// Returns the rest of the operation's total limit; nothing without such a limit.
  std::optional<std::chrono::nanoseconds> time_left() const;

  /// Requires the client's minimum rate for the content of the response, if the request has no rate
  /// of its own. Not for streams.
  void demand_rate() noexcept;

  /// Ends the operation with an error that the reader of the content has found.
  error give_up(error e);

  std::size_t max_content() const noexcept;
  running_operations& operations() noexcept { return client_->operations; }
  /// True if content of the length in Content-Length follows. False in a response to HEAD.
  bool has_content() const noexcept;
  response_metadata&& take_state() noexcept { return std::move(state_); }

  /// Makes a connection for later requests, and sends no request.
  task<result<connection_info>> connect();

 private:
  using at_work = running_operations::guard;

  std::optional<part> read_at_once();
  /// Reads no faster than `request::max_rate` says.
  task<result<part>> read_at_rate();
  task<result<part>> wait_and_read();
  /// Waits for bytes, or for the end of sending, after a switch to another protocol. No phase
  /// limits the time.
  task<result<part>> wait_and_read_raw();
  task<result<void>> wait_and_write(task<result<void>> sending);

  /// Receives the next part of the content, and decodes it if it has a coding.
  task<result<part>> next_part();

  /// Guards a read. If the coroutine of the read is destroyed while it waits, received bytes may be
  /// lost. The rest of the content then cannot be read.
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

  /// False for a response that cannot have content (RFC 9110, 6.4.1). Its content coding does not
  /// matter, even if it is unknown.
  bool may_have_content() const noexcept;

  /// Checks that the server switches only to the protocol that the request asked for (RFC 9110,
  /// 7.8).
  result<void> check_switch();

  const cohttps::url& here() const noexcept { return *state_.url; }
  const client_options& options() const noexcept { return client_->options; }
  const timeouts& limits() const noexcept {
    return request_.timeouts ? *request_.timeouts : client_->options.timeouts;
  }
  any_transport& transport() noexcept { return client_->transport(); }

  result<void> begin();

  /// Sends the request, and repeats it for as long as `decide` says so.
  task<result<void>> run();

  resend_facts facts(const result<void>& sent, const retry_schedule& schedule) const;

  /// Adds to an error how safe it is to send the request again.
  result<void> concluded(result<void> sent) const;

  static std::unexpected<error> content_is_spent();

  std::optional<std::chrono::nanoseconds> next_delay(const retry_schedule& schedule,
                                                     const result<void>& sent);

  std::size_t max_redirects() const noexcept;

  /// Returns the target of the redirection; nothing if the response has no Location. Fails with
  /// limit "too_many_redirects", and with the errors of `follow_redirect`.
  result<std::optional<redirection>> read_redirection() const;

  /// Changes the request into the one that the redirection asks for.
  result<void> apply(redirection redirect);

  /// Prepares the first sending to an origin: chooses the route and the credentials, and adds the
  /// fields that a redirection has removed.
  result<void> begin_at_origin();

  void finish();

  /// Adds a unique key (a UUID of version 4, RFC 9562) to a request whose work must not be done
  /// twice.
  void add_idempotency_key();

  static error canceled();
  /// Ends the operation, and completes the error for the caller. Only the first call has an effect.
  error ended(error e);
  void end() noexcept;

  std::shared_ptr<client_state> client_;
  request request_;
  const std::string upgrade_to_;
  deadline limit_;
  std_stop_bridge remote_;
  time_point started_;
  time_point read_due_ = time_point::min();  // of the next read, with a maximum rate
  authentication authentication_;
  attempt attempt_;
  decoding decoding_;
  std::optional<error> failed_;
  bool decodes_ = false;   // the client asked for codings, not the caller
  bool own_key_ = false;   // the exchange added the Idempotency-Key for the current URL
  bool switched_ = false;  // the server has switched to the requested protocol
  bool running_ = true;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/exchange.ipp>
#endif
