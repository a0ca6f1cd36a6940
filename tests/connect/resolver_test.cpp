// Resolvers of a program, in place of the transport's.
#include <cohttps/connect/dial.hpp>
#include <cohttps/connect/resolver.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
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

/// Knows some names, and takes its time.
class table final : public resolver {
 public:
  explicit table(memory_transport over) : transport_(std::move(over)) {}

  task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                      stop_token stop) override {
    asked.push_back(std::string(host) + ":" + std::to_string(port));
    const bool elapsed = co_await sleep_for(transport_, delay, stop);
    if (!elapsed) co_return fail(error_category::canceled, "canceled", "stopped");
    const auto found = hosts.find(host);
    if (found == hosts.end())
      co_return fail(error_category::resolve, "not_in_table", "the table has no such name");
    co_return found->second;
  }

  std::map<std::string, resolved_host, std::less<>> hosts;
  std::chrono::nanoseconds delay{};
  std::vector<std::string> asked;

 private:
  memory_transport transport_;
};

resolved_host at(std::vector<std::string_view> addresses,
                 std::optional<std::chrono::nanoseconds> time_to_live = {}) {
  resolved_host all{{}, time_to_live};
  for (const auto text : addresses) all.addresses.push_back(*parse_address(text));
  return all;
}

struct seen : observer {
  void on_resolved(const events::resolved& e) override {
    resolved.push_back(std::string(e.host) + " " + to_string(e.addresses.front()) + " " +
                       detail::describe(e.took));
  }
  std::vector<std::string> resolved;
};

struct fixture {
  fixture() {
    options.resolver = &names;
    for (const auto address : {"192.0.2.1", "192.0.2.2", "2001:db8::1"})
      network.listen(address, 443, wait_for_end);
    network.name("host", {"192.0.2.9"});  // what the transport would say
  }

  std::string dial(std::string_view host, std::optional<detail::duration> total = {}) {
    std::string peer;
    auto run = [&]() -> task<void> {
      const observers all{watching};
      detail::deadline_queue queue(network.transport(), all);
      detail::deadline limit(queue, total, {});
      auto got = co_await detail::dial(host, 443, options, limit);
      if (got) got->stream.close();
      peer = got ? to_string(got->peer)
                 : std::string(to_string(got.error().category())) + " " +
                       std::string(got.error().reason()) + " " +
                       std::string(to_string(got.error().phase()));
    };
    network.run(run());
    CHECK(network.look_ups == 0);
    return peer;
  }
  void pass(std::chrono::nanoseconds d) {
    auto work = [&]() -> task<void> { co_await sleep_for(network.transport(), d); };
    network.run(work());
  }

  memory_network network;
  table names{network.transport()};
  std::shared_ptr<seen> watching = std::make_shared<seen>();
  connect_options options;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a resolver is asked in place of the transport, and is seen") {
  names.hosts["host"] = at({"192.0.2.1"});
  names.delay = 20ms;
  CHECK(dial("host") == "192.0.2.1:443");
  CHECK(names.asked == std::vector<std::string>{"host:443"});
  CHECK(watching->resolved == std::vector<std::string>{"host 192.0.2.1:443 20 ms"});
}

TEST_CASE_METHOD(fixture, "a resolver is not asked for what the client knows") {
  options.resolve = {{"host", 443, "192.0.2.2"}, {"alias", 443, "other"}};
  names.hosts["other"] = at({"192.0.2.1"});
  network.listen("127.0.0.1", 443, wait_for_end);
  CHECK(dial("host") == "192.0.2.2:443");
  CHECK(dial("192.0.2.1") == "192.0.2.1:443");
  CHECK(dial("a.localhost") == "127.0.0.1:443");
  CHECK(names.asked.empty());
  CHECK(dial("alias") == "192.0.2.1:443");  // another name to look up
  CHECK(names.asked == std::vector<std::string>{"other:443"});
}

TEST_CASE_METHOD(fixture, "its answers are cached for the time that it says") {
  const struct {
    std::optional<std::chrono::nanoseconds> says;
    std::chrono::nanoseconds lasts;
  } cases[] = {{5s, 5s}, {2min, 2min}, {{}, 1min}};
  for (const auto& c : cases) {
    CAPTURE(c.lasts.count());
    options.dns = dns_cache(1min);
    names.asked.clear();
    names.hosts["host"] = at({"192.0.2.1"}, c.says);
    CHECK(dial("host") == "192.0.2.1:443");
    pass(c.lasts - 1ns);
    CHECK(dial("HOST") == "192.0.2.1:443");
    CHECK(names.asked.size() == 1);
    pass(1ns);
    CHECK(dial("host") == "192.0.2.1:443");
    CHECK(names.asked.size() == 2);
  }
  options.dns = dns_cache();
  names.hosts["host"] = at({"192.0.2.1"}, 0s);
  names.asked.clear();
  CHECK(dial("host") == "192.0.2.1:443");
  CHECK(dial("host") == "192.0.2.1:443");
  CHECK(names.asked.size() == 2);
  options.dns = dns_cache(0s);  // a cache that keeps nothing keeps this neither
  names.hosts["host"] = at({"192.0.2.1"}, 1h);
  CHECK(dial("host") == "192.0.2.1:443");
  CHECK(dial("host") == "192.0.2.1:443");
  CHECK(names.asked.size() == 4);
}

TEST_CASE_METHOD(fixture, "its failures are the client's, in the phase of the look-up") {
  CHECK(dial("unknown") == "resolve not_in_table resolve");
  names.hosts["host"] = at({});
  CHECK(dial("host") == "resolve host_not_found resolve");
  options.addresses = address_policy::public_only();
  names.hosts["inside"] = at({"10.0.0.1"});
  CHECK(dial("inside") == "policy address_refused resolve");
}

TEST_CASE_METHOD(fixture, "its addresses are raced, and the policy applies to each") {
  network.black_hole("192.0.2.3", 443);
  names.hosts["host"] = at({"192.0.2.3", "2001:db8::1"});
  const auto began = network.loop().now();
  CHECK(dial("host") == "[2001:db8::1]:443");
  CHECK(network.loop().now() - began == options.attempt_delay);
  options.addresses = address_policy([](const endpoint& e) { return !e.is_v6; });
  names.hosts["both"] = at({"2001:db8::1", "192.0.2.2"});
  CHECK(dial("both") == "192.0.2.2:443");
}

TEST_CASE_METHOD(fixture, "limits of time end a look-up") {
  names.hosts["host"] = at({"192.0.2.1"});
  names.delay = 1h;
  const auto began = network.loop().now();
  CHECK(dial("host") == "timeout phase_timeout resolve");
  CHECK(network.loop().now() - began == 10s);
  CHECK(dial("host", 3s) == "timeout total_timeout resolve");
  CHECK(network.loop().now() - began == 13s);
}
