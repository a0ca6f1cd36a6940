#include <cohttps/connect/proxy_rules.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/pool/policy.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/url.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

struct fake {
  bool dead = false;
  bool usable() const noexcept { return !dead; }
};

using connection = std::shared_ptr<fake>;
using policy = pool::policy<connection>;

/// With a name that begins with "h2", an origin that may share connections.
detail::route to(std::string host) {
  const auto versions = host.starts_with("h2") ? http_versions::best : http_versions::http_1_1;
  return {.to = {"https", std::move(host), 443}, .versions = versions};
}

/// A policy with a clock and requests by number.
struct bench {
  explicit bench(pool::options bounds = {}) : decide(bounds) {}

  policy::request& ask(std::string host, bool fresh = false) {
    policy::request& r = requests.emplace_back();
    r.fresh = fresh;
    decide.ask(to(std::move(host)), r, now);
    return r;
  }
  connection open(policy::request& r, std::size_t capacity = 1) {
    auto made = std::make_shared<fake>();
    decide.opened(*r.granted, made, capacity, now);
    return made;
  }
  /// Those that have left since the last call, the first first.
  auto closed() {
    std::vector<decltype(decide.next_closed())> all;
    while (auto one = decide.next_closed()) all.insert(all.begin(), one);
    return all;
  }
  void give_back(policy::request& r, bool reusable = true) {
    decide.give_back(*std::exchange(r.granted, nullptr), reusable, now);
  }
  /// A request that has come and gone and left a connection.
  connection leave_idle(std::string host) {
    auto& r = ask(std::move(host));
    REQUIRE(r.granted);
    auto made = r.granted->opened ? r.granted->connection : open(r);
    give_back(r);
    return made;
  }
  std::vector<policy::request*> served() {
    std::vector<policy::request*> all;
    while (auto* r = decide.next_granted()) all.push_back(r);
    return all;
  }

  policy decide;
  std::deque<policy::request> requests;
  pool::time_point now{1h};
};

bool waits(const policy::request& r) { return r.queued() && !r.granted; }

}  // namespace

TEST_CASE("requests beyond a host's limit are served first in, first out") {
  bench b({.per_host = 2, .total = 10});
  auto &first = b.ask("a"), &second = b.ask("a"), &third = b.ask("a"), &fourth = b.ask("a");
  CHECK(first.granted);
  CHECK(second.granted);
  CHECK(first.granted != second.granted);
  CHECK(waits(third));
  CHECK(waits(fourth));
  CHECK(b.ask("b").granted);
  b.open(first);
  auto kept = b.open(second);
  b.give_back(second);
  CHECK(b.served() == std::vector{&third});
  CHECK(third.granted->connection == kept);
  // Closed instead of kept: its place is free for a new one.
  b.give_back(first, false);
  CHECK(b.served() == std::vector{&fourth});
  CHECK_FALSE(fourth.granted->opened);
  CHECK(b.decide.stats().open == 3);
  CHECK(b.decide.stats().queued == 0);
}

TEST_CASE("a place that was not opened is free again") {
  bench b({.per_host = 1, .total = 10});
  auto &failing = b.ask("a"), &next = b.ask("a");
  b.give_back(failing);
  CHECK(b.served() == std::vector{&next});
  CHECK_FALSE(next.granted->opened);
  CHECK(b.decide.stats().created == 0);
}

TEST_CASE("at the limit in all, the longest idle connection makes way") {
  bench b({.per_host = 2, .total = 2});
  auto oldest = b.leave_idle("a");
  b.now += 1s;
  auto newer = b.leave_idle("b");
  auto& c = b.ask("c");
  REQUIRE(c.granted);
  CHECK(b.closed() == std::vector{oldest});
  auto& d = b.ask("d");
  REQUIRE(d.granted);
  CHECK(b.closed() == std::vector{newer});
  // Nothing is idle: the next waits, and is served by whoever ends, of any host.
  auto& e = b.ask("e");
  CHECK(waits(e));
  b.open(c);
  b.give_back(c);
  CHECK(b.served() == std::vector{&e});
  CHECK(b.decide.stats().open == 2);
}

TEST_CASE("over all hosts, too, who came first is first") {
  bench b({.per_host = 1, .total = 2});
  auto &a = b.ask("a"), &other = b.ask("b");
  auto &first = b.ask("c"), &second = b.ask("d"), &third = b.ask("a");
  CHECK(waits(first));
  b.give_back(other);
  CHECK(b.served() == std::vector{&first});
  b.open(a);
  b.give_back(a);  // "a" is waited for by the third alone, but the second came before it
  CHECK(b.served() == std::vector{&second});
  b.give_back(first);
  CHECK(b.served() == std::vector{&third});
}

TEST_CASE("the connection used last is used next, so that others grow old") {
  bench b;
  auto &one = b.ask("a"), &two = b.ask("a");
  auto first = b.open(one), last = b.open(two);
  b.give_back(one);
  b.now += 1s;
  b.give_back(two);
  CHECK(b.ask("a").granted->connection == last);
  b.now += 59s;
  auto& again = b.ask("a");
  CHECK_FALSE(again.granted->opened);
  CHECK(b.closed() == std::vector{first});
}

TEST_CASE("dead, idle or old connections are not used") {
  SECTION("dead") {
    bench b;
    auto dead = b.leave_idle("a");
    dead->dead = true;
    CHECK_FALSE(b.ask("a").granted->opened);
    CHECK(b.closed() == std::vector{dead});
  }
  SECTION("dead when its turn comes") {
    bench b({.per_host = 1, .total = 1});
    auto& r = b.ask("a");
    auto& next = b.ask("a");
    b.open(r)->dead = true;
    b.give_back(r);
    CHECK(b.served() == std::vector{&next});
    CHECK_FALSE(next.granted->opened);
  }
  SECTION("idle for too long") {
    bench b;
    auto idle = b.leave_idle("a");
    b.now += 60s;
    b.ask("other");
    CHECK(b.closed() == std::vector{idle});
  }
  SECTION("past its lifetime, though it is busy") {
    bench b({.lifetime = 10min});
    for (int i = 0; i < 15; ++i) {
      b.leave_idle("a");
      b.now += 59s;
    }
    CHECK(b.decide.stats().created == 2);
    CHECK(b.decide.stats().reused == 13);
  }
  SECTION("a fresh one is wanted") {
    bench b({.per_host = 1});
    auto idle = b.leave_idle("a");
    CHECK_FALSE(b.ask("a", true).granted->opened);
    CHECK(b.closed() == std::vector{idle});
  }
}

TEST_CASE("different routes to one origin share nothing") {
  bench b;
  b.leave_idle("a");
  const tls_context trust({.system_roots = false, .danger = tls::danger::accept_any_certificate{}});
  const auto proxies = proxy_rules::all(proxy::parse("http://me:x@proxy").value());
  const auto* via = proxies.connector_for(url::parse("https://a").value());
  for (const detail::route& other :
       {detail::route{.to = {"http", "a", 443}}, detail::route{.to = {"https", "a", 444}},
        detail::route{.to = {"https", "a", 443}, .via = via},
        detail::route{.to = {"https", "a", 443}, .versions = http_versions::http_2},
        detail::route{.to = {"https", "a", 443}, .tls = &trust}}) {
    policy::request r;
    b.decide.ask(other, r, b.now);
    CHECK_FALSE(r.granted->opened);
    b.decide.give_back(*r.granted, false, b.now);
  }
  CHECK(b.ask("a").granted->opened);
}

TEST_CASE("a connection that carries many serves as many at a time") {
  bench b({.per_host = 1});
  auto& first = b.ask("a");
  std::vector<policy::request*> others;
  for (int i = 0; i < 5; ++i) others.push_back(&b.ask("a"));
  CHECK(b.decide.stats().queued == 5);
  b.open(first, 4);
  CHECK(b.served() == std::vector{others[0], others[1], others[2]});
  CHECK(b.decide.stats().active == 4);
  b.decide.set_capacity(*first.granted, 5, true, b.now);
  CHECK(b.served() == std::vector{others[3]});
  b.give_back(*others[1]);
  CHECK(b.served() == std::vector{others[4]});
  CHECK(b.decide.stats().idle == 0);
  b.give_back(first, false);  // GOAWAY: those on it end, nobody comes
  auto& late = b.ask("a");
  CHECK(waits(late));
  for (int i : {0, 2, 3, 4}) b.give_back(*others[static_cast<std::size_t>(i)]);
  CHECK(b.served() == std::vector{&late});
  CHECK_FALSE(late.granted->opened);
}

TEST_CASE("the first contact: all wait for the connection that may carry them all") {
  bench b;
  auto& first = b.ask("h2");
  REQUIRE(first.granted);
  auto &second = b.ask("h2"), &third = b.ask("h2");
  CHECK(waits(second));
  CHECK(b.decide.stats().open == 1);
  CHECK(b.decide.wait_ends(b.now) == b.now + 1s);
  SECTION("it does") {
    b.open(first, 100);
    CHECK(b.served() == std::vector{&second, &third});
    CHECK(third.granted == first.granted);
    CHECK(b.decide.wait_ends(b.now) == pool::time_point::max());
  }
  SECTION("it does not: each gets its own, at once, and nobody waits again") {
    b.open(first, 1);
    CHECK(b.served() == std::vector{&second, &third});
    CHECK_FALSE(second.granted->opened);
    CHECK_FALSE(third.granted->opened);
    CHECK(b.decide.stats().open == 3);
    for (auto* r : {&first, &second, &third}) b.give_back(*r, false);
    CHECK(b.decide.stats().open == 0);
    CHECK_FALSE(waits(b.ask("h2")));
    CHECK_FALSE(waits(b.ask("h2")));
  }
  SECTION("it takes too long") {
    b.now += 999ms;
    b.decide.pass(b.now);
    CHECK(b.served().empty());
    b.now += 1ms;
    b.decide.pass(b.now);
    CHECK(b.served() == std::vector{&second});
    CHECK(waits(third));  // for the second one's now
    CHECK(b.decide.wait_ends(b.now) == b.now + 1s);
  }
  SECTION("it cannot be made: the others find out at the same time") {
    b.decide.failed(*first.granted);
    b.give_back(first, false);
    CHECK(b.served() == std::vector{&second, &third});
    b.decide.failed(*second.granted);
    b.give_back(second, false);
    b.give_back(third, false);
    CHECK_FALSE(waits(b.ask("h2")));
    CHECK(waits(b.ask("h2")));  // the next contact is a first one
  }
  SECTION("its request is stopped: the next one makes it") {
    b.give_back(first, false);
    CHECK(b.served() == std::vector{&second});
    CHECK(waits(third));
  }
}

TEST_CASE("a connection that takes nothing for now is kept, and is in nobody's way") {
  bench b({.per_host = 1});
  auto& first = b.ask("h2");
  auto doubted = b.open(first, 100);
  auto* place = first.granted;
  b.decide.set_capacity(*place, 0, true, b.now);
  b.give_back(first);
  CHECK(b.decide.stats().idle == 1);
  SECTION("until it takes some again") {
    b.decide.set_capacity(*place, 100, true, b.now);
    CHECK(b.ask("h2").granted->connection == doubted);
  }
  SECTION("unless a request needs its place") {
    auto& next = b.ask("h2");
    REQUIRE(next.granted);
    CHECK_FALSE(next.granted->opened);
    CHECK(b.closed() == std::vector{doubted});
  }
  SECTION("or until it is given up") {
    b.decide.set_capacity(*place, 0, false, b.now);
    CHECK(b.decide.stats().open == 0);
  }
}

TEST_CASE("who wants no idle connection shares one that is in use, and holds nobody up") {
  bench b({.per_host = 1});
  auto& first = b.ask("a");
  auto shared = b.open(first, 3);
  CHECK(b.ask("a", true).granted->connection == shared);
  CHECK(b.ask("a").granted->connection == shared);
  auto &fresh = b.ask("a", true), &other = b.ask("a");
  b.give_back(first);
  CHECK(b.served() == std::vector{&fresh});
  CHECK(waits(other));
}

TEST_CASE("who gives up leaves no trace") {
  bench b({.per_host = 1});
  auto &a = b.ask("a"), &gone = b.ask("a"), &next = b.ask("a");
  b.decide.withdraw(gone);
  CHECK(b.decide.stats().queued == 1);
  b.open(a);
  b.give_back(a);
  CHECK(b.served() == std::vector{&next});
  b.decide.withdraw(next);  // is not queued any more
  CHECK(next.granted);
}

TEST_CASE("closing takes the idle ones at once, and those in use when they are given back") {
  bench b;
  auto idle = b.leave_idle("a");
  auto& busy = b.ask("b");
  auto in_use = b.open(busy);
  b.decide.close_idle();
  CHECK(b.closed() == std::vector{idle});
  b.decide.close();
  CHECK(b.closed().empty());
  b.give_back(busy);
  CHECK(b.closed() == std::vector{in_use});
  CHECK(b.decide.stats().open == 0);
}

TEST_CASE("whatever happens, accounts balance, limits hold and nobody waits who could go") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed);
    const pool::options bounds{.per_host = 1 + random() % 4, .total = 1 + random() % 6};
    policy decide(bounds);
    std::deque<policy::request> requests;
    std::vector<policy::request*> holding, queued;
    std::uint64_t created = 0;
    pool::time_point now{1h};
    const auto settle = [&] {
      while (auto* r = decide.next_granted()) {
        REQUIRE(r == *std::ranges::find(queued, r));
        std::erase(queued, r);
        holding.push_back(r);
      }
      const auto s = decide.stats();
      REQUIRE(s.queued == queued.size());
      REQUIRE(s.active == holding.size());
      REQUIRE(s.open <= bounds.total);
      REQUIRE(s.created == created);
      while (auto c = decide.next_closed()) REQUIRE(c);
    };
    for (int step = 0; step < 2000; ++step) {
      now += std::chrono::seconds(random() % 10);
      const auto what = random() % 10;
      if (what < 4) {
        auto& r = requests.emplace_back();
        r.fresh = random() % 8 == 0;
        const char* names[] = {"a", "b", "c", "h2", "h2.example"};
        decide.ask(to(names[random() % 5]), r, now);
        (r.granted ? holding : queued).push_back(&r);
      } else if (what < 5 && !queued.empty()) {
        const auto i = random() % queued.size();
        decide.withdraw(*queued[i]);
        queued.erase(queued.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (!holding.empty()) {
        const auto i = random() % holding.size();
        policy::request& r = *holding[i];
        if (!r.granted->opened && random() % 8 == 0) decide.failed(*r.granted);
        if (!r.granted->opened && random() % 4 != 0) {
          decide.opened(*r.granted, std::make_shared<fake>(), 1 + random() % 3, now);
          ++created;
        } else {
          if (r.granted->opened && random() % 6 == 0) r.granted->connection->dead = true;
          decide.give_back(*std::exchange(r.granted, nullptr), random() % 5 != 0, now);
          holding.erase(holding.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      settle();
    }
    while (!holding.empty() || !queued.empty()) {
      if (holding.empty()) {
        now = decide.wait_ends(now);
        REQUIRE(now != pool::time_point::max());
        decide.pass(now);
        settle();
        continue;
      }
      policy::request& r = *holding.back();
      holding.pop_back();
      decide.give_back(*std::exchange(r.granted, nullptr), true, now);
      settle();
    }
    decide.close_idle();
    CHECK(decide.stats().open == 0);
    CHECK(decide.stats().active == 0);
    CHECK(decide.stats().idle == 0);
  }
}
