// Several requests at once to an origin of which nothing is known yet.
#include "client/http2_host.hpp"
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

constexpr int count = 20;

task<std::size_t> get_many(client& c, std::string url) {
  std::vector<client::try_operation> all;
  for (int i = 0; i < count; ++i) all.push_back(c.try_get(url));
  auto got = co_await when_all(std::move(all));
  std::size_t fine = 0;
  for (auto& r : got) fine += r && r->status() == 200;
  co_return fine;
}

}  // namespace

TEST_CASE("all go over the one connection where it turns out to be HTTP/2") {
  memory_network network;
  network.delay = 20ms;
  http2_host host;
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto fine = co_await get_many(c, "https://localhost/");
    CHECK(fine == count);
    CHECK(c.statistics().created == 1);
  };
  network.run(work());
  CHECK(network.connections == 1);
}

TEST_CASE("where it is HTTP/1.1 the others wait for no more than that") {
  memory_network network;
  network.delay = 20ms;
  scripted_host host;
  for (int i = 0; i < 3 * count; ++i) host.then(plain_response("old"));
  network.listen("localhost", 443, host.tls(localhost_certificate(), {.alpn = {"http/1.1"}}));
  std::chrono::nanoseconds alone{}, many{}, known{};
  auto work = [&]() -> task<void> {
    client_options how = trusting();
    how.pool.per_host = count;
    auto now = [&] { return network.transport().now(); };
    {
      client c(network.transport(), how);
      const auto begun = now();
      (void)co_await c.get("https://localhost/");
      alone = now() - begun;
    }
    client c(network.transport(), how);
    auto begun = now();
    auto fine = co_await get_many(c, "https://localhost/");
    many = now() - begun;
    CHECK(fine == count);
    c.close_idle();
    begun = now();
    fine = co_await get_many(c, "https://localhost/");
    known = now() - begun;
    CHECK(fine == count);
  };
  network.run(work());
  // A handshake's time later than alone, and from then on at once.
  CHECK(many < 2 * alone);
  CHECK(known <= alone);
}

TEST_CASE(
    "a first connection that hangs holds the others up for a second, and one that fails not") {
  memory_network network;
  http2_host host;
  std::size_t accepted = 0;
  auto serve = host.tls(localhost_certificate());
  network.listen("localhost", 443, [&, serve](memory_stream s) -> task<void> {
    if (accepted++ != 0) return serve(std::move(s));
    return [](memory_stream hanging) -> task<void> {
      std::byte in[4096];
      while (true) {
        auto got = co_await hanging.read_some(in, {});
        if (!got || *got == 0) co_return;
      }
    }(std::move(s));
  });
  network.refuse("refusing", 443, 100ms);
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto first = [&]() -> task<void> {
      auto r = co_await c.try_get("https://localhost/");
      REQUIRE_FALSE(r);
      CHECK(r.error().reason() == "phase_timeout");
    };
    auto others = [&]() -> task<void> {
      const auto begun = network.transport().now();
      auto fine = co_await get_many(c, "https://localhost/");
      CHECK(fine == count);
      CHECK(network.transport().now() - begun == 1s);
    };
    co_await when_all(first(), others());
    CHECK(accepted == 2);

    const auto begun = network.transport().now();
    auto fine = co_await get_many(c, "https://refusing/");
    CHECK(fine == 0);
    CHECK(network.transport().now() - begun <= 400ms);  // 1, then 8 at a time
  };
  network.run(work());
}

TEST_CASE("plain HTTP/1.1 waits for nothing") {
  plain_host at;
  for (int i = 0; i < count; ++i) at.host.then(plain_response("x"));
  at.network.delay = 10ms;
  auto work = [&]() -> task<void> {
    client_options how = plain();
    how.pool.per_host = count;
    client c(at.network.transport(), how);
    auto fine = co_await get_many(c, "http://host/");
    CHECK(fine == count);
    CHECK(c.statistics().created == count);
  };
  at.network.run(work());
}
