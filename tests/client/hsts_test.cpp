// Hosts that want https alone (RFC 6797).
#include "client/support.hpp"

#include <cohttps/http/hsts.hpp>

using namespace cohttps;
using namespace cohttps::testing;

TEST_CASE("a host that has said so over TLS is asked over TLS, for redirections as well") {
  memory_network network;
  scripted_host secure, plain_one;
  const std::string policy = "Strict-Transport-Security: max-age=1000\r\n";
  secure.then(plain_response("first", "200 OK", policy))
      .then(plain_response("second"))
      .then(plain_response("", "302 Found", "Location: http://localhost/third\r\n"))
      .then(plain_response("third"));
  plain_one.then(plain_response("plain", "200 OK", policy));
  network.listen("localhost", 443, secure.tls(localhost_certificate(), {.alpn = {"http/1.1"}}));
  network.listen("localhost", 80, plain_one.plain());
  const auto list = std::make_shared<hsts_list>();
  auto work = [&]() -> task<void> {
    auto options = trusting();
    options.allow_plaintext = true;
    options.hsts = list;
    client c(network.transport(), options);
    auto r = co_await c.get("http://localhost/");
    CHECK(r.text() == "plain");  // what is said without TLS means nothing
    CHECK(list->size() == 0);
    r = co_await c.get("https://localhost/");
    CHECK(list->size() == 1);
    r = co_await c.get("http://localhost/page");
    CHECK((r.text() == "second" && r.url().href() == "https://localhost/page"));
    r = co_await c.get("https://localhost/moved");
    CHECK((r.text() == "third" && r.url().href() == "https://localhost/third"));
  };
  network.run(work());
  CHECK(plain_one.requests.size() == 1);
}

TEST_CASE("an http URL of a host that wants https needs no plaintext") {
  memory_network network;
  scripted_host secure;
  secure.then(plain_response("secure"));
  network.listen("localhost", 443, secure.tls(localhost_certificate(), {.alpn = {"http/1.1"}}));
  const auto list = std::make_shared<hsts_list>();
  REQUIRE(list->add("localhost\n"));
  auto options = trusting();
  options.hsts = list;
  auto r = get(network, "http://localhost/", options);
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "secure");
}
