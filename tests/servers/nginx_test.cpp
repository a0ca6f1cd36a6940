// The client against a real server over real sockets.
#include "servers/client_support.hpp"

#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("nginx: TLS 1.2 and 1.3 with certificates of ECDSA and RSA") {
  auto& server = web_server();
  descriptor_balance balance;
  struct {
    site at;
    std::string protocol, openssl_protocol, key;
  } cases[] = {
      {site::ecdsa_12, "TLS 1.2", "TLSv1.2", "ECDSA"}, {site::ecdsa_13, "TLS 1.3", "TLSv1.3", ""},
      {site::rsa_12, "TLS 1.2", "TLSv1.2", "RSA"},     {site::rsa_13, "TLS 1.3", "TLSv1.3", ""},
      {site::both, "TLS 1.3", "TLSv1.3", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.at);
    const auto r = expect(get(trusting(), server.url(c.at, "/small.txt")));
    CHECK(r.status() == 200);
    CHECK(r.text() == server.small);
    CHECK(value_of(r, "content-type") == "text/plain");
    CHECK(r.connection().protocol == "HTTP/1.1");
    const auto at_port = ":" + std::to_string(server.port(c.at));
    CHECK((to_string(r.connection().peer) == "127.0.0.1" + at_port ||
           to_string(r.connection().peer) == "[::1]" + at_port));
    REQUIRE(r.connection().tls);
    const tls_info& tls = *r.connection().tls;
    CAPTURE(tls.cipher_suite);
    CHECK(tls.protocol == c.protocol);
    CHECK(tls.alpn == "http/1.1");
    // OpenSSL 3.5 takes the hybrid group where it can.
    CHECK((tls.group == "x25519" || (tls.group == "X25519MLKEM768" && tls.protocol == "TLS 1.3")));
    CHECK(tls.verified);
    CHECK_FALSE(tls.resumed);
    // nginx saw the same.
    CHECK(value_of(r, "x-tls").starts_with(c.openssl_protocol + ' '));
    if (c.key.empty())
      CHECK(value_of(r, "x-tls") == c.openssl_protocol + ' ' + tls.cipher_suite);
    else
      CHECK(tls.cipher_suite.starts_with("TLS_ECDHE_" + c.key + "_WITH_"));
    REQUIRE(tls.peer_chain.size() == 2);
    CHECK(tls.peer_chain[0].subject.find("localhost") != std::string::npos);
    CHECK(tls.peer_chain[0].issuer == tls.peer_chain[1].subject);
    CHECK(tls.peer_chain[0].names.size() == 3);
    CHECK(tls.peer_chain[1].issuer.find("cohttps test root") != std::string::npos);
    CHECK(r.timings().tls > 0ns);
    CHECK(r.timings().total >= r.timings().connect + r.timings().tls);
  }
}

TEST_CASE("nginx: an address as the host; plain http where it is allowed") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto by_address =
      expect(get(trusting(), server.url(site::both, "/small.txt", "127.0.0.1")));
  CHECK(by_address.text() == server.small);
  const auto unencrypted = expect(get(plain(), server.url(site::plain, "/small.txt")));
  CHECK(unencrypted.text() == server.small);
  CHECK_FALSE(unencrypted.connection().tls);
  const auto refused = get(trusting(), server.url(site::plain, "/small.txt"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::policy);
}

TEST_CASE("nginx: 10000 requests go over one connection") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    const auto url = server.url(at, "/small.txt");
    const auto work = [&]() -> task<void> {
      client c(trusting());
      std::string connection;
      for (int i = 1; i <= 10'000; ++i) {
        const auto r = co_await c.get(url);
        if (i == 1) connection = value_of(r, "x-connection");
        const bool right = r.status() == 200 && r.text() == server.small &&
                           r.on_reused_connection() == (i > 1) &&
                           value_of(r, "x-connection") ==
                               connection.substr(0, connection.find('/') + 1) + std::to_string(i);
        if (right) continue;
        CAPTURE(i, value_of(r, "x-connection"), r.status(), r.on_reused_connection());
        FAIL("not the same connection, or not the right response");
      }
      CHECK(c.statistics().idle == 1);
    };
    const auto started = std::chrono::steady_clock::now();
    run(work());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    UNSCOPED_INFO("10000 requests took " << took.count() << " s");
    CHECK(took < 60s);
  }
}

TEST_CASE("nginx: every kind of framing, and the connection goes on after it") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::plain, site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    const auto work = [&]() -> task<void> {
      auto options = trusting();
      options.allow_plaintext = true;
      client c(options);
      const auto url = [&](std::string_view path) { return server.url(at, path); };

      const auto first = co_await c.get(url("/small.txt"));
      const auto connection = value_of(first, "x-connection");
      int requests = 1;
      const auto same = [&](const response& r) {
        return value_of(r, "x-connection") ==
               connection.substr(0, connection.find('/') + 1) + std::to_string(++requests);
      };

      const auto chunked = co_await c.get(url("/ssi/page.html?name=chunks"));
      CHECK(value_of(chunked, "transfer-encoding") == "chunked");
      CHECK(chunked.text() == server.page + "chunks");
      CHECK(same(chunked));

      const auto trailer = co_await c.get(url("/trailer"));
      CHECK(trailer.text() == server.small);
      CHECK(trailer.trailers().find("x-checksum") == "1234");
      CHECK(same(trailer));

      const auto head = co_await c.head(url("/large.bin"));
      CHECK(head.status() == 200);
      CHECK(value_of(head, "content-length") == std::to_string(server.large.size()));
      CHECK(head.text().empty());
      CHECK(same(head));

      const auto head_of_chunks = co_await c.head(url("/ssi/page.html"));
      CHECK(head_of_chunks.status() == 200);
      CHECK(head_of_chunks.text().empty());
      CHECK(same(head_of_chunks));

      const auto by_tag = co_await c.get(url("/small.txt"),
                                         {.headers = {{"if-none-match", value_of(first, "etag")}}});
      CHECK(by_tag.status() == 304);
      CHECK(by_tag.text().empty());
      CHECK(same(by_tag));

      const auto by_time =
          co_await c.get(url("/small.txt"),
                         {.headers = {{"if-modified-since", value_of(first, "last-modified")}}});
      CHECK(by_time.status() == 304);
      CHECK(same(by_time));

      const auto missing = co_await c.get(url("/missing"));
      CHECK(missing.status() == 404);
      CHECK_FALSE(missing.ok());
      CHECK(missing.text().find("404 Not Found") != std::string::npos);
      CHECK(same(missing));

      const auto empty = co_await c.get(url("/empty"));
      CHECK(empty.status() == 204);
      CHECK(empty.text().empty());
      CHECK(same(empty));

      const auto part =
          co_await c.get(url("/large.bin"), {.headers = {{"range", "bytes=1000-1999"}}});
      CHECK(part.status() == 206);
      CHECK(value_of(part, "content-range") ==
            "bytes 1000-1999/" + std::to_string(server.large.size()));
      CHECK(part.content() == server.large.substr(1000, 1000));
      CHECK(same(part));

      const auto beyond =
          co_await c.get(url("/small.txt"), {.headers = {{"range", "bytes=1000-1999"}}});
      CHECK(beyond.status() == 416);
      CHECK(same(beyond));

      const auto large = co_await c.get(url("/large.bin"));
      CHECK((large.content() == server.large));
      CHECK(same(large));

      const auto moved = co_await c.get(url("/moved"));
      requests += 1;
      CHECK(moved.status() == 200);
      CHECK(moved.text() == server.small);
      CHECK(moved.url().href() == url("/small.txt"));
      REQUIRE(moved.history().size() == 1);
      CHECK(moved.history()[0].status == 301);
      CHECK(same(moved));

      const auto not_followed = co_await c.get(url("/moved"), {.max_redirects = 0});
      CHECK(not_followed.status() == 301);
      CHECK(value_of(not_followed, "location") == url("/small.txt"));
      CHECK(same(not_followed));

      const auto round = co_await c.try_get(url("/loop"), {.max_redirects = 3});
      requests += 4;
      REQUIRE_FALSE(round);
      CHECK(round.error().reason() == "too_many_redirects");
    };
    run(work());
  }
}

TEST_CASE("nginx: Connection: close, and content that ends with the connection") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::plain, site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    const auto work = [&]() -> task<void> {
      auto options = trusting();
      options.allow_plaintext = true;
      client c(options);
      const auto closing = co_await c.get(server.url(at, "/closing"));
      CHECK(value_of(closing, "connection") == "close");
      CHECK(closing.text() == "the last one");
      CHECK(c.statistics().idle == 0);
      const auto unframed = co_await c.get(server.url(at, "/unframed/page.html?name=whole"));
      CHECK_FALSE(unframed.header("content-length"));
      CHECK_FALSE(unframed.header("transfer-encoding"));
      CHECK_FALSE(unframed.on_reused_connection());
      CHECK(unframed.text() == server.page + "whole");
      CHECK(c.statistics().idle == 0);
      const auto asked =
          co_await c.get(server.url(at, "/small.txt"), {.headers = {{"connection", "close"}}});
      CHECK(asked.text() == server.small);
      CHECK(c.statistics().idle == 0);
    };
    run(work());
  }
}

TEST_CASE("nginx: a large response read as a stream, and one left in the middle") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto work = [&]() -> task<void> {
    client c(trusting());
    {
      auto stream = co_await c.stream(method::get, server.url(site::both, "/large.bin"));
      CHECK(stream.content_length() == server.large.size());
      std::size_t at = 0;
      bool right = true;
      for (auto part = co_await stream.read(); !part.empty(); part = co_await stream.read()) {
        right = right &&
                server.large.compare(at, part.size(), reinterpret_cast<const char*>(part.data()),
                                     part.size()) == 0;
        at += part.size();
      }
      CHECK(right);
      CHECK(at == server.large.size());
      CHECK(stream.complete());
      CHECK(c.statistics().idle == 1);
    }
    {
      auto left = co_await c.stream(method::get, server.url(site::both, "/large.bin"));
      const auto part = co_await left.read();
      CHECK_FALSE(part.empty());
    }
    CHECK(c.statistics().idle == 0);
    const auto bounded =
        co_await c.try_get(server.url(site::both, "/large.bin"), {.max_content = 1024 * 1024});
    REQUIRE_FALSE(bounded);
    CHECK(bounded.error().reason() == "content_too_large");
    const auto next = co_await c.get(server.url(site::both, "/small.txt"));
    CHECK(next.text() == server.small);
  };
  run(work());
}

TEST_CASE("nginx: content goes up, small and large, and what came down is the same") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::plain, site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    const auto work = [&]() -> task<void> {
      auto options = trusting();
      options.allow_plaintext = true;
      client c(options);
      const auto form =
          co_await c.post(server.url(at, "/form"),
                          {.headers = {{"content-type", "application/x-www-form-urlencoded"}},
                           .content = "a=1&b=2"});
      CHECK(form.status() == 200);
      CHECK(form.text() == "taken");
      CHECK(value_of(form, "x-body") == "a=1&b=2");

      const auto file = server.url(at, "/uploads/file" + std::to_string(static_cast<int>(at)));
      const auto created = co_await c.put(file, {.content = server.large});
      CHECK(created.status() == 201);
      const auto back = co_await c.get(file);
      CHECK((back.content() == server.large));
      const auto replaced = co_await c.put(file, {.content = "less"});
      CHECK(replaced.status() == 204);
      const auto less = co_await c.get(file);
      CHECK(less.text() == "less");
      const auto deleted = co_await c.delete_(file);
      CHECK(deleted.status() == 204);
      const auto gone = co_await c.get(file);
      CHECK(gone.status() == 404);

      // Answered at once. How much of the content went before that, and so whether the connection
      // is kept, depends on the machine.
      const auto unread = co_await c.post(server.url(at, "/unread"), {.content = server.large});
      CHECK(unread.status() == 200);
      CHECK(unread.text() == "never read");
      CHECK(unread.on_reused_connection());
    };
    run(work());
  }
}

TEST_CASE("nginx: content that is too large is answered early with 413") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::plain, site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    auto options = trusting();
    options.allow_plaintext = true;
    const auto told = expect(
        send(options, method::post, server.url(at, "/small-only"), {.content = server.large}));
    CHECK(told.status() == 413);
    // This one closes while the content is on its way: its answer may be lost, nothing else.
    const auto rude =
        send(options, method::post, server.url(at, "/rude"), {.content = server.large});
    if (rude) {
      CHECK(rude->status() == 413);
    } else {
      CAPTURE(rude.error().what());
      CHECK(rude.error().category() == error_category::peer_closed);
    }
  }
}

TEST_CASE("nginx: requests go on across connections that the server closes") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto work = [&]() -> task<void> {
    client c(trusting());
    int reused = 0;
    for (int i = 0; i < 50; ++i) {
      const auto r = co_await c.get(server.url(site::three_requests, "/small.txt"));
      CHECK(r.text() == server.small);
      reused += r.on_reused_connection();
    }
    CHECK(reused == 33);

    // Pauses of about as long as the server waits, so that it closes before, during and after.
    for (int i = 0; i < 50; ++i) {
      const auto r = co_await c.get(server.url(site::short_idle, "/small.txt"));
      CHECK(r.text() == server.small);
      co_await sleep_for(std::chrono::microseconds(9'000 + 50 * i));
    }
    // What cannot be repeated does not go over a connection that is seen to be closed.
    for (int i = 0; i < 2; ++i) {
      co_await sleep_for(300ms);
      const auto r = co_await c.post(server.url(site::short_idle, "/form"), {.content = "x"});
      CHECK(r.status() == 200);
      CHECK_FALSE(r.on_reused_connection());
    }
  };
  run(work());
}

TEST_CASE("nginx: 64 requests at once") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    const auto work = [&]() -> task<void> {
      client c(trusting());
      for (int round = 0; round < 2; ++round) {
        std::vector<client::operation> all;
        for (int i = 0; i < 64; ++i)
          all.push_back(c.get(server.url(at, "/ssi/page.html?name=" + std::to_string(i))));
        const auto responses = co_await when_all(std::move(all));
        REQUIRE(responses.size() == 64);
        int reused = 0;
        for (std::size_t i = 0; i < responses.size(); ++i) {
          CHECK((responses[i].text() == server.page + std::to_string(i)));
          reused += responses[i].on_reused_connection();
        }
        CHECK(reused == (round == 0 ? 56 : 64));
        CHECK(c.statistics().idle == 8);
      }
    };
    run(work());
  }
}

TEST_CASE("nginx: certificates that are not acceptable") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13, site::rsa_12, site::rsa_13}) {
    CAPTURE(at);
    static const certificate_authority other("another root");
    auto distrusting = trusting();
    distrusting.tls = tls_context({.system_roots = false, .root_pem = other.certificate_pem()});
    const auto unknown = get(distrusting, server.url(at, "/small.txt"));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().category() == error_category::certificate);
    CHECK(unknown.error().reason() == "unknown_issuer");
    CHECK(unknown.error().phase() == phase::handshake);
    CHECK(unknown.error().replay() == replay_safety::not_sent);

    auto elsewhere = trusting();
    elsewhere.resolve = {{"other.test", server.port(at), "127.0.0.1"}};
    const auto wrong = get(elsewhere, server.url(at, "/small.txt", "other.test"));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().category() == error_category::certificate);
    CHECK(wrong.error().reason() == "wrong_host");
    CHECK(std::string(wrong.error().what()).find("not for other.test") != std::string::npos);
  }
  const auto gap = get(trusting(), server.url(site::leaf_only, "/small.txt"));
  REQUIRE_FALSE(gap);
  CHECK(gap.error().category() == error_category::certificate);
  CHECK(gap.error().reason() == "missing_intermediate");
}

TEST_CASE("nginx: a client that wants TLS 1.3 says that a server of TLS 1.2 does not have it") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto options = trusting(tls_version::v1_3);
  CHECK(expect(get(options, server.url(site::both, "/small.txt"))).text() == server.small);
  for (const site at : {site::ecdsa_12, site::rsa_12}) {
    const auto r = get(options, server.url(at, "/small.txt"));
    REQUIRE_FALSE(r);
    CAPTURE(r.error().what());
    CHECK(r.error().category() == error_category::tls);
    CHECK(r.error().reason() == "unsupported_version");
    CHECK(r.error().message().find("TLS 1.3") != std::string::npos);
  }
}

TEST_CASE("nginx: https to a port of http, and http to a port of https") {
  auto& server = web_server();
  descriptor_balance balance;
  auto url = server.url(site::plain, "/small.txt");
  const auto not_tls = get(trusting(), "https" + url.substr(4));
  REQUIRE_FALSE(not_tls);
  CAPTURE(not_tls.error().what());
  CHECK(not_tls.error().category() == error_category::tls);
  CHECK(not_tls.error().reason() == "not_tls");
  CHECK(not_tls.error().message().find("does not speak TLS") != std::string::npos);
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    url = server.url(at, "/small.txt");
    const auto answer = expect(get(plain(), "http" + url.substr(5)));
    CHECK(answer.status() == 400);
    CHECK(answer.text().find("plain HTTP request was sent to HTTPS port") != std::string::npos);
  }
}

TEST_CASE("nginx: a response that comes too slowly is given up in its content") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto r = get(trusting(), server.url(site::both, "/slow"), {.timeout = 300ms});
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::timeout);
  CHECK(r.error().reason() == "total_timeout");
  CHECK(r.error().phase() == phase::receive_body);
}

TEST_CASE("nginx: a connection that is cut anywhere gives an error, never a part as the whole") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    std::atomic<std::size_t> cut_at = disturbance::never, passed = 0;
    peer between(
        [&](accepted& client) { passed = relay(client, server.port(at), {.cut = cut_at}); });
    // A context each: a session that goes on is shorter than the first.
    const auto url = "https://localhost:" + std::to_string(between.port()) + "/small.txt";
    CHECK(expect(get(trusting(), url)).text() == server.small);
    while (passed == 0) std::this_thread::sleep_for(1ms);
    const std::size_t whole = passed;
    REQUIRE(whole > 1000);
    // Signatures of ECDSA differ in length by a few bytes.
    for (std::size_t cut = 0; cut + 10 < whole; cut += 41) {
      CAPTURE(cut);
      cut_at = cut;
      const auto r = get(trusting(), url);
      REQUIRE_FALSE(r);
      const auto category = r.error().category();
      CAPTURE(r.error().what());
      CHECK((category == error_category::tls || category == error_category::peer_closed));
    }
  }
}

TEST_CASE("nginx: a bit that is flipped on the way gives an error or is of no consequence") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    CAPTURE(at);
    std::atomic<std::size_t> flip_at = disturbance::never, passed = 0;
    peer between(
        [&](accepted& client) { passed = relay(client, server.port(at), {.flip = flip_at}); });
    auto options = trusting();
    options.timeout = 500ms;  // of a length that became larger nothing comes
    const auto url = "https://localhost:" + std::to_string(between.port()) + "/small.txt";
    CHECK(get(trusting(), url));
    while (passed == 0) std::this_thread::sleep_for(1ms);
    const std::size_t whole = passed;
    int refused = 0, tried = 0;
    for (std::size_t flip = 0; flip + 10 < whole; flip += 37) {
      CAPTURE(flip);
      flip_at = flip;
      const auto r = get(options, url);
      ++tried;
      if (r) {
        CHECK(r->status() == 200);
        CHECK(r->text() == server.small);
        continue;
      }
      ++refused;
      const auto category = r.error().category();
      CAPTURE(r.error().what(), to_string(category));
      CHECK((category == error_category::tls || category == error_category::certificate ||
             category == error_category::peer_closed || category == error_category::timeout));
    }
    CHECK(refused * 10 >= tried * 9);
  }
}
