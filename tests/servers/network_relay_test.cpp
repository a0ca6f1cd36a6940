// The client and nginx with a bad line between them.
#include "servers/network_relay.hpp"

#include "servers/client_support.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

constexpr site sites[] = {site::plain, site::ecdsa_12, site::ecdsa_13};

/// No session of TLS is continued: each request has to make the whole way.
client_options anew() {
  client_options options = trusting();
  options.allow_plaintext = true;
  return options;
}

std::string url_through(const peer& between, site at, std::string_view path) {
  return (at == site::plain ? "http://localhost:" : "https://localhost:") +
         std::to_string(between.port()) + std::string(path);
}

}  // namespace

TEST_CASE("network: a line that is too narrow is given up, one that is just narrow is not") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : sites) {
    CAPTURE(at);
    // The response's head and, of TLS, its first record come fast.
    std::atomic<std::size_t> rate = 100;
    peer between([&](accepted& client) {
      carry(client, server.port(at), {.rate = rate, .unhindered = 24 * 1024});
    });
    auto options = anew();
    options.timeouts.minimum_rate = minimum_rate{1000, 1s};
    const auto started = std::chrono::steady_clock::now();
    const auto slow = get(options, url_through(between, at, "/large.bin"),
                          {.headers = {{"range", "bytes=0-65535"}}});
    const auto took = std::chrono::steady_clock::now() - started;
    REQUIRE_FALSE(slow);
    CAPTURE(slow.error().what());
    CHECK(slow.error().category() == error_category::timeout);
    CHECK(slow.error().reason() == "too_slow");
    CHECK(took >= 1s);
    CHECK(took < 4s);

    rate = 200'000;
    const auto fair = expect(get(options, url_through(between, at, "/large.bin"),
                                 {.headers = {{"range", "bytes=0-65535"}}}));
    CHECK((fair.content() == server.large.substr(0, 65536)));
    CHECK(fair.timings().content > 100ms);
  }
}

TEST_CASE("network: the timings of a response tell of a long line") {
  auto& server = web_server();
  descriptor_balance balance;
  constexpr auto there_and_back = 100ms;
  for (const site at : sites) {
    CAPTURE(at);
    peer between([&](accepted& client) { carry(client, server.port(at), {.delay = 50ms}); });
    const auto work = [&]() -> task<void> {
      client c(anew());
      const auto url = url_through(between, at, "/small.txt");
      const auto first = co_await c.get(url);
      CHECK(first.text() == server.small);
      const timings& t = first.timings();
      // One round trip for TLS 1.3 (RFC 8446, 2), two for TLS 1.2 (RFC 5246, 7.3), one for HTTP.
      // The connection is accepted by the relay's own system.
      const int rounds = at == site::plain ? 0 : at == site::ecdsa_13 ? 1 : 2;
      CHECK(t.connect < 50ms);
      CHECK(t.tls >= rounds * there_and_back);
      CHECK(t.tls < rounds * there_and_back + 300ms);
      CHECK(t.first_byte >= there_and_back);
      CHECK(t.first_byte < there_and_back + 300ms);
      CHECK(t.total >= t.resolve + t.connect + t.tls + t.first_byte);
      const auto next = co_await c.get(url);
      CHECK(next.on_reused_connection());
      CHECK(next.timings().connect == 0ms);
      CHECK(next.timings().tls == 0ms);
      CHECK(next.timings().first_byte >= there_and_back);
    };
    run(work());
  }
}

TEST_CASE("network: a line that breaks anywhere, either way, gives an error at once") {
  auto& server = web_server();
  for (const site at : sites) {
    CAPTURE(at);
    descriptor_balance balance;
    line how;
    std::atomic<int> lines = 0;
    carried whole;
    const auto path = "/ssi/page.html?name=all";
    peer between([&](accepted& client) {
      whole = carry(client, server.port(at), how);
      ++lines;
    });
    const auto url = url_through(between, at, path);
    // The script runs on another thread, and is done with `how` when it has counted its line.
    int begun = 0;
    const auto request = [&](const line& next) {
      how = next;
      auto r = get(anew(), url);
      ++begun;
      while (lines != begun) std::this_thread::sleep_for(100us);
      return r;
    };
    const auto unbroken = expect(request({}));
    CHECK((unbroken.text() == server.page + "all"));
    REQUIRE(whole.down > server.page.size());
    const auto up = whole.up, down = whole.down;

    std::vector<line> breaks;
    // Signatures of ECDSA differ in length by a few bytes; a client of TLS says goodbye.
    const std::size_t goodbye = at == site::plain ? 0 : 64;
    for (const bool reset : {false, true}) {
      for (std::size_t n = 0; n + goodbye < up; n += 53)
        breaks.push_back({.cut_up = n, .reset = reset});
      for (std::size_t n = 0; n + goodbye < down; n += n < 3000 ? 101 : 9973)
        breaks.push_back({.cut_down = n, .reset = reset});
    }
    for (const line& one : breaks) {
      CAPTURE(one.cut_up, one.cut_down, one.reset);
      const auto started = std::chrono::steady_clock::now();
      const auto r = request(one);
      CHECK(std::chrono::steady_clock::now() - started < 3s);
      REQUIRE_FALSE(r);
      const auto category = r.error().category();
      CAPTURE(r.error().what(), to_string(category));
      // A RST before the first byte may be seen by the connecting itself.
      const bool at_once = one.reset && std::min(one.cut_up, one.cut_down) == 0;
      CHECK((category == error_category::peer_closed ||
             (at != site::plain && category == error_category::tls) ||
             (at_once && category == error_category::connect)));
    }
  }
}
