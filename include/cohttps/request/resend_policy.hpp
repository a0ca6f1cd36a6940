// Decides whether and how a request is sent again. `decide` handles all events at servers and in
// networks.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>

namespace cohttps::detail {

/// The cause of a missing response, as far as it matters for sending the request again.
enum class failure : std::uint8_t {
  none,               ///< there is a response
  permanent,          ///< a certificate, a policy, a stop, the total timeout, malformed HTTP
  temporary,          ///< no connection, no name server, the timeout of a phase
  connection_lost,    ///< the peer has closed the connection or reset the stream
  http_1_1_required,  ///< RFC 9113, 7
};

/// `connected` is true if the request had a connection before the error.
COHTTPS_DECL failure failure_of(const error& e, bool connected) noexcept;

/// The facts about a sending.
struct resend_facts {
  int status = 0;  ///< of the final response; 0 if there is none
  failure cause = failure::none;
  replay_safety replay = replay_safety::maybe_processed;  ///< from the error, for this sending
  replay_safety replay_of_attempt = replay_safety::maybe_processed;  ///< for the whole attempt
  bool repeatable_content = false;  ///< the content can be sent from its beginning again
  bool repeatable_work = false;     ///< idempotent (RFC 9110, 9.2.2), or with an Idempotency-Key
  bool reused_connection = false;   ///< the connection existed before this sending
  bool response_began = false;      ///< a byte of the response arrived
  bool http2 = false;               ///< sent over a stream of HTTP/2
  bool by_other_server = false;     ///< over a coalesced connection, or to an alternative service
  bool expected_continue = false;   ///< sent with `Expect: 100-continue`
  bool refused_often = false;       ///< the peer has refused the request several times
  bool origin_answerable = false;   ///< the client can answer the challenge of a 401
  bool proxy_answerable = false;    ///< the client can answer the challenge of a 407
  bool redirects = false;           ///< the response is a redirection that may be followed
  bool attempts_left = false;       ///< `client_options::retry` allows another attempt
};

/// How the client continues after a sending.
enum class resend : std::uint8_t {
  no,                 ///< return the response or the error to the caller
  follow_redirect,    ///< send to the target of the redirection
  answer_origin,      ///< send with an answer to the origin's challenge
  answer_proxy,       ///< send with an answer to the proxy's challenge
  without_expect,     ///< send without an Expect field (RFC 9110, 15.5.18)
  to_its_own_origin,  ///< send over a connection that is not coalesced (RFC 9110, 15.5.20)
  fresh_connection,   ///< send over a connection that was not idle
  same_way,           ///< send at once, over any connection
  over_http1,
  after_delay,       ///< send after the delay of the retry schedule
  content_is_spent,  ///< fail: the content would be needed a second time
};

/// True for the statuses after which `client_options::retry` sends a request again.
constexpr bool is_transient(int status) noexcept {
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

constexpr resend decide_on_response(const resend_facts& f) noexcept {
  switch (f.status) {
    case 401:
      if (f.origin_answerable && f.repeatable_content) return resend::answer_origin;
      break;
    case 407:
      if (!f.proxy_answerable) break;
      return f.repeatable_content ? resend::answer_proxy : resend::content_is_spent;
    case 408:
      // RFC 9110, 15.5.9: on a reused connection, the server's idle timeout has passed while the
      // request was on its way. The server did not act on the request.
      if (f.reused_connection && !f.http2 && f.repeatable_content) return resend::fresh_connection;
      break;
    case 417:
      if (f.expected_continue && f.repeatable_content) return resend::without_expect;
      break;
    case 421:
      if (f.by_other_server && f.repeatable_content) return resend::to_its_own_origin;
      break;
    default:
      break;
  }
  if (is_transient(f.status) && f.attempts_left && f.repeatable_work && f.repeatable_content)
    return resend::after_delay;
  return f.redirects ? resend::follow_redirect : resend::no;
}

constexpr resend decide_on_failure(const resend_facts& f) noexcept {
  const bool unprocessed = f.replay != replay_safety::maybe_processed;
  const bool by_peer = f.cause == failure::connection_lost || f.cause == failure::http_1_1_required;
  // RFC 9113, 8.7: the peer says that it did not act on the request, so any method may be sent
  // again.
  if (by_peer && unprocessed && f.repeatable_content && !f.refused_often)
    return f.cause == failure::http_1_1_required ? resend::over_http1 : resend::same_way;
  // RFC 9110, 9.2.2: the peer closed a reused connection without a response.
  if (f.cause == failure::connection_lost && !unprocessed && f.reused_connection &&
      !f.response_began && f.repeatable_work && f.repeatable_content)
    return resend::fresh_connection;
  const bool unsent = f.replay_of_attempt == replay_safety::not_sent;
  const bool worth_it = f.replay_of_attempt == replay_safety::rejected ||
                        ((unsent || f.repeatable_work) &&
                         (f.cause == failure::temporary || f.cause == failure::connection_lost));
  return worth_it && f.attempts_left && f.repeatable_content ? resend::after_delay : resend::no;
}

/// Decides how the client continues after a sending.
constexpr resend decide(const resend_facts& f) noexcept {
  return f.status != 0 ? decide_on_response(f) : decide_on_failure(f);
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/resend_policy.ipp>
#endif
