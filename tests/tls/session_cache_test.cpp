// Sessions that are continued, and those that must not be.
#include "support.hpp"

#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/resumption/session_cache.hpp>

#include <botan/system_rng.h>
#include <botan/tls_alert.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using time_point = std::chrono::system_clock::time_point;

// A server that remembers, and a client's context.
struct reunion {
  bool tls13 = true;
  tls_context context = context_trusting();
  tls_server_options options = {.tls13 = tls13,
                                .alpn = {"http/1.1"},
                                .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
                                    std::make_shared<Botan::System_RNG>())};
  issued_certificate certificate = localhost_certificate();
  std::string host = "localhost";
  std::uint16_t port = 443;
  std::vector<std::string> alpn = {"http/1.1"};
  time_point now = std::chrono::system_clock::now();

  std::size_t kept() const { return context.who().get()->sessions->size(); }

  struct meeting {
    std::string failure;  ///< empty, or the reason
    tls_info info = {};
  };
  // A connection, up to its end. Reads what the server says after the handshake, unless told not
  // to.
  meeting meet(bool read = true) {
    tls_server_peer server(certificate, options);
    wire one{tls::engine(context, host, port, alpn), server};
    one.now = now;
    if (!one.start()) return {std::string(one.failure->reason())};
    for (int round = 0; round < 6 && !one.failure && !(one.client.handshake_done() && !read);
         ++round) {
      server.receive(one.client.outgoing().data());
      one.client.outgoing().clear();
      if (one.client.handshake_done() && !read) break;
      one.check(one.receive(octets_of(server.outgoing)));
      server.outgoing.clear();
    }
    one.shuttle();
    if (one.failure) return {std::string(one.failure->reason())};
    REQUIRE(one.client.handshake_done());
    // It carries data, whatever it was continued from.
    server.send("hello");
    one.shuttle();
    CHECK(one.plaintext.text() == "hello");
    return {"", one.client.info()};
  }
  bool resumes() {
    const auto met = meet();
    CHECK(met.failure.empty());
    CHECK(met.info.verified);
    return met.info.resumed;
  }

 private:
  static std::vector<std::byte> octets_of(const buffer& bytes) {
    return {bytes.data().begin(), bytes.data().end()};
  }
};

tls::stored_session session_of(time_point start, bool tls13 = true,
                               std::chrono::seconds lifetime = 3600s, int id = 0) {
  const Botan::secure_vector<std::uint8_t> secret(32, 1);
  const Botan::TLS::Server_Information server("localhost", 443);
  const Botan::TLS::Session_Handle handle(
      Botan::TLS::Opaque_Session_Handle(std::vector<std::uint8_t>(40, std::uint8_t(id))));
  using enum Botan::TLS::Connection_Side;
  if (tls13)
    return {Botan::TLS::Session(secret, std::nullopt, 0, lifetime,
                                Botan::TLS::Protocol_Version::TLS_V13, 0x1301, Client, {}, nullptr,
                                server, start),
            handle, start};
  return {Botan::TLS::Session(secret, Botan::TLS::Protocol_Version::TLS_V12, 0xc02b, Client, true,
                              false, {}, server, 0, start, lifetime),
          handle, start};
}

}  // namespace

TEST_CASE("a second connection continues the session of the first") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  reunion r{.tls13 = tls13};
  const auto first = r.meet();
  CHECK_FALSE(first.info.resumed);
  for (int i = 0; i < 5; ++i) {
    const auto next = r.meet();
    CHECK(next.failure.empty());
    CHECK(next.info.resumed);
    CHECK(next.info.verified);
    CHECK(next.info.alpn == "http/1.1");
    CHECK(next.info.cipher_suite == first.info.cipher_suite);
    REQUIRE(next.info.peer_chain.size() == first.info.peer_chain.size());
    CHECK(next.info.peer_chain[0].sha256 == first.info.peer_chain[0].sha256);
  }
}

TEST_CASE("tickets of TLS 1.3 are used once each") {
  reunion r{.tls13 = true};
  r.options.tickets = 3;
  CHECK_FALSE(r.resumes());
  CHECK(r.kept() == 3);
  r.options.tickets = 0;
  for (int i = 0; i < 3; ++i) CHECK(r.resumes());
  CHECK(r.kept() == 0);
  CHECK_FALSE(r.resumes());
}

TEST_CASE("a session of TLS 1.2 serves any number of connections") {
  reunion r{.tls13 = false};
  CHECK_FALSE(r.resumes());
  for (int i = 0; i < 10; ++i) CHECK(r.resumes());
  CHECK(r.kept() == 1);
}

TEST_CASE("connections that differ in what a session is bound to share none") {
  const bool tls13 = GENERATE(true, false);
  const int what = GENERATE(0, 1, 2, 3);
  CAPTURE(tls13, what);
  reunion r{.tls13 = tls13};
  r.certificate = test_authority().issue({.dns = {"localhost", "other.example"}});
  CHECK_FALSE(r.resumes());
  auto other = r;
  if (what == 0) other.host = "other.example";
  if (what == 1) other.port = 8443;
  if (what == 2) other.alpn = {"h2", "http/1.1"};
  if (what == 3) other.context = context_trusting();
  CHECK_FALSE(other.resumes());
  CHECK(r.resumes());
}

TEST_CASE("sessions that are too old are not continued") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  reunion r{.tls13 = tls13};
  SECTION("by what the server said") {
    r.options.ticket_lifetime = 60s;
    CHECK_FALSE(r.resumes());
    r.now += 59s;
    CHECK(r.resumes());
    r.now += 2min;
    CHECK(r.resumes() == !tls13);  // an identifier of TLS 1.2 says nothing of time
  }
  SECTION("and what no server may say (RFC 8446, 4.6.1) is taken for the longest that it may") {
    r.options.ticket_lifetime = 30 * 24h;
    CHECK_FALSE(r.resumes());
    r.now += 1h;
    CHECK(r.resumes());
  }
  SECTION("after a day") {
    CHECK_FALSE(r.resumes());
    r.now += 23h;
    CHECK(r.resumes());
    r.now += 2h;  // the last ticket is young; what it goes back to is not
    CHECK_FALSE(r.resumes());
  }
  SECTION("from the future, as after a change of the clock") {
    CHECK_FALSE(r.resumes());
    r.now -= 1h - 1min;
    CHECK_FALSE(r.resumes());
  }
}

TEST_CASE("a certificate that has expired since is not skipped over") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  reunion r{.tls13 = tls13};
  r.certificate = test_authority().issue({.dns = {"localhost"}, .not_after = 1h});
  CHECK_FALSE(r.resumes());
  r.now += 50min;
  CHECK(r.resumes());
  r.now += 20min;
  CHECK(r.meet().failure == "certificate_expired");
}

TEST_CASE("a handshake that failed takes the sessions of its origin with it") {
  reunion r{.tls13 = GENERATE(true, false)};
  CHECK_FALSE(r.resumes());
  auto fine = r;
  fine.port = 8443;
  CHECK_FALSE(fine.resumes());
  const auto both = r.kept();
  r.options.sessions = nullptr;  // so the certificate counts again
  r.certificate = certificate_authority("other").issue({.dns = {"localhost"}});
  CHECK(r.meet().failure == "unknown_issuer");
  CHECK(r.kept() == both / 2);
  CHECK(fine.resumes());
}

TEST_CASE("a fatal alert ends what could be continued") {
  const bool tls13 = GENERATE(true, false);
  reunion r{.tls13 = tls13};
  tls_server_peer server(r.certificate, r.options);
  auto one = make_wire(server, "localhost", r.context);
  REQUIRE(one.connect());
  CHECK(r.kept() > 0);
  server.alert(Botan::TLS::AlertType::InternalError);
  one.shuttle();
  CHECK(one.failure);
  CHECK(r.kept() == 0);
}

TEST_CASE("who was not verified is not remembered") {
  const bool tls13 = GENERATE(true, false);
  reunion r{.tls13 = tls13};
  r.context =
      tls_context::create({.system_roots = false, .danger = tls::danger::accept_any_certificate{}})
          .value();
  CHECK_FALSE(r.meet().info.resumed);
  CHECK_FALSE(r.meet().info.resumed);
  CHECK(r.context.who().get()->sessions == nullptr);
}

TEST_CASE("resumption can be turned off") {
  reunion r{.tls13 = GENERATE(true, false)};
  r.context = tls_context::create({.system_roots = false,
                                   .root_pem = test_authority().certificate_pem(),
                                   .session_resumption = false})
                  .value();
  CHECK_FALSE(r.resumes());
  CHECK_FALSE(r.resumes());
}

TEST_CASE("a server that no longer knows the session") {
  const bool tls13 = GENERATE(true, false);
  reunion r{.tls13 = tls13};
  CHECK_FALSE(r.resumes());
  r.options.sessions->remove_all();
  CHECK_FALSE(r.resumes());
  CHECK(r.resumes() == tls13);  // it might have learnt TLS 1.3, so it was asked again
  CHECK(r.resumes());
}

TEST_CASE("a server that has learnt TLS 1.3 meanwhile") {
  reunion r{.tls13 = false};
  CHECK_FALSE(r.resumes());
  r.options.tls13 = true;
  r.options.sessions->remove_all();
  const auto after = r.meet();
  CHECK(after.failure.empty());
  CHECK(after.info.protocol == "TLS 1.2");  // it was only asked for that
  CHECK(r.meet().info.protocol == "TLS 1.3");
}

TEST_CASE("the cache is bounded, and forgets the oldest") {
  const auto now = std::chrono::system_clock::now();
  tls::session_cache cache(2, 5);
  for (int i = 0; i < 4; ++i) cache.put("a", session_of(now, true, 3600s, i));
  CHECK(cache.size() == 2);
  for (const auto* origin : {"b", "c", "d", "e"}) cache.put(origin, session_of(now));
  CHECK(cache.size() == 5);  // one of a's has gone
  CHECK(cache.take("a", now)->handle.opaque_handle().get()[0] == 3);
  CHECK_FALSE(cache.take("a", now));
  CHECK(cache.take("e", now));
  CHECK(cache.size() == 3);
  cache.remove_all_of("b");
  cache.remove("c", session_of(now).handle);
  CHECK(cache.size() == 1);
  CHECK_FALSE(cache.take("nobody", now));
  CHECK_FALSE(cache.take("d", now + 1h));  // expired, so gone
  CHECK(cache.size() == 0);

  cache.put("a", session_of(now, false, 0s));  // no limit of the server's
  CHECK(cache.take("a", now + 23h));
  CHECK(cache.take("a", now + 23h));
  cache.put("a", session_of(now, true));
  CHECK(cache.size() == 1);
  CHECK(cache.take("a", now)->is_tls13());
}

TEST_CASE("a cache is shared by threads") {
  const auto now = std::chrono::system_clock::now();
  tls::session_cache cache(4, 32);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&cache, now, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string origin = std::to_string((i * 7 + t) % 20);
        cache.put(origin, session_of(now, true, 3600s, i));
        if (i % 3 == 0) cache.take(origin, now);
        if (i % 50 == 0) cache.remove_all_of(origin);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(cache.size() <= 32);
}
