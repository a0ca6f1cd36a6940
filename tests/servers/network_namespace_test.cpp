// The example `get` and the client in a network of their own, where addresses, names and
// connections die as they do on bad networks.
#include "servers/network_namespace.hpp"

#include "servers/client_support.hpp"

#include <cohttps/core/base64.hpp>
#include <cohttps/dns/https_record.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/asio/https_query.hpp>
#include <cohttps/transport/sleep.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// The least time of a few, as the machine may be busy with other things: what connecting took and
/// with whom.
struct connecting {
  double ms = 1e9;
  std::string peer;
};
connecting fastest(network_namespace& net, const std::string& url, double enough) {
  connecting best;
  for (int i = 0; i < 5 && best.ms > enough; ++i) {
    const auto r = net.get({"--json", url});
    CAPTURE(r.out, r.err);
    REQUIRE(r.code == 0);
    const auto json = nlohmann::json::parse(r.out);
    CHECK(json.at("body_b64") == to_base64(net.small));
    const double ms = json.at("timings").at("connect_ms");
    if (ms < best.ms) best = {ms, json.at("connection").at("peer").get<std::string>()};
  }
  return best;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("network: a dead first address costs at most 300 ms, one that refuses nothing") {
  descriptor_balance balance;
  network_namespace net(
      "10.77.0.1 v4.net.test\n10.77.0.2 v4.net.test\n"
      "10.77.0.1 both.net.test\n2001:db8::1 both.net.test\n");
  const std::string v4 = "https://v4.net.test/small.txt", both = "https://both.net.test/small.txt";

  // Who is first? Whatever it is, it dies.
  const auto first_v4 = fastest(net, v4, 100);
  const auto first_of_both = fastest(net, both, 100);
  CHECK(first_v4.ms < 100);
  CHECK(first_of_both.ms < 100);
  CHECK(first_v4.peer == "10.77.0.1:443");
  CHECK(first_of_both.peer == "[2001:db8::1]:443");

  SECTION("an address that swallows everything") {
    net.filter("ip daddr 10.77.0.1 drop");
    const auto r = fastest(net, v4, 300);
    CHECK(r.peer == "10.77.0.2:443");
    CHECK(r.ms >= 250);
    CHECK(r.ms <= 300);
  }
  SECTION("an address that refuses") {
    net.filter("ip daddr 10.77.0.1 tcp dport 443 reject with tcp reset");
    const auto r = fastest(net, v4, 100);
    CHECK(r.peer == "10.77.0.2:443");
    CHECK(r.ms < 100);
  }
  SECTION("IPv6 that swallows everything") {
    net.filter("ip6 daddr 2001:db8::1 tcp dport 443 drop");
    const auto r = fastest(net, both, 300);
    CHECK(r.peer == "10.77.0.1:443");
    CHECK(r.ms >= 250);
    CHECK(r.ms <= 300);
  }
  SECTION("IPv4 that swallows everything, while IPv6 works") {
    net.filter("ip daddr 10.77.0.1 tcp dport 443 drop");
    const auto r = fastest(net, both, 100);
    CHECK(r.peer == "[2001:db8::1]:443");
    CHECK(r.ms < 100);
  }
}

TEST_CASE("network: when IPv4 comes first, it is IPv6 that saves the day") {
  descriptor_balance balance;
  network_namespace net("10.77.0.1 both.net.test\nfd77::1 both.net.test\n");
  const std::string url = "https://both.net.test/small.txt";
  CHECK(fastest(net, url, 100).peer == "10.77.0.1:443");
  net.filter("ip daddr 10.77.0.1 tcp dport 443 drop");
  const auto r = fastest(net, url, 300);
  CHECK(r.peer == "[fd77::1]:443");
  CHECK(r.ms >= 250);
  CHECK(r.ms <= 300);
}

TEST_CASE("network: when all addresses are dead, the error has each of them") {
  descriptor_balance balance;
  network_namespace net(
      "10.77.0.1 all.net.test\n10.77.0.2 all.net.test\n2001:db8::1 all.net.test\n");
  const std::vector<std::string> all{"10.77.0.1:443", "10.77.0.2:443", "[2001:db8::1]:443"};

  net.filter("tcp dport 443 reject with tcp reset");
  const auto refused = net.get({"-v", "https://all.net.test/"});
  CAPTURE(refused.err);
  CHECK(refused.code == 7);
  CHECK(contains(refused.err, "none of the host's 3 addresses accepted a connection"));
  for (const auto& address : all) CHECK(contains(refused.err, "*   " + address + ": "));
  CHECK(refused.took < 5s);

  net.filter("tcp dport 443 drop");
  const auto dropped = net.get({"-v", "--connect-timeout", "1", "https://all.net.test/"});
  CAPTURE(dropped.err);
  CHECK(dropped.code == 28);
  for (const auto& address : all) CHECK(contains(dropped.err, "*   " + address + ": no answer"));
  CHECK(dropped.took > 1s);
  CHECK(dropped.took < 5s);
}

TEST_CASE("network: names that do not exist, and name servers that do not answer") {
  descriptor_balance balance;
  network_namespace net("10.77.0.1 known.net.test\n");
  const auto unknown = net.get({"https://unknown.net.test/"});
  CHECK(unknown.code == 6);
  CHECK(contains(unknown.err, "the host name 'unknown.net.test' has no address"));
  CHECK(unknown.took < 5s);

  net.filter("udp dport 53 drop");
  auto unlimited = net.start_get("unlimited", {"https://known.net.test/"});
  const auto limited = net.get({"--connect-timeout", "1", "https://known.net.test/"});
  CAPTURE(limited.err);
  CHECK(limited.code == 28);
  CHECK(limited.took > 1s);
  CHECK(limited.took < 3s);  // nobody waits for the resolver
  const auto r = unlimited.end();
  CAPTURE(r.err);
  CHECK(r.code == 28);
  CHECK(r.took > 10s);
  CHECK(r.took < 13s);
}

TEST_CASE("network: a connection that dies in the middle of a transfer") {
  descriptor_balance balance;
  network_namespace net("10.77.0.1 slow.net.test\n");
  const auto file = (net.folder().path() / "fetched").string();
  const auto size_of_what_is_there = [&] {
    std::uintmax_t size = 0;
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(net.folder().path()))
      if (each.path().filename().string().starts_with("fetched")) size += each.file_size(none);
    return size;
  };
  // The file has no name until it is complete.
  const auto begun = [&](running_program& get) {
    const auto open = std::filesystem::path("/proc") / std::to_string(get.id()) / "fd";
    get.wait_until([&] {
      std::error_code none;
      for (const auto& each : std::filesystem::directory_iterator(open, none)) {
        const auto target = std::filesystem::read_symlink(each.path(), none).string();
        const bool here = target.starts_with(net.folder().path().string() + "/#");
        if (here && std::filesystem::file_size(each.path(), none) > 0 && !none) return true;
      }
      return false;
    });
  };
  SECTION("with a reset") {
    auto get = net.start_get("get", {"-o", file, "https://slow.net.test/slow"});
    begun(get);
    net.filter("tcp dport 443 reject with tcp reset");
    const auto r = get.end();
    CAPTURE(r.err);
    CHECK(r.code == 56);
    CHECK(r.took < 10s);
    CHECK(size_of_what_is_there() == 0);
  }
  SECTION("in silence, when there is a limit for all") {
    auto get = net.start_get("get", {"-o", file, "-m", "2", "https://slow.net.test/slow"});
    begun(get);
    net.filter("tcp sport 443 drop");
    const auto r = get.end();
    CAPTURE(r.err);
    CHECK(r.code == 28);
    CHECK(r.took > 2s);
    CHECK(r.took < 5s);
    CHECK(size_of_what_is_there() == 0);
  }
  SECTION("in silence, when there is a limit for each wait") {
    client_options options{.tls = tls_context({.system_roots = false, .root_pem = net.root_pem()}),
                           .timeouts = {.idle = 500ms},
                           .timeout = patience,
                           .resolve = {{"slow.net.test", 443, "10.77.0.1"}}};
    std::optional<error> failure;
    std::chrono::steady_clock::time_point died, ended;
    const auto work = [&]() -> task<void> {
      client c(options);
      auto stream = co_await c.stream(method::get, "https://slow.net.test/slow");
      try {
        for (auto part = co_await stream.read(); !part.empty(); part = co_await stream.read()) {
          if (died.time_since_epoch() != 0s) continue;
          net.filter("tcp sport 443 drop");
          died = std::chrono::steady_clock::now();
        }
      } catch (const error& e) {
        failure = e;
      }
      ended = std::chrono::steady_clock::now();
    };
    net.run_inside([&] { run(work()); });
    REQUIRE(failure);
    CAPTURE(failure->what());
    CHECK(failure->category() == error_category::timeout);
    CHECK(failure->reason() == "phase_timeout");
    CHECK(failure->phase() == phase::receive_body);
    CHECK(ended - died >= 500ms);
    CHECK(ended - died < 3s);
  }
}

#ifdef COHTTPS_HAS_NGTCP2
TEST_CASE("network: the system's name servers are asked for HTTPS records") {
  descriptor_balance balance;
  network_namespace net("10.77.0.1 www.net.test\n10.77.0.1 none.net.test\n",
                        {"--dns-rr=www.net.test,65,00010000010003026833"});
  net.run_inside([&] {
    run([]() -> task<void> {
      asio_transport here = asio_transport::current();
      const std::string known = "www.net.test", none = "none.net.test", unknown = "x.net.test";
      auto response = co_await query_https(here, known, {});
      if (!response) FAIL(response.error().what());
      const auto parsed = dns::parse_response(*response);
      if (!parsed) FAIL(parsed.error().what());
      const auto records = dns::https_records_of(*parsed, dns::name::parse(known).value());
      REQUIRE(records);
      CHECK(dns::choose_service(*records, "h3").at == dns::service{known, 0});

      response = co_await query_https(here, none, {});
      REQUIRE(response);
      CHECK(response->empty());
      response = co_await query_https(here, unknown, {});
      REQUIRE(response);
      CHECK(response->empty());
    }());
  });
  const auto before = open_descriptors();
  net.filter("udp dport 53 drop\ntcp dport 53 drop");
  net.run_inside([&] {
    run([]() -> task<void> {
      asio_transport here = asio_transport::current();
      const std::string known = "www.net.test";
      const auto started = std::chrono::steady_clock::now();
      auto response = co_await query_https(here, known, {});
      const auto took = std::chrono::steady_clock::now() - started;
      REQUIRE(response);
      CHECK(response->empty());
      CHECK(took >= 1s);

      stop_source stop;
      auto stopped = [&]() -> task<void> {
        co_await sleep_for(here, 20ms);
        stop.request_stop();
      };
      auto asked = [&]() -> task<result<std::vector<std::byte>>> {
        co_return co_await query_https(here, known, stop);
      };
      auto both = co_await when_all(asked(), stopped());
      REQUIRE_FALSE(std::get<0>(both));
      CHECK(std::get<0>(both).error().category() == error_category::canceled);
    }());
  });
  // The query that was stopped goes on in its thread, which has a socket until it gives up.
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (open_descriptors() > before && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(10ms);
}
#endif
