// DNS over HTTPS with a real server, unbound, that answers from a zone of its own.
#include "servers/client_support.hpp"
#include "servers/network_programs.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/dns_over_https.hpp>

#include <array>
#include <certificate_authority.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

class unbound {
 public:
  /// Skips the test where unbound is not installed, or knows no DNS over HTTPS.
  unbound() {
    const auto issued = root_.issue({.dns = {"dns.test"}});
    const auto chain = folder_.write("chain.pem", issued.chain_pem).string();
    const auto key = folder_.write("key.pem", issued.key_pem).string();
    const auto zone = folder_
                          .write("zone", R"($ORIGIN test.
@ 3600 IN SOA ns.test. root.test. 1 3600 600 86400 60
@ 3600 IN NS ns.test.
ns 60 IN A 127.0.0.1
www 60 IN A 127.0.0.1
both 60 IN A 127.0.0.1
both 60 IN AAAA ::1
six 60 IN AAAA ::1
alias 60 IN CNAME next
next 60 IN CNAME www
lost 60 IN CNAME nowhere
text 60 IN TXT "no address"
public 60 IN A 192.0.2.1
)")
                          .string();
    const std::string program = installed("unbound");
    port_ = free_port();
    const auto file = folder_
                          .write("unbound.conf",
                                 "server:\n"
                                 "  interface: 127.0.0.1@" +
                                     std::to_string(port_) +
                                     "\n"
                                     "  https-port: " +
                                     std::to_string(port_) +
                                     "\n"
                                     "  tls-service-pem: \"" +
                                     chain +
                                     "\"\n"
                                     "  tls-service-key: \"" +
                                     key +
                                     "\"\n"
                                     "  http-endpoint: \"/dns-query\"\n"
                                     "  access-control: 127.0.0.0/8 allow\n"
                                     "  directory: \"" +
                                     folder_.path().string() +
                                     "\"\n"
                                     "  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n"
                                     "  use-syslog: no\n  do-daemonize: no\n  verbosity: 1\n"
                                     "  num-threads: 1\n  module-config: \"iterator\"\n"
                                     "  local-zone: \"test.\" nodefault\n"
                                     "  local-zone: \"refused.\" refuse\n"
                                     "  local-zone: \"nothing.\" static\n"
                                     "remote-control:\n  control-enable: no\n"
                                     "auth-zone:\n  name: \"test.\"\n  for-downstream: yes\n"
                                     "  for-upstream: no\n  zonefile: \"" +
                                     zone + "\"\n")
                          .string();
    process_.emplace(folder_, "unbound", std::vector<std::string>{program, "-d", "-c", file});
    process_->wait_until([&] { return accepts(port_); });
  }

  /// With the address of the server, and trust in it alone.
  dns_over_https_options options() const {
    return {.url = "https://dns.test:" + std::to_string(port_) + "/dns-query{?dns}",
            .addresses = {"127.0.0.1"},
            .client = {.tls = tls_context({.system_roots = false,
                                           .root_pem = std::string(root_.certificate_pem())})}};
  }

 private:
  certificate_authority root_;
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  std::optional<running_program> process_;  // ends before its folder goes
};

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
