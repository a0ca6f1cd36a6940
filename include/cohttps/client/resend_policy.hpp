// Whether a request is sent again, and how: one table for all that a server or a network may do.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>

namespace cohttps::detail {

/// Why there is no response, as far as it matters for sending the request again.
enum class failure : std::uint8_t {
  none,             ///< there is a response
  permanent,        ///< a certificate, a policy, the caller's stop, the total timeout, broken HTTP
  temporary,        ///< no connection, no name server, a phase took too long
  connection_lost,  ///< the peer has closed the connection or reset the stream
  http_1_1_required,  ///< RFC 9113, 7
};

/// `connected`: the error came after the request had a connection.
COHTTPS_DECL failure failure_of(const error& e, bool connected) noexcept;

/// The facts after one sending.
struct resend_facts {
  int status = 0;  ///< of the final response; 0: there is none
  failure cause = failure::none;
  replay_safety replay = replay_safety::maybe_processed;  ///< what the error says of this sending
  replay_safety replay_of_attempt = replay_safety::maybe_processed;  ///< and of those before it
  bool repeatable_content = false;  ///< the content can be sent from its beginning again
  bool repeatable_work = false;     ///< idempotent (RFC 9110, 9.2.2), or with an Idempotency-Key
  bool reused_connection = false;   ///< it carried a request before this one
  bool response_began = false;      ///< a byte of the response came
  bool http2 = false;               ///< over a stream, not over a connection of its own
  bool coalesced = false;           ///< over a connection to another origin
  bool expected_continue = false;   ///< sent with `Expect: 100-continue`
  bool refused_often = false;       ///< the peer refuses the request over and over
  bool origin_answerable = false;   ///< a 401 can be answered with other credentials
  bool proxy_answerable = false;    ///< a 407 can be answered
  bool redirects = false;           ///< the response names a place to follow
  bool attempts_left = false;       ///< by `client_options::retry`
};

enum class resend : std::uint8_t {
  no,                 ///< the response, or the error, is the caller's
  follow_redirect,    ///< to where the response leads
  answer_origin,      ///< with credentials for the origin's challenge
  answer_proxy,       ///< with credentials for the proxy's
  without_expect,     ///< RFC 9110, 15.5.18
  to_its_own_origin,  ///< over a connection that is not coalesced (RFC 9110, 15.5.20)
  fresh_connection,   ///< not over one that was idle
  same_way,           ///< at once, over any connection
  over_http1,
  after_delay,       ///< when the retry schedule says so
  content_is_spent,  ///< it would have to be sent again, and its content cannot be
};

/// The statuses that `client_options::retry` sends again.
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
      // RFC 9110, 15.5.9: on a reused connection it is the server's idle timeout, which crossed the
      // request. The server did not act on it.
      if (f.reused_connection && !f.http2 && f.repeatable_content) return resend::fresh_connection;
      break;
    case 417:
      if (f.expected_continue && f.repeatable_content) return resend::without_expect;
      break;
    case 421:
      if (f.coalesced && f.repeatable_content) return resend::to_its_own_origin;
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
  // RFC 9113, 8.7: the peer says that it did not act on the request, whatever that asks for.
  if (by_peer && unprocessed && f.repeatable_content && !f.refused_often)
    return f.cause == failure::http_1_1_required ? resend::over_http1 : resend::same_way;
  // RFC 9110, 9.2.2: a kept connection died without a word.
  if (f.cause == failure::connection_lost && !unprocessed && f.reused_connection &&
      !f.response_began && f.repeatable_work && f.repeatable_content)
    return resend::fresh_connection;
  const bool unsent = f.replay_of_attempt == replay_safety::not_sent;
  const bool worth_it = f.replay_of_attempt == replay_safety::rejected ||
                        ((unsent || f.repeatable_work) &&
                         (f.cause == failure::temporary || f.cause == failure::connection_lost));
  return worth_it && f.attempts_left && f.repeatable_content ? resend::after_delay : resend::no;
}

/// The one decision about what came of a sending.
constexpr resend decide(const resend_facts& f) noexcept {
  return f.status != 0 ? decide_on_response(f) : decide_on_failure(f);
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/resend_policy.ipp>
#endif
