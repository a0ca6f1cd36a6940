// Connections that carry many requests: who waits though they could go.
#include <cohttps/pool/policy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

struct fake {
  bool usable() const noexcept { return true; }
};
using policy = pool::policy<std::shared_ptr<fake>>;
const pool::key to{{"https", "host", 443}, {}, nullptr};
const pool::time_point now{1h};

}  // namespace

TEST_CASE(
    "R13 one that wants a new connection does not hold up those whom an open one could carry") {
  policy decide({.per_host = 1});
  policy::request first, fresh, other;
  decide.ask(to, first, now);
  decide.opened(*first.granted, std::make_shared<fake>(), 2, now);
  fresh.fresh = true;
  decide.ask(to, fresh, now);
  CHECK(fresh.queued());
  decide.ask(to, other, now);
  CHECK_FALSE(other.queued());
}

TEST_CASE("R13b who gives up lets those behind go") {
  policy decide({.per_host = 1});
  policy::request first, fresh, other;
  decide.ask(to, first, now);
  decide.opened(*first.granted, std::make_shared<fake>(), 2, now);
  fresh.fresh = true;
  decide.ask(to, fresh, now);
  decide.ask(to, other, now);
  decide.withdraw(fresh);
  CHECK_FALSE(other.queued());
}
