// DNS over HTTPS with a real server, unbound, that answers from a zone of its own.
#include "servers/client_support.hpp"
#include "servers/unbound.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/dns_over_https.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

std::string addresses_of(const result<resolved_host>& found) {
  if (!found) return std::string(found.error().reason());
  std::string all;
  for (const endpoint& e : found->addresses) all += address_text(e) + " ";
  return all +
         std::to_string(
             std::chrono::duration_cast<std::chrono::seconds>(found->time_to_live.value()).count());
}

}  // namespace

TEST_CASE("names are looked up at a real server of DNS over HTTPS") {
  const unbound server;
  descriptor_balance balance;
  const std::pair<std::string, std::string> cases[] = {
      {"www.test", "127.0.0.1 60"},       {"both.test", "::1 127.0.0.1 60"},
      {"BOTH.TEST.", "::1 127.0.0.1 60"}, {"six.test", "::1 60"},
      {"alias.test", "127.0.0.1 60"},     {"lost.test", "host_not_found"},
      {"text.test", "host_not_found"},    {"unknown.test", "host_not_found"},
      {"x.nothing", "host_not_found"},    {"x.refused", "dns_refused"},
  };
  for (const auto& verb : {method::get, method::post}) {
    auto work = [&]() -> task<void> {
      auto options = server.options();
      options.method = verb;
      dns_over_https names(options);
      for (const auto& [host, expected] : cases) {
        CAPTURE(host);
        auto found = co_await names.resolve(host, 443, {});
        CHECK(addresses_of(found) == expected);
      }
    };
    run(work());
  }
}

TEST_CASE("a client fetches from a host that only the DNS server knows") {
  const unbound server;
  auto& web = web_server();
  descriptor_balance balance;
  struct counter final : observer {
    void on_resolved(const events::resolved& e) override {
      ++looked_up;
      last = to_string(e.addresses.front());
    }
    int looked_up = 0;
    std::string last;
  };
  const auto seen = std::make_shared<counter>();
  const std::string path = web.url(site::plain, "/small.txt");
  const std::string port_and_path = path.substr(path.find(':', 8));
  auto work = [&]() -> task<void> {
    auto options = plain();
    options.observers = {seen};
    options.resolver = std::make_shared<dns_over_https>(server.options());
    client c(options);
    for (int i = 0; i < 3; ++i) {
      auto r = co_await c.try_get("http://alias.test" + port_and_path);
      if (!r) FAIL(r.error().what());
      CHECK(r->text() == web.small);
      CHECK(address_text(r->connection().peer) == "127.0.0.1");
      c.close_idle();
    }
    auto none = co_await c.try_get("http://unknown.test" + port_and_path);
    REQUIRE_FALSE(none);
    CHECK(none.error().reason() == "host_not_found");
    CHECK(none.error().phase() == phase::resolve);
  };
  run(work());
  CHECK(seen->looked_up == 1);  // then the cache answered
  CHECK(seen->last.starts_with("127.0.0.1:"));
}

TEST_CASE("a DNS server with a wrong certificate is refused, and nothing goes over plain DNS") {
  const unbound server;
  descriptor_balance balance;
  auto work = [&]() -> task<void> {
    auto options = server.options();
    options.client.tls.reset();  // the system's roots
    dns_over_https names(options);
    auto found = co_await names.resolve("localhost.test", 443, {});
    REQUIRE_FALSE(found);
    CHECK(found.error().category() == error_category::certificate);

    options = server.options();
    options.addresses = {};
    dns_over_https unreachable(options);
    found = co_await unreachable.resolve("www.test", 443, {});
    REQUIRE_FALSE(found);
    CHECK(found.error().reason() == "plain_dns_forbidden");
  };
  run(work());
}

TEST_CASE("many look-ups at the same time share one connection of HTTP/2") {
  const unbound server;
  descriptor_balance balance;
  struct counter final : observer {
    void on_connected(const events::connected&) override { ++connections; }
    int connections = 0;
  };
  const auto seen = std::make_shared<counter>();
  auto work = [&]() -> task<void> {
    auto options = server.options();
    options.client.observers = {seen};
    dns_over_https names(options);
    std::vector<task<result<resolved_host>>> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(names.resolve(i % 2 ? "www.test" : "both.test", 1, {}));
    auto found = co_await when_all(std::move(all));
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK(addresses_of(found[i]) == (i % 2 ? "127.0.0.1 60" : "::1 127.0.0.1 60"));
  };
  run(work());
  CHECK(seen->connections < 4);
}
