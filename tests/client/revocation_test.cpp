// Issuers that are asked over the network whether a server's certificate was revoked.
#include "client/support.hpp"
#include "tls/revocation_forge.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

client_options asking(revocation_mode mode) {
  return {.tls = tls_context::create({.system_roots = false,
                                      .root_pem = test_authority().certificate_pem(),
                                      .revocation = mode})
                     .value()};
}

const issued_certificate& asked_about() {
  static const auto made = test_authority().issue({.dns = {"localhost"},
                                                   .ocsp_url = "http://ocsp.test/ask?x=1",
                                                   .crl_url = "http://crl.test:8080/list"});
  return made;
}

std::string to_text(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A server, and those who know about its certificate.
struct world {
  scripted_host server, responder, list;

  explicit world(memory_network& network, int answers = 4) {
    for (int i = 0; i < answers; ++i) server.then(plain_response("secret"));
    network.listen("localhost", 443, server.tls(asked_about()));
    network.listen("ocsp.test", 80, responder.plain());
    network.listen("crl.test", 8080, list.plain());
  }
  void say(const ocsp_answer& answer) {
    responder.then(plain_response(to_text(make_ocsp(test_authority(), asked_about(), answer))));
  }
  void publish(const crl_content& content) {
    list.then(plain_response(to_text(make_crl(test_authority(), content))));
  }
};

}  // namespace

TEST_CASE("a responder is asked before the first request, and no more after that") {
  for_each_read_size([&](memory_network& network) {
    world w(network);
    w.say({});
    auto work = [&]() -> task<void> {
      client c(network.transport(), asking(revocation_mode::hard));
      for (int i = 0; i < 2; ++i) {
        auto got = co_await c.try_get("https://localhost/");
        REQUIRE(got);
        CHECK(got->text() == "secret");
        CHECK(got->connection().tls->revocation == revocation_status::good);
        CHECK(got->connection().tls->overlooked.empty());
        c.close_idle();
      }
    };
    network.run(work());
    CHECK(w.server.connections == 2);
    CHECK(w.responder.connections == 1);
    REQUIRE(w.responder.requests.size() == 1);
    const auto& request = w.responder.requests[0];
    CHECK(request.starts_with("POST /ask?x=1 HTTP/1.1\r\n"));
    CHECK_THAT(request, ContainsSubstring("ocsp.test\r\n") &&
                            ContainsSubstring("application/ocsp-request\r\n"));
    CHECK(w.list.connections == 0);
    CHECK(network.open_streams == 0);
  });
}

TEST_CASE("a revoked certificate gets no request") {
  const auto mode = GENERATE(revocation_mode::soft, revocation_mode::hard);
  const bool by_list = GENERATE(false, true);
  memory_network network;
  world w(network);
  if (by_list) {
    w.responder.then(plain_response("sorry", "503 Service Unavailable"));
    w.publish({.revoked = {&asked_about()}});
  } else {
    w.say({.says = ocsp_answer::status::revoked});
  }
  const auto got = get(network, "https://localhost/", asking(mode));
  REQUIRE_FALSE(got);
  CHECK(got.error().category() == error_category::certificate);
  CHECK(got.error().reason() == "revoked");
  CHECK(got.error().alert() == "certificate_revoked");
  CHECK(got.error().phase() == phase::handshake);
  CHECK(got.error().replay() == replay_safety::not_sent);
  CHECK(w.server.requests.empty());
  CHECK(network.open_streams == 0);
}

TEST_CASE("nobody can be asked: an error, or no obstacle") {
  const auto mode = GENERATE(revocation_mode::soft, revocation_mode::hard);
  memory_network network;
  world w(network);
  SECTION("they close the connection") {}
  SECTION("their answers are too long") {
    w.responder.then(plain_response(std::string(100'000, 'x')));
    w.list.then("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  }
  SECTION("they send elsewhere") {
    w.responder.then(plain_response("", "302 Found", "Location: http://localhost/\r\n"));
    w.list.then(plain_response("", "301 Moved", "Location: http://localhost/\r\n"));
  }
  SECTION("they do not answer") {
    w.responder.then("", after::hang);
    w.list.then("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", after::hang);
  }
  const auto got = get(network, "https://localhost/", asking(mode));
  if (mode == revocation_mode::soft) {
    REQUIRE(got);
    CHECK(got->text() == "secret");
    CHECK(got->connection().tls->revocation == revocation_status::unknown);
    const auto& overlooked = got->connection().tls->overlooked;
    REQUIRE(overlooked.size() == 1);
    CHECK(overlooked[0].reason() == "revocation_unknown");
    CHECK_THAT(overlooked[0].what(), ContainsSubstring("http://ocsp.test/ask?x=1: ") &&
                                         ContainsSubstring("http://crl.test:8080/list: "));
  } else {
    REQUIRE_FALSE(got);
    CHECK(got.error().reason() == "revocation_unknown");
    CHECK_THAT(got.error().what(), ContainsSubstring("http://ocsp.test/ask?x=1: ") &&
                                       ContainsSubstring("http://crl.test:8080/list: "));
    CHECK(w.server.requests.empty());
  }
  CHECK(w.responder.connections == 1);
  CHECK(w.list.connections == 1);
  CHECK(network.open_streams == 0);
}

TEST_CASE("by default nobody is asked") {
  memory_network network;
  world w(network);
  const auto got = get(network, "https://localhost/", trusting());
  REQUIRE(got);
  CHECK(got->connection().tls->revocation == revocation_status::none);
  CHECK(w.responder.connections + w.list.connections == 0);
}

TEST_CASE("the time of the request is that of the questions, too") {
  memory_network network;
  world w(network);
  w.responder.then("", after::hang);
  const auto got =
      get(network, "https://localhost/", asking(revocation_mode::soft), {.timeout = 2s});
  REQUIRE_FALSE(got);
  CHECK(got.error().reason() == "total_timeout");
  CHECK(network.open_streams == 0);
}

TEST_CASE("asking, with each operation failing in turn") {
  for_each_fault([&](memory_network& network, stop_source& stop) -> result<response> {
    world w(network);
    w.responder.then(plain_response("", "500 Internal Server Error"));
    w.publish({});
    return get(network, "https://localhost/", asking(revocation_mode::hard), {.stop = stop});
  });
}
