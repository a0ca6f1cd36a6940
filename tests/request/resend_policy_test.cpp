// The decision about sending a request again: a table of examples, and what must hold for every
// combination of facts.
#include <cohttps/request/resend_policy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>

using namespace cohttps;
using namespace cohttps::detail;
using enum cohttps::replay_safety;

namespace {

error failed(error_category category, replay_safety replay, std::string_view reason = "x",
             phase during = phase::none) {
  error e(category, reason, "x");
  e.replay(replay).during(during);
  return e;
}

/// Everything else speaks for sending again.
resend_facts willing(int status) {
  return {
      .status = status, .repeatable_content = true, .repeatable_work = true, .attempts_left = true};
}

/// Calls `f` with each combination of facts.
template <class F>
void for_each_fact(F f) {
  for (const int status : {0, 200, 204, 302, 401, 403, 407, 408, 417, 421, 429, 500, 503})
    for (const auto cause : {failure::none, failure::permanent, failure::temporary,
                             failure::connection_lost, failure::http_1_1_required}) {
      if ((status == 0) == (cause == failure::none)) continue;
      for (const auto replay : {maybe_processed, not_sent, rejected})
        for (const auto of_attempt : {maybe_processed, not_sent, rejected})
          for (unsigned bits = 0; bits < 1u << 11; ++bits) {
            const auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
            f(resend_facts{status, cause, replay, of_attempt, bit(0), bit(1), bit(2), bit(3),
                           bit(4), bit(5), bit(6), bit(7), bit(8), bit(9),
                           (status == 302) && bit(10), bit(10)});
          }
    }
}

}  // namespace

TEST_CASE("what an error means for sending again") {
  using enum error_category;
  const struct {
    error why;
    bool connected;
    failure meaning;
  } rows[] = {
      {failed(connect, not_sent), false, failure::temporary},
      {failed(peer_closed, not_sent), false, failure::temporary},
      {failed(peer_closed, not_sent), true, failure::connection_lost},
      {failed(resolve, not_sent, "resolver_failed"), false, failure::temporary},
      {error(resolve, known_reason::host_not_found, "x"), false, failure::permanent},
      {failed(timeout, maybe_processed, "phase_timeout", phase::receive_head), true,
       failure::temporary},
      {failed(timeout, not_sent, "phase_timeout", phase::queue), false, failure::permanent},
      {error(timeout, known_reason::total_timeout, "x"), true, failure::permanent},
      {error(protocol, known_reason::http_1_1_required, "x"), true, failure::http_1_1_required},
      {failed(protocol, rejected), true, failure::permanent},
      {failed(canceled, not_sent), false, failure::permanent},
      {failed(certificate, not_sent), false, failure::permanent},
      {failed(tls, not_sent), false, failure::permanent},
      {failed(policy, not_sent), false, failure::permanent},
      {failed(usage, not_sent), false, failure::permanent},
      {failed(limit, maybe_processed), true, failure::permanent},
  };
  for (const auto& row : rows) {
    CAPTURE(to_string(row.why.category()), row.why.reason(), row.connected);
    CHECK(failure_of(row.why, row.connected) == row.meaning);
  }
}

TEST_CASE("responses that are sent again, each for its own reason") {
  CHECK(decide(willing(200)) == resend::no);
  CHECK(decide(willing(404)) == resend::no);
  CHECK(decide(willing(500)) == resend::no);
  for (const int status : {408, 429, 502, 503, 504})
    CHECK(decide(willing(status)) == resend::after_delay);

  auto f = willing(401);
  CHECK(decide(f) == resend::no);
  f.origin_answerable = true;
  CHECK(decide(f) == resend::answer_origin);

  f = willing(407);
  CHECK(decide(f) == resend::no);
  f.proxy_answerable = true;
  CHECK(decide(f) == resend::answer_proxy);
  f.repeatable_content = false;
  CHECK(decide(f) == resend::content_is_spent);

  f = willing(408);
  f.attempts_left = false;
  CHECK(decide(f) == resend::no);
  f.reused_connection = true;
  CHECK(decide(f) == resend::fresh_connection);
  f.http2 = true;
  CHECK(decide(f) == resend::no);

  f = willing(417);
  CHECK(decide(f) == resend::no);
  f.expected_continue = true;
  CHECK(decide(f) == resend::without_expect);

  f = willing(421);
  CHECK(decide(f) == resend::no);
  f.by_other_server = true;
  CHECK(decide(f) == resend::to_its_own_origin);

  f = willing(302);
  CHECK(decide(f) == resend::no);
  f.redirects = true;
  CHECK(decide(f) == resend::follow_redirect);
}

TEST_CASE("failures that are sent again, each for its own reason") {
  resend_facts f{.cause = failure::connection_lost,
                 .replay = not_sent,
                 .replay_of_attempt = not_sent,
                 .repeatable_content = true};
  CHECK(decide(f) == resend::same_way);
  f.refused_often = true;
  CHECK(decide(f) == resend::no);
  f.attempts_left = true;
  CHECK(decide(f) == resend::after_delay);

  f = {.cause = failure::http_1_1_required,
       .replay = rejected,
       .replay_of_attempt = rejected,
       .repeatable_content = true};
  CHECK(decide(f) == resend::over_http1);

  f = {.cause = failure::connection_lost,
       .repeatable_content = true,
       .repeatable_work = true,
       .reused_connection = true};
  CHECK(decide(f) == resend::fresh_connection);
  f.response_began = true;
  CHECK(decide(f) == resend::no);
  f.response_began = false;
  f.repeatable_work = false;
  CHECK(decide(f) == resend::no);
}

TEST_CASE("what holds for every combination of facts") {
  std::size_t combinations = 0, again = 0;
  bool spent_content = false, done_twice = false, over_http2 = false, in_vain = false;
  for_each_fact([&](const resend_facts& f) {
    const resend next = decide(f);
    ++combinations;
    if (next == resend::no || next == resend::content_is_spent) return;
    ++again;
    // A redirection may turn the request into one without content.
    if (!f.repeatable_content && next != resend::follow_redirect) spent_content = true;
    // No error leads to the work being done twice, unless that is the same as doing it once.
    if (f.status == 0 && !f.repeatable_work && f.replay == maybe_processed &&
        f.replay_of_attempt == maybe_processed)
      done_twice = true;
    if (next == resend::fresh_connection && f.status == 408 && f.http2) over_http2 = true;
    if (next == resend::after_delay && !f.attempts_left) in_vain = true;
  });
  CHECK(combinations > 100'000);
  CHECK(again > combinations / 20);
  CHECK_FALSE(spent_content);
  CHECK_FALSE(done_twice);
  CHECK_FALSE(over_http2);
  CHECK_FALSE(in_vain);
}
