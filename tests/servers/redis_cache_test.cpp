// A cache in Redis: a real server, and all the ways in which it can fail.
#include "client/cache_support.hpp"
#include "servers/peer.hpp"
#include "servers/redis_server.hpp"

#include <cohttps/cache.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/stores/redis_cache.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <certificate_authority.hpp>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

any_transport loop() { return asio_transport::current(); }

std::shared_ptr<redis_client> connect_to(redis_options where) {
  return std::make_shared<redis_client>(loop(), std::move(where));
}

/// A web server whose responses are fresh for a minute.
class origin_server {
 public:
  explicit origin_server(std::string content = "from the server") : content_(std::move(content)) {}
  std::string url(std::string path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  int asked() const { return asked_; }

 private:
  std::string content_;
  std::atomic<int> asked_ = 0;
  peer server_{[this](accepted& a) {
    if (a.receive_head().empty()) return;
    ++asked_;
    a.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: close\r\nContent-Length: " +
           std::to_string(content_.size()) + "\r\n\r\n" + content_);
  }};
};

task<std::string> text_of(client& c, std::string url) {
  auto r = co_await c.get(url);
  co_return r.content();
}

}  // namespace

TEST_CASE("Redis keeps responses, by key and by Vary, for as long as they are of use") {
  redis_server at;
  run([](redis_server& server) -> task<void> {
    auto redis = connect_to(server.options());
    redis_cache c(redis);
    {
      const auto got = co_await found_content(c, "https://a/");
      CHECK(got == "(none)");
    }
    const std::string binary("bytes\0\xff\r\n", 9);
    {
      const auto got = co_await store_content(c, "https://a/", stored_response(), binary);
      CHECK(got.has_value());
    }
    {
      const auto got = co_await found_content(c, "https://a/");
      CHECK(got == binary);
    }
    auto found = co_await c.find("https://a/", {});
    CHECK((found->response->status == 200 && found->response->headers.find("x") == "a:b"));
    CHECK(found->response->received == cached_response::time_point(1'600'000'000s));
    const fields vary{{"Vary", "Accept"}}, de{{"accept", "de"}}, en{{"accept", "en"}};
    (void)co_await store_content(c, "https://b/", stored_response(de, vary), "de");
    (void)co_await store_content(c, "https://b/", stored_response(en, vary), "en");
    (void)co_await store_content(c, "https://b/", stored_response(en, vary), "EN");
    {
      const auto got = co_await found_content(c, "https://b/", de);
      CHECK(got == "de");
    }
    {
      const auto got = co_await found_content(c, "https://b/", en);
      CHECK(got == "EN");
    }
    {
      const auto got = co_await found_content(c, "https://b/");
      CHECK(got == "(none)");
    }
    auto left = co_await redis->ask("PTTL", "cohttps:response:https://a/");
    CHECK((left->number() > 3'650'000 && left->number() <= 3'660'000));  // an hour more
    // With a validator a day more.
    const fields tagged{{"Cache-Control", "max-age=60, stale-if-error=40"}, {"ETag", "\"a\""}};
    {
      const auto got = co_await c.refresh("https://a/", stored_response({}, tagged));
      CHECK(got.has_value());
    }
    left = co_await redis->ask("PTTL", "cohttps:response:https://a/");
    CHECK((left->number() > 86'490'000 && left->number() <= 86'500'000));
    {
      const auto got = co_await found_content(c, "https://a/");
      CHECK(got == binary);
    }
    {
      const auto got = co_await c.refresh("https://none/", stored_response());
      CHECK(got.has_value());
    }
    {
      const auto got = co_await found_content(c, "https://none/");
      CHECK(got == "(none)");
    }
    {
      const auto got = co_await c.erase("https://b/");
      CHECK(got.has_value());
    }
    {
      const auto got = co_await found_content(c, "https://b/", de);
      CHECK(got == "(none)");
    }
    for (int i = 0; i < 200; ++i) {
      const fields one{{"accept", std::to_string(i)}};
      (void)co_await store_content(c, "https://many/", stored_response(one, vary), "x");
    }
    const fields last{{"accept", "199"}};
    {
      const auto got = co_await found_content(c, "https://many/", last);
      CHECK(got == "x");
    }
    {
      const auto got = co_await redis->ask("HLEN", "cohttps:response:https://many/");
      CHECK(got->number() <= 64);
    }
  }(at));
}

TEST_CASE("large content goes into Redis in pieces, and comes out in pieces") {
  redis_server at;
  run([](redis_server& server) -> task<void> {
    auto redis = connect_to({.socket_path = server.socket_path()});
    redis_cache c(redis);
    const std::string large = varied_content(3 * 256 * 1024 + 1000);
    for (const std::size_t part : {std::size_t{5000}, std::size_t{256 * 1024}, large.size()}) {
      {
        const auto got = co_await store_content(c, "k", stored_response(), large, part);
        CHECK(got.has_value());
      }
      {
        const auto got = co_await found_content(c, "k");
        CHECK(got == large);
      }
    }
    auto found = co_await c.find("k", {});
    CHECK((found->reader && found->length() == large.size()));
    {
      const auto got = co_await read_content(*found, 700'000);
      CHECK(got.value() == large.substr(700'000));
    }
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 16 * 1024, 16 * 1024 + 1,
                                                                     256 * 1024, 256 * 1024 + 1}) {
      {
        const auto got =
            co_await store_content(c, "edge", stored_response(), large.substr(0, size));
        CHECK(got.has_value());
      }
      {
        const auto got = co_await found_content(c, "edge");
        CHECK(got == large.substr(0, size));
      }
    }
    // Read while it is replaced and forgotten.
    found = co_await c.find("k", {});
    auto part = co_await found->reader->next();
    std::string all(reinterpret_cast<const char*>(part->data()), part->size());
    {
      const auto got = co_await store_content(c, "k", stored_response(), "new");
      CHECK(got.has_value());
    }
    {
      const auto got = co_await c.erase("k");
      CHECK(got.has_value());
    }
    while (part && !part->empty()) {
      part = co_await found->reader->next();
      if (part) all.append(reinterpret_cast<const char*>(part->data()), part->size());
    }
    CHECK(all == large);
    // A writer that nobody ends leaves what ends by itself, and hides nothing.
    (void)co_await redis->ask("FLUSHALL");
    (void)co_await store_content(c, "k", stored_response(), "old");
    {
      auto writer = co_await c.write("k", stored_response());
      {
        const auto got = co_await (*writer)->write(std::as_bytes(std::span(large)));
        CHECK(got.has_value());
      }
    }
    {
      const auto got = co_await found_content(c, "k");
      CHECK(got == "old");
    }
    auto keys = co_await redis->ask("KEYS", "cohttps:content:*");
    CHECK(keys->size() == 1);
    auto left = co_await redis->ask("PTTL", (*keys)[0]);
    CHECK((left->number() > 100'000 && left->number() <= 120'000));
    // Its content is gone before the end.
    auto writer = co_await c.write("k", stored_response());
    (void)co_await (*writer)->write(std::as_bytes(std::span(large)));
    (void)co_await redis->ask("FLUSHALL");
    {
      const auto got = co_await (*writer)->commit();
      CHECK(got.error().reason() == "cache_content_lost");
    }
    {
      const auto got = co_await found_content(c, "k");
      CHECK(got == "(none)");
    }
  }(at));
}

TEST_CASE("clients share what Redis keeps, whole and as streams") {
  redis_server at;
  const std::string large = varied_content(1'000'000);
  origin_server small, big(large);
  const auto work = [&]() -> task<void> {
    for (int i = 0; i < 2; ++i) {
      client c({.allow_plaintext = true});
      http_cache cache(std::make_shared<redis_cache>(loop(), at.options()));
      c.use(cache.layer());
      {
        const auto got = co_await text_of(c, small.url());
        CHECK(got == "from the server");
      }
      auto stream = co_await c.stream(method::get, big.url());
      std::string all;
      co_await stream.for_each([&](std::span<const std::byte> part) {
        all.append(reinterpret_cast<const char*>(part.data()), part.size());
      });
      CHECK(all == large);
      {
        const auto got = co_await text_of(c, big.url());
        CHECK(got == large);
      }
      const request_options end{.headers = {{"range", "bytes=999990-"}}};
      auto part = co_await c.get(big.url(), end);
      CHECK((part.status() == 206 && part.content() == large.substr(999'990)));
      CHECK(cache.statistics().store_errors == 0);
    }
  };
  run(work());
  CHECK((small.asked() == 1 && big.asked() == 1));
}

TEST_CASE("a Redis that is down costs one short time, and then nothing for a while") {
  origin_server origin;
  const auto work = [&](std::uint16_t port) -> task<void> {
    client c({.allow_plaintext = true});
    std::vector<std::string> told;
    http_cache cache(
        std::make_shared<redis_cache>(
            loop(), redis_options{.host = "127.0.0.1", .port = port, .timeout = 200ms}),
        {.on_store_error = [&](const error& e) { told.emplace_back(e.reason()); }});
    c.use(cache.layer());
    auto started = clock_type::now();
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(clock_type::now() - started < 400ms);
    started = clock_type::now();
    for (int i = 0; i < 20; ++i) {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(clock_type::now() - started < 200ms);
    REQUIRE(told.size() == 42);
    CHECK((told[1] == "redis_paused" && told[41] == "redis_paused"));
  };
  SECTION("nobody listens") {
    const refusing_port dead;
    run(work(dead.number()));
  }
  SECTION("a server says nothing") {
    std::atomic<int> connections = 0;
    peer silent([&](accepted& a) {
      ++connections;
      a.stand_still();
    });
    run(work(silent.port()));
    CHECK(connections <= 1);
  }
  SECTION("a server says something else") {
    peer web([](accepted& a) {
      a.receive();
      a.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    run(work(web.port()));
  }
  SECTION("a server that goes away") {
    peer closing([](accepted& a) { a.receive(); });
    run(work(closing.port()));
  }
}

TEST_CASE("the pauses grow, and one call tries when they are over") {
  std::atomic<int> connections = 0;
  peer closing([&](accepted& a) {
    if (!a.receive().empty()) ++connections;
  });
  const auto work = [&]() -> task<void> {
    redis_client redis(
        loop(),
        {.host = "127.0.0.1", .port = closing.port(), .first_pause = 40ms, .longest_pause = 160ms});
    // Many at once that fail make one pause.
    std::vector<task<result<redis_reply>>> many;
    for (int i = 0; i < 10; ++i) many.push_back(redis.ask("PING"));
    (void)co_await when_all(std::move(many));
    CHECK(connections == 10);
    const auto started = clock_type::now();
    int tries = 0;
    for (int before = connections; clock_type::now() - started < 900ms;) {
      std::vector<task<result<redis_reply>>> some;
      for (int i = 0; i < 3; ++i) some.push_back(redis.ask("PING"));
      for (const auto& reply : co_await when_all(std::move(some))) CHECK_FALSE(reply);
      if (connections != before) {
        CHECK(connections == before + 1);
        ++tries;
      }
      before = connections;
      co_await sleep_for(loop(), 2ms);
    }
    // After 40, 80, 160 and then each 160 ms; redis_client_test.cpp has the exact times.
    CHECK((tries >= 3 && tries <= 7));
  };
  run(work());
}

TEST_CASE("a Redis that is killed in the middle, and comes back") {
  redis_server at;
  origin_server origin;
  const auto work = [&]() -> task<void> {
    client c({.allow_plaintext = true});
    auto where = at.options();
    where.timeout = 300ms;
    where.first_pause = 100ms;
    auto redis = connect_to(where);
    http_cache cache(std::make_shared<redis_cache>(redis));
    c.use(cache.layer());
    (void)co_await text_of(c, origin.url());
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(origin.asked() == 1);
    at.kill();
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(origin.asked() == 2);
    at.start();
    co_await sleep_for(loop(), 150ms);
    (void)co_await text_of(c, origin.url());  // it is empty
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(origin.asked() == 3);
    // One that stops to answer: the content that is under way is lost, the request is not.
    auto store = std::make_shared<redis_cache>(redis);
    const std::string large = varied_content(600'000);
    (void)co_await store_content(*store, "k", stored_response(), large);
    auto found = co_await store->find("k", {});
    (void)co_await found->reader->next();
    at.pause();
    {
      const auto got = co_await found->reader->next();
      CHECK(got.error().reason() == "redis_timeout");
    }
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(origin.asked() == 4);
    at.go_on();
    co_await sleep_for(loop(), 250ms);
    {
      const auto got = co_await text_of(c, origin.url());
      CHECK(got == "from the server");
    }
    CHECK(origin.asked() == 4);
    // Restarted while nobody asked: the kept connections are dead, and nobody notices.
    at.kill();
    at.start();
    {
      const auto got = co_await redis->ask("PING");
      CHECK(got->text() == "PONG");
    }
  };
  run(work());
}

TEST_CASE("a Redis that is full, or has something else under the key") {
  redis_server at({"--maxmemory", "2mb", "--maxmemory-policy", "noeviction"});
  const std::string large = varied_content(3'000'000);
  origin_server big(large), small;
  const auto work = [&]() -> task<void> {
    client c({.allow_plaintext = true});
    auto redis = connect_to(at.options());
    std::string last;
    http_cache cache(std::make_shared<redis_cache>(redis),
                     {.on_store_error = [&](const error& e) { last = e.what(); }});
    c.use(cache.layer());
    {
      const auto got = co_await text_of(c, big.url());
      CHECK(got == large);
    }
    CHECK(last.find("OOM") != std::string::npos);
    auto stream = co_await c.stream(method::get, big.url());
    std::size_t size = 0;
    co_await stream.for_each([&](std::span<const std::byte> part) { size += part.size(); });
    CHECK(size == large.size());
    CHECK(big.asked() == 2);
    // Redis still answers.
    {
      const auto got = co_await redis->ask("PING");
      CHECK(got->text() == "PONG");
    }
    (void)co_await redis->ask("FLUSHALL");

    const std::string key = "cohttps:response:" + small.url();
    (void)co_await redis->ask("SET", key, "mine");
    {
      const auto got = co_await text_of(c, small.url());
      CHECK(got == "from the server");
    }
    CHECK(last.find("WRONGTYPE") != std::string::npos);
    {
      const auto got = co_await redis->ask("GET", key);
      CHECK(got->text() == "mine");
    }
    (void)co_await redis->ask("DEL", key);
    for (const std::string record :
         {"", "x", "00000004", "zzzzzzzz", "ffffffff200 1 1\n", "00000008200 1 1\ni5:four",
          "00000008200 1 1\n", "00000008200 1 1\nc5", "00000007200 1 \nx"}) {
      (void)co_await redis->ask("HSET", key, "", record);
      last.clear();
      {
        const auto got = co_await text_of(c, small.url());
        CHECK(got == "from the server");
      }
      CHECK(last == "");
      {
        const auto got = co_await text_of(c, small.url());
        CHECK(got == "from the server");
      }
      (void)co_await redis->ask("DEL", key);
    }
    CHECK(small.asked() == 1 + 9);
  };
  run(work());
}

TEST_CASE("content in Redis that is cut off is fetched again") {
  redis_server at;
  const std::string large = varied_content(700'000);
  origin_server big(large);
  const auto work = [&]() -> task<void> {
    client c({.allow_plaintext = true});
    auto redis = connect_to(at.options());
    std::string last;
    http_cache cache(std::make_shared<redis_cache>(redis),
                     {.on_store_error = [&](const error& e) { last = e.reason(); }});
    c.use(cache.layer());
    int asked = 0;
    {
      const auto got = co_await text_of(c, big.url());
      CHECK(got == large);
    }
    CHECK(big.asked() == ++asked);
    for (const bool streams : {false, true})
      for (const std::string& content :
           {std::string(), std::string("short"), large.substr(1), large + "x"}) {
        auto keys = co_await redis->ask("KEYS", "cohttps:content:*");
        for (std::size_t i = 0; i < keys->size(); ++i) {
          (void)co_await redis->ask("DEL", (*keys)[i]);
          if (!content.empty()) (void)co_await redis->ask("SET", (*keys)[i], content);
        }
        last.clear();
        std::string all;
        if (streams) {
          auto stream = co_await c.stream(method::get, big.url());
          co_await stream.for_each([&](std::span<const std::byte> part) {
            all.append(reinterpret_cast<const char*>(part.data()), part.size());
          });
        } else {
          all = co_await text_of(c, big.url());
        }
        CHECK(all == large);
        CHECK(last == "cache_content_lost");
        CHECK(big.asked() == ++asked);
        {
          const auto got = co_await text_of(c, big.url());
          CHECK(got == large);
        }
        CHECK(big.asked() == asked);
      }
  };
  run(work());
}

TEST_CASE("Redis with a password, a database and TLS") {
  certificate_authority root;
  const auto issued = root.issue({.dns = {"localhost"}, .ip = {"127.0.0.1"}});
  temporary_folder files;
  const auto certificate = files.write("certificate.pem", issued.chain_pem).string();
  const auto key = files.write("key.pem", issued.key_pem).string();
  const std::uint16_t tls_port = free_port();
  redis_server at({"--requirepass", "open sesame", "--tls-port", std::to_string(tls_port),
                   "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients",
                   "no"});
  const auto work = [&]() -> task<void> {
    auto where = at.options();
    auto redis = connect_to(where);
    {
      const auto got = co_await redis->ask("PING");
      CHECK(got.error().what() == std::string("Redis refused: NOAUTH Authentication required."));
    }
    where.password = "wrong secret";
    redis = connect_to(where);
    const auto refused = (co_await redis->ask("PING")).error();
    CHECK((refused.reason() == "redis_refused" &&
           std::string(refused.what()).find("secret") == std::string::npos));
    {
      const auto got = co_await redis->ask("PING");
      CHECK(got.error().reason() == "redis_paused");
    }
    where.password = "open sesame";
    where.database = 3;
    where.host = "localhost";
    where.port = tls_port;
    where.tls = tls_context({.system_roots = false, .root_pem = root.certificate_pem()});
    redis = connect_to(where);
    const std::string large = varied_content(600'000);
    redis_cache c(redis);
    {
      const auto got = co_await store_content(c, "k", stored_response(), large);
      CHECK(got.has_value());
    }
    {
      const auto got = co_await found_content(c, "k");
      CHECK(got == large);
    }
    where.username = "default";
    where.tls = {};
    where.port = at.port();
    {
      const auto got = co_await connect_to(where)->ask("EXISTS", "cohttps:response:k");
      CHECK(got->number() == 1);
    }
    // Another root.
    certificate_authority other;
    where.port = tls_port;
    where.tls = tls_context({.system_roots = false, .root_pem = other.certificate_pem()});
    {
      const auto got = co_await connect_to(where)->ask("PING");
      CHECK(got.error().category() == error_category::certificate);
    }
  };
  run(work());
}
