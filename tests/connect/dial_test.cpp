#include <cohttps/connect/dial.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <optional>
#include <string>
#include <support/sweep.hpp>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using detail::connect_options;
using testing::memory_network;
using testing::memory_stream;
using testing::memory_transport;

namespace {

task<void> wait_for_end(memory_stream s) {
  std::byte in[1];
  (void)co_await s.read_some(in, {});
}

using outcome = result<detail::dialled>;

/// Dials and closes what it got.
outcome dial(memory_network& network, const connect_options& options = {},
             std::string_view host = "host", std::uint16_t port = 443, stop_token stop = {}) {
  std::optional<outcome> kept;
  auto run = [&]() -> task<void> {
    detail::deadline_queue queue(network.transport());
    detail::deadline limit(queue, {}, stop);
    kept.emplace(co_await detail::dial(host, port, options, limit));
    if (*kept) (*kept)->stream.close();
  };
  network.run(run());
  CHECK(network.open_streams == 0);
  return *std::move(kept);
}

task<void> pass_time(memory_network& network, std::chrono::nanoseconds d) {
  co_await sleep_for(network.transport(), d);
}

std::string peer(const outcome& o) {
  return o ? to_string(o->peer) : std::string(o.error().reason());
}

/// A `transport` that is no `socket_transport`.
struct plain_transport {
  using stream_type = memory_stream;
  using timer_type = memory_transport::timer_type;
  task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                              stop_token stop) {
    return inner.resolve(host, port, stop);
  }
  task<result<memory_stream>> connect(const endpoint& to, stop_token stop) {
    return inner.connect(to, stop);
  }
  timer_type make_timer() { return inner.make_timer(); }
  time_point now() { return inner.now(); }
  void post(std::function<void()> call) { inner.post(std::move(call)); }
  memory_transport inner;
};
static_assert(transport<plain_transport> && !socket_transport<plain_transport>);

}  // namespace

TEST_CASE("a name is resolved and connected to, and both are timed") {
  memory_network network;
  network.name("host", {"192.0.2.1"});
  network.listen("host", 443, wait_for_end);
  network.resolve_delay = 20ms;
  network.connect_delay = 30ms;
  const auto got = dial(network);
  CHECK(peer(got) == "192.0.2.1:443");
  CHECK(got->resolve == 20ms);
  CHECK(got->connect == 30ms);
}

TEST_CASE("a name without an address is a resolve error in its phase") {
  memory_network network;
  const auto got = dial(network);
  REQUIRE_FALSE(got);
  CHECK(got.error().category() == error_category::resolve);
  CHECK(got.error().phase() == phase::resolve);
  CHECK(got.error().reason() == "host_not_found");
}

TEST_CASE("a literal is not looked up") {
  memory_network network;
  network.listen("192.0.2.7", 443, wait_for_end);
  network.listen("2001:db8::7", 443, wait_for_end);
  CHECK(peer(dial(network, {}, "192.0.2.7")) == "192.0.2.7:443");
  CHECK(peer(dial(network, {}, "2001:db8::7")) == "[2001:db8::7]:443");
  CHECK(network.look_ups == 0);
}

TEST_CASE("overrides come before the resolver") {
  memory_network network;
  network.name("host", {"192.0.2.1"});
  for (const auto address : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"})
    for (const auto port : {443, 80, 81})
      network.listen(address, static_cast<std::uint16_t>(port), wait_for_end);
  connect_options options;
  options.resolve = {{"HOST", 443, "192.0.2.2"},
                     {"*", 80, "192.0.2.3"},
                     {"[2001:db8::5]", 443, "2001:db8::1"},
                     {"*", 443, "192.0.2.3"},
                     {"alias", 443, "host"}};
  CHECK(peer(dial(network, options, "host", 443)) == "192.0.2.2:443");
  CHECK(peer(dial(network, options, "other", 80)) == "192.0.2.3:80");
  CHECK(peer(dial(network, options, "2001:db8::5", 443)) == "[2001:db8::1]:443");
  CHECK(network.look_ups == 0);
  CHECK(peer(dial(network, options, "host", 81)) == "192.0.2.1:81");
  CHECK(peer(dial(network, options, "alias", 443)) == "192.0.2.1:443");
  CHECK(peer(dial(network, options, "unknown", 443)) == "192.0.2.3:443");
  CHECK(peer(dial(network, options, "unknown", 81)) == "host_not_found");
  CHECK(network.look_ups == 3);
}

TEST_CASE("several overrides of a host are several addresses") {
  memory_network network;
  network.black_hole("192.0.2.1", 443);
  network.listen("192.0.2.2", 443, wait_for_end);
  connect_options options;
  options.resolve = {{"host", 443, "192.0.2.1"}, {"host", 443, "192.0.2.2"}};
  const auto got = dial(network, options);
  CHECK(peer(got) == "192.0.2.2:443");
  CHECK(got->connect == 250ms);
  options.attempt_delay = 40ms;
  CHECK(dial(network, options)->connect == 40ms);
}

TEST_CASE("the cache spares look-ups for its time and no longer") {
  memory_network network;
  network.name("host", {"192.0.2.1"});
  network.listen("192.0.2.1", 443, wait_for_end);
  network.listen("192.0.2.1", 80, wait_for_end);
  connect_options options;
  options.dns = dns_cache(10s);
  CHECK(peer(dial(network, options)) == "192.0.2.1:443");
  CHECK(peer(dial(network, options, "HOST", 80)) == "192.0.2.1:80");
  CHECK(network.look_ups == 1);
  network.run(pass_time(network, 10s));
  CHECK(peer(dial(network, options)) == "192.0.2.1:443");
  CHECK(network.look_ups == 2);
}

TEST_CASE("a cached name all of whose addresses fail is forgotten") {
  memory_network network;
  network.name("host", {"192.0.2.1", "192.0.2.2"});
  network.listen("192.0.2.1", 443, wait_for_end);
  connect_options options;
  options.dns = dns_cache();
  CHECK(dial(network, options));
  network.refuse("192.0.2.1", 443, 0s);
  CHECK(peer(dial(network, options)) == "connection_refused");
  CHECK(network.look_ups == 1);
  network.name("host", {"192.0.2.3"});
  network.listen("192.0.2.3", 443, wait_for_end);
  CHECK(peer(dial(network, options)) == "192.0.2.3:443");
  CHECK(network.look_ups == 2);
}

TEST_CASE("a caller's stop says nothing about a cached name, a time limit does") {
  memory_network network;
  network.name("host", {"192.0.2.1"});
  network.black_hole("192.0.2.1", 443);
  connect_options options;
  options.dns = dns_cache(1h);
  stop_source stop;
  auto stopped = [&]() -> task<void> {
    detail::deadline_queue queue(network.transport());
    detail::deadline limit(queue, {}, stop);
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(network.transport(), 1s);
      stop.request_stop();
    };
    auto [got, nothing] = co_await when_all(detail::dial("host", 443, options, limit), stopper());
    REQUIRE_FALSE(got);
    CHECK(got.error().category() == error_category::canceled);
    CHECK(got.error().phase() == phase::connect);
    REQUIRE(got.error().attempts().size() == 1);
  };
  const auto started = network.loop().now();
  network.run(stopped());
  CHECK(network.loop().now() - started == 1s);
  CHECK(options.dns->size() == 1);

  const auto late = dial(network, options);
  REQUIRE_FALSE(late);
  CHECK(late.error().category() == error_category::timeout);
  CHECK(late.error().phase() == phase::connect);
  CHECK(late.error().attempts().at(0).endpoint == "192.0.2.1:443");
  CHECK(options.dns->size() == 0);
}

TEST_CASE("the time limit is for all addresses together") {
  memory_network network;
  network.name("host", {"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  for (const auto address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    network.black_hole(address, 443);
  connect_options options;
  options.connect_timeout = 400ms;
  const auto started = network.loop().now();
  const auto got = dial(network, options);
  CHECK(network.loop().now() - started == 400ms);
  REQUIRE_FALSE(got);
  CHECK(got.error().category() == error_category::timeout);
  REQUIRE(got.error().attempts().size() == 3);
  CHECK(got.error().attempts()[1].message.starts_with("no answer"));
  CHECK(got.error().attempts()[2].message == "not tried");
}

TEST_CASE("a look-up has the same limit") {
  memory_network network;
  network.name("host", {"192.0.2.1"});
  network.resolve_delay = 1h;
  const auto got = dial(network);
  REQUIRE_FALSE(got);
  CHECK(got.error().category() == error_category::timeout);
  CHECK(got.error().phase() == phase::resolve);
}

TEST_CASE("the policy keeps connections from what it refuses") {
  memory_network network;
  network.name("inside", {"127.0.0.1", "10.0.0.1"});
  network.name("mixed", {"127.0.0.1", "8.8.8.8"});
  for (const auto address : {"127.0.0.1", "10.0.0.1", "8.8.8.8"})
    network.listen(address, 443, wait_for_end);
  std::vector<std::string> tried;
  network.on_connect = [&](const endpoint& e, const socket_options&) {
    tried.push_back(address_text(e));
  };
  connect_options options;
  options.addresses = address_policy::public_only();
  options.dns = dns_cache();

  for (int again = 0; again < 2; ++again) {  // from the resolver, from the cache
    const auto got = dial(network, options, "inside");
    REQUIRE_FALSE(got);
    CHECK(got.error().category() == error_category::policy);
    CHECK(got.error().reason() == "address_refused");
    CHECK(got.error().message().find("'inside': 127.0.0.1, 10.0.0.1") != std::string::npos);
  }
  CHECK(peer(dial(network, options, "127.0.0.1")) == "address_refused");
  CHECK(peer(dial(network, options, "::ffff:127.0.0.1")) == "address_refused");
  CHECK(tried.empty());

  CHECK(peer(dial(network, options, "mixed")) == "8.8.8.8:443");
  CHECK(tried == std::vector<std::string>{"8.8.8.8"});
  network.refuse("8.8.8.8", 443, 0s);
  const auto failed = dial(network, options, "mixed");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().category() == error_category::connect);
  REQUIRE(failed.error().attempts().size() == 2);
  CHECK(failed.error().attempts()[1].endpoint == "127.0.0.1:443");
  CHECK(failed.error().attempts()[1].message.find("policy") != std::string::npos);

  options.resolve = {{"other", 443, "10.0.0.1"}};
  CHECK(peer(dial(network, options, "other")) == "address_refused");
  options.unix_socket = "/run/docker.sock";
  CHECK(peer(dial(network, options, "other")) == "address_refused");
}

TEST_CASE("resolve_only gives what the policy allows, and connects to nothing") {
  memory_network network;
  network.name("host", {"127.0.0.1", "8.8.8.8", "2001:4860::8"});
  network.on_connect = [](const endpoint&, const socket_options&) { FAIL("connected"); };
  connect_options options;
  options.addresses = address_policy::public_only();
  auto run = [&]() -> task<void> {
    detail::deadline_queue queue(network.transport());
    detail::deadline limit(queue, {}, {});
    auto found = co_await detail::resolve_only("host", 80, options, limit);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(to_string((*found)[0]) == "8.8.8.8:80");
    CHECK(to_string((*found)[1]) == "[2001:4860::8]:80");
    auto none = co_await detail::resolve_only("127.0.0.1", 80, options, limit);
    CHECK(none.error().reason() == "address_refused");
  };
  network.run(run());
}

TEST_CASE("a Unix domain socket stands for every host, none of which is looked up") {
  memory_network network;
  network.listen_unix("/run/daemon.sock", wait_for_end);
  connect_options options;
  options.unix_socket = "/run/daemon.sock";
  options.resolve = {{"host", 443, "192.0.2.1"}};
  CHECK(peer(dial(network, options)) == "unix:/run/daemon.sock");
  CHECK(peer(dial(network, options, "192.0.2.1")) == "unix:/run/daemon.sock");
  options.unix_socket = "/run/other.sock";
  CHECK(peer(dial(network, options)) == "connection_refused");
  CHECK(network.look_ups == 0);
}

TEST_CASE("the socket options reach the transport") {
  memory_network network;
  network.listen("host", 443, wait_for_end);
  connect_options options;
  options.socket.device = "eth0";
  options.socket.keep_alive = 30s;
  options.socket.local_address = parse_address("192.0.2.1");
  std::optional<socket_options> seen;
  network.on_connect = [&](const endpoint&, const socket_options& how) { seen = how; };
  CHECK(dial(network, options));
  CHECK(seen == options.socket);
}

TEST_CASE("what the transport cannot honour is an error") {
  memory_network network;
  network.listen("host", 443, wait_for_end);
  connect_options plain, unix_socket, device;
  unix_socket.unix_socket = "/run/daemon.sock";
  device.socket.device = "eth0";
  auto run = [&]() -> task<void> {
    const plain_transport over{network.transport()};
    detail::deadline_queue queue(over);
    detail::deadline limit(queue, {}, {});
    auto fine = co_await detail::dial("host", 443, plain, limit);
    CHECK(fine);
    for (const connect_options* options : {&unix_socket, &device}) {
      auto got = co_await detail::dial("host", 443, *options, limit);
      REQUIRE_FALSE(got);
      CHECK(got.error().category() == error_category::usage);
      CHECK(got.error().reason() == "not_supported_by_transport");
    }
  };
  network.run(run());
}

TEST_CASE("each operation may fail or be stopped") {
  testing::for_each_fault([](memory_network& network, stop_source& stop) {
    network.name("host", {"192.0.2.1", "2001:db8::1", "192.0.2.2"});
    network.refuse("192.0.2.1", 443, 100ms);
    network.black_hole("2001:db8::1", 443);
    network.listen("192.0.2.2", 443, wait_for_end, 50ms);
    auto got = dial(network, {}, "host", 443, stop);
    if (!got && network.faults.what == testing::fault_plan::kind::stop)
      CHECK(got.error().category() == error_category::canceled);
    return got;
  });
}

TEST_CASE("names below localhost are this machine, and brackets in overrides do not matter") {
  struct {
    std::string host;
    std::vector<resolve_override> resolve;
    std::string reached;
  } cases[] = {
      {"api.localhost", {}, "127.0.0.1:80"},
      {"a.b.LOCALHOST.", {}, "127.0.0.1:80"},
      {"localhost.", {}, "127.0.0.1:80"},
      {"LocalHost.", {}, "127.0.0.1:80"},
      {"host", {{"host", 80, "[::1]"}}, "[::1]:80"},
      {"host", {{"host", 80, "::1"}}, "[::1]:80"},
      {"host", {{"*", 80, "x.localhost"}}, "127.0.0.1:80"},
  };
  for (auto& c : cases) {
    CAPTURE(c.host);
    memory_network network;
    const auto server = [](memory_stream s) -> task<void> {
      std::byte in[10];
      (void)co_await s.read_some(in, {});
    };
    network.listen("127.0.0.1", 80, server);
    network.listen("::1", 80, server);
    detail::connect_options options;
    options.resolve = c.resolve;
    std::string reached;
    auto work = [&]() -> task<void> {
      detail::deadline_queue queue(network.transport());
      detail::deadline limit(queue, {}, {});
      auto made = co_await detail::dial(c.host, 80, options, limit);
      reached = made ? to_string(made->peer) : std::string(made.error().what());
    };
    network.run(work());
    CHECK(reached == c.reached);
    CHECK(network.look_ups == 0);
  }
}
