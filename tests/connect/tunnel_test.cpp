#include "connect/scripted_proxy.hpp"
#include "support/sweep.hpp"

#include <cohttps/connect/tunnel.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/tls_stream.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::literals;

// GCC 12 evaluates a co_await inside CHECK twice, so results are awaited into variables first.

namespace {

/// A connection without TLS.
struct wire : cohttps::detail::tls_stream {
  explicit wire(memory_stream s) noexcept : tls_stream(any_stream(std::move(s))) {}
};

const origin target{"https", "example.com", 443};
const endpoint address{.address = {std::byte{192}, std::byte{0}, std::byte{2}, std::byte{1}},
                       .port = 443};

/// Opens a tunnel, over new connections where that is asked for, and sends "hello" through it.
task<result<std::string>> hello(memory_network& network, proxy_login& login, stop_token stop,
                                const http1::limits& bounds = {}) {
  const std::string host(login.via().host());
  const cohttps::detail::tunnel_target to{target,
                                          login.via().resolves_names() ? nullptr : &address};
  while (true) {
    memory_transport over = network.transport();
    auto where = co_await over.resolve(host, login.via().port(), stop);
    if (!where) co_return pass(std::move(where));
    auto stream = co_await over.connect(where->front(), stop);
    if (!stream) co_return pass(std::move(stream));
    wire w(*std::move(stream));
    auto opened =
        co_await cohttps::detail::open_tunnel(w, to, login, bounds, strictness::lenient, stop);
    if (!opened) co_return pass(std::move(opened));
    if (*opened == cohttps::detail::tunnel::reconnect) {
      CHECK_FALSE(stop.stop_requested());
      continue;
    }
    const std::string_view said = "hello";
    auto sent = co_await w.write(std::as_bytes(std::span(said)), stop);
    if (!sent) co_return pass(std::move(sent));
    buffer in;
    while (in.size() < said.size()) {
      auto got = co_await w.read(in, stop);
      if (!got) co_return pass(std::move(got));
      if (*got == 0) co_return fail(error_category::peer_closed, "closed", "the tunnel ended");
    }
    co_return std::string(in.text());
  }
}

proxy_login login_to(std::string_view via) { return cohttps::detail::login_to(*proxy::parse(via)); }

result<std::string> run(scripted_proxy& script, const proxy& via, memory_network& network,
                        stop_token stop = {}, const http1::limits& bounds = {}) {
  proxy_login login = cohttps::detail::login_to(via);
  network.listen("p", login.via().port(), script.server());
  auto outcome = network.run(hello(network, login, stop, bounds));
  network.run_servers();
  return outcome;
}

result<std::string> run(scripted_proxy& script, std::string_view via, memory_network& network,
                        stop_token stop = {}, const http1::limits& bounds = {}) {
  return run(script, *proxy::parse(via), network, stop, bounds);
}

/// The reason of the error, or what came back.
std::string outcome(scripted_proxy script, std::string_view via, http1::limits bounds = {}) {
  std::string first;
  for_each_read_size([&](memory_network& network) {
    scripted_proxy fresh = script;
    const auto done = run(fresh, via, network, {}, bounds);
    std::string now = done ? *done : '<' + std::string(done.error().reason()) + '>';
    if (!done) {
      CHECK(done.error().message().find("s3cret") == std::string::npos);
      CHECK(done.error().message().find("alice") == std::string::npos);
    }
    CHECK(fresh.tunnelled.find("roxy-Auth") == std::string::npos);
    CHECK(network.open_streams == 0);
    if (first.empty()) first = now;
    CHECK(now == first);
  });
  return first;
}

scripted_proxy script() { return {}; }

/// True when bytes that nobody asked for are noticed as soon as they are read; what is still under
/// way when the tunnel opens can only be seen by who speaks through it.
bool notices_early(const scripted_proxy& script, std::string_view via) {
  bool all = true;
  for_each_read_size([&](memory_network& network) {
    scripted_proxy fresh = script;
    const auto done = run(fresh, via, network);
    CHECK((!done || *done != "hello"));
    if (network.read_limit >= 64) all = all && !done && done.error().reason() == "proxy_sent_early";
  });
  return all;
}

const std::string ok = "HTTP/1.1 200 Connection established\r\n\r\n";
const std::string asks_407 =
    "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n"
    "Proxy-Authenticate: Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth\r\n";
const std::string granted_5 = "\5\0\0\1\1\2\3\4\5\6"s;

}  // namespace

TEST_CASE("a CONNECT tunnel carries what follows") {
  CHECK(outcome(script().after_head(ok), "http://p") == "hello");
  CHECK(outcome(script().after_head("HTTP/1.0 200 OK\r\n\r\n"), "http://p") == "hello");
  CHECK(outcome(script().after_head("HTTP/1.1 299 \r\nX: y\r\n\r\n"), "http://p") == "hello");
  CHECK(outcome(script().after_head("HTTP/1.1 100 Continue\r\n\r\n" + ok), "http://p") == "hello");
  // RFC 9110, 9.3.6: these fields mean nothing here.
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "p") ==
        "hello");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                "p") == "hello");
}

TEST_CASE("the request of a CONNECT tunnel") {
  memory_network network;
  scripted_proxy plain = script().after_head(ok);
  REQUIRE(run(plain, "http://p", network));
  CHECK(plain.asked == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  CHECK(plain.tunnelled == "hello");

  memory_network another;
  scripted_proxy basic = script().after_head(ok);
  REQUIRE(run(basic, "http://u:p@p", another));
  CHECK(basic.asked ==
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"
        "Proxy-Authorization: Basic dTpw\r\n\r\n");
  CHECK(basic.tunnelled == "hello");
}

TEST_CASE("Digest after a 407, on the same connection or a new one") {
  struct row {
    std::string answer;
    bool closes;
    std::size_t connections;
  };
  const row table[] = {
      {asks_407 + "Content-Length: 4\r\n\r\nno!\n", false, 1},
      {asks_407 + "Content-Length: 0\r\n\r\n", false, 1},
      {asks_407 + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false, 1},
      {asks_407 + "Content-Length: 65536\r\n\r\n" + std::string(65536, 'x'), false, 1},
      {asks_407 + "Content-Length: 90000\r\n\r\n" + std::string(90000, 'x'), false, 2},
      {asks_407 + "Content-Length: 4\r\n\r\nno!\nmore", true, 2},
      {asks_407 + "Content-Length: 4\r\n\r\nno!\n", true, 2},
      {asks_407 + "Content-Length: 4\r\nConnection: close\r\n\r\nno!\n", true, 2},
      {asks_407 + "Content-Length: 4\r\nConnection: close\r\n\r\nno!\n", false, 2},
      {asks_407 + "Content-Length: 4\r\n\r\nno", true, 2},
      {asks_407 + "\r\nuntil the close", true, 2},
      {"HTTP/1.0" + asks_407.substr(8) + "Content-Length: 4\r\n\r\nno!\n", true, 2},
      {asks_407 + "Transfer-Encoding: chunked\r\n\r\nx\r\n", false, 2},
  };
  for (const auto& [answer, closes, connections] : table) {
    INFO(answer.substr(0, 200));
    for_each_read_size([&](memory_network& network) {
      scripted_proxy proxy = script().after_head(answer, closes).after_head(ok);
      const auto done = run(proxy, "http://u:p@p", network);
      if (!done) FAIL(done.error().what());
      CHECK(*done == "hello");
      CHECK(network.connections == connections);
      CHECK(proxy.asked.find("Proxy-Authorization: Basic dTpw") != std::string::npos);
      CHECK(proxy.asked.find("Proxy-Authorization: Digest username=\"u\", realm=\"r\", "
                             "uri=\"example.com:443\", nonce=\"n\"") != std::string::npos);
      CHECK(proxy.tunnelled == "hello");
    });
  }
}

TEST_CASE("a CONNECT by Digest alone shows no password before") {
  const std::string done = asks_407 + "Content-Length: 0\r\n\r\n";
  const std::string basic = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
  const auto via = proxy::parse("http://u:p@p")->with_digest();
  for_each_read_size([&](memory_network& network) {
    scripted_proxy proxy = script().after_head(done).after_head(ok);
    const auto opened = run(proxy, via, network);
    if (!opened) FAIL(opened.error().what());
    CHECK(proxy.asked.find("Basic") == std::string::npos);
    CHECK(proxy.asked.find("Proxy-Authorization: Digest username=\"u\"") != std::string::npos);
  });
  memory_network network;
  scripted_proxy proxy = script().after_head(basic);
  const auto opened = run(proxy, via, network);
  REQUIRE(!opened);
  CHECK(opened.error().reason() == "proxy_authentication_failed");
  CHECK(proxy.asked.find("Authorization") == std::string::npos);
}

TEST_CASE("a proxy that wants other credentials") {
  const std::string done = asks_407 + "Content-Length: 0\r\n\r\n";
  const std::string stale =
      "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=r, nonce=m, algorithm=SHA-256, "
      "stale=true\r\nContent-Length: 0\r\n\r\n";
  const std::string basic = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
  CHECK(outcome(script().after_head(done), "http://p") == "<proxy_authentication_required>");
  CHECK(outcome(script().after_head("HTTP/1.1 407 No\r\n\r\n"), "http://p") ==
        "<proxy_authentication_required>");
  CHECK(outcome(script().after_head(basic), "http://alice:s3cret@p") ==
        "<proxy_authentication_failed>");
  CHECK(outcome(script().after_head("HTTP/1.0 401 No\r\n\r\n"), "http://alice:s3cret@p") ==
        "<proxy_authentication_failed>");
  CHECK(outcome(script().after_head(done).after_head(done), "http://alice:s3cret@p") ==
        "<proxy_authentication_failed>");
  CHECK(outcome(script().after_head(done).after_head(stale).after_head(ok),
                "http://alice:s3cret@p") == "hello");
}

TEST_CASE("a proxy that says 407 for ever is left after three requests") {
  for (const bool closes : {false, true}) {
    memory_network network;
    scripted_proxy proxy;
    const std::string stale =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=r, nonce=n, algorithm=SHA-256, "
        "stale=true\r\nContent-Length: 0\r\n\r\n";
    for (int i = 0; i < 20; ++i) proxy.after_head(stale, closes);
    const auto done = run(proxy, "http://u:p@p", network);
    REQUIRE(!done);
    CHECK(done.error().reason() == "proxy_authentication_failed");
    CHECK(proxy.answers.size() == 17);
    CHECK(network.connections == (closes ? 3 : 1));
  }
}

TEST_CASE("a proxy that refuses") {
  struct row {
    std::string_view status, said;
  };
  for (const auto& [status, said] :
       {row{"403 Forbidden", "403 (Forbidden); its rules"},
        row{"502 x", "502 (Bad Gateway); it may"},
        row{"301 x\r\nLocation: https://evil.example/", "301 (Moved Permanently); check"},
        row{"101 x", "101 (Switching Protocols); check"}, row{"799 x", "799; it may"}}) {
    memory_network network;
    scripted_proxy proxy = script().after_head("HTTP/1.1 " + std::string(status) +
                                               "\r\nContent-Length: 3\r\n\r\nno\n");
    const auto done = run(proxy, "http://u:p@p:1", network);
    REQUIRE(!done);
    CHECK(done.error().category() == error_category::connect);
    CHECK(done.error().reason() == "proxy_refused");
    CHECK(done.error().message().starts_with(
        "the proxy http://p:1 refused the tunnel with status " + std::string(said)));
    CHECK(network.connections == 1);
  }
}

TEST_CASE("hostile HTTP proxies") {
  const http1::limits small{.head = 200, .fields = 3, .interim = 2};
  CHECK(notices_early(script().after_head(ok + "x"), "p"));
  CHECK(notices_early(script().after_head(ok + ok), "p"));
  CHECK(notices_early(script().after_head("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), "p"));
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nX: " + std::string(300, 'x') + "\r\n\r\n"),
                "p", small) == "<head_too_large>");
  CHECK(outcome(script().after_head(std::string(70000, 'x')), "p") == "<not_http>");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\na: b\r\na: b\r\na: b\r\na: b\r\n\r\n"), "p",
                small) == "<too_many_fields>");
  CHECK(outcome(script().after_head("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\n"
                                    "HTTP/1.1 100 x\r\n\r\n"),
                "p", small) == "<too_many_interim_responses>");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"s), "p") ==
        "<invalid_field_value>");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\n\n"), "p") == "hello");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"), "p") == "<bare_cr>");
  CHECK(outcome(script().after_head("HTTP/1.1 -20 OK\r\n\r\n"), "p") == "<invalid_status_code>");
  CHECK(outcome(script().after_head(asks_407 + "Content-Length: -1\r\n\r\n"), "u:p@p") ==
        "<invalid_content_length>");
  CHECK(outcome(script().after_head("\5\0"), "p") == "<not_http>");
  CHECK(outcome(script().after_head("", true), "p") == "<closed_before_response>");
  CHECK(outcome(script().after_head("HTTP/1.1 200 OK\r\nX", true), "p") == "<truncated_head>");
}

TEST_CASE("SOCKS tunnels carry what follows") {
  CHECK(outcome(script().after(3, "\5\0"s).after(7 + 11, granted_5), "socks5h://p") == "hello");
  CHECK(outcome(script().after(3, "\5\0"s).after(10, granted_5), "socks5://p") == "hello");
  CHECK(outcome(script().after(4, "\5\2").after(16, "\1\0"s).after(18, granted_5),
                "socks5h://alice:s3cret00@p") == "hello");
  CHECK(outcome(script().after(9, "\0\x5a......"s), "socks4://p") == "hello");
  CHECK(outcome(script().after(26, "\0\x5a......"s), "socks4a://alice@p") == "hello");
}

TEST_CASE("hostile SOCKS proxies") {
  const auto socks5 = [](std::string last, bool closes = false) {
    return outcome(script().after(3, "\5\0"s).after(18, std::move(last), closes), "socks5h://p");
  };
  CHECK(notices_early(script().after(3, "\5\0"s).after(18, granted_5 + "x"), "socks5h://p"));
  CHECK(notices_early(script().after(3, "\5\0"s).after(18, granted_5 + granted_5), "socks5h://p"));
  CHECK(socks5("\5\4") == "<socks_host_unreachable>");
  CHECK(socks5("\5\0\0\1"s, true) == "<proxy_closed>");
  CHECK(socks5("", true) == "<proxy_closed>");
  CHECK(socks5("\5\0\0\3\xff"s, true) == "<proxy_closed>");
  CHECK(socks5("\5\0\0\2"s + std::string(500, '\0')) == "<socks_malformed>");
  CHECK(socks5(std::string(70000, '\0')) == "<socks_malformed>");
  CHECK(notices_early(script().after(3, "\5\0\5\0\0\1\1\2\3\4\5\6"s), "socks5h://p"));
  CHECK(notices_early(script().after(4, "\5\2\1\0"s), "socks5h://u:p@p"));
  CHECK(outcome(script().after(3, "HTTP/1.1 400 Bad\r\n\r\n"), "socks5h://p") ==
        "<socks_malformed>");
  CHECK(notices_early(script().after(9, "\0\x5a......x"s), "socks4://p"));
  CHECK(outcome(script().after(9, "\0\x5b"s), "socks4://p") == "<socks_refused>");
  CHECK(outcome(script().after(9, "\0\x5a"s, true), "socks4://p") == "<proxy_closed>");
}

TEST_CASE("every operation of a tunnel can fail or be stopped") {
  const auto sweep = [](const scripted_proxy& script, std::string_view via) {
    for_each_fault([&](memory_network& network, stop_source& stop) {
      scripted_proxy fresh = script;
      return run(fresh, via, network, stop);
    });
  };
  sweep(script().after_head(ok), "http://u:p@p");
  sweep(script().after_head(asks_407 + "Content-Length: 4\r\n\r\nno!\n").after_head(ok),
        "http://u:p@p");
  sweep(script().after_head(asks_407 + "Content-Length: 4\r\n\r\nno", true).after_head(ok),
        "http://u:p@p");
  sweep(script().after(4, "\5\2").after(5, "\1\0"s).after(18, granted_5), "socks5h://u:p@p");
  sweep(script().after(9, "\0\x5a......"s), "socks4://p");
}

TEST_CASE("a proxy that answers slowly or not at all meets the limit of the tunnel") {
  struct row {
    std::string_view via;
    scripted_proxy script;
  };
  const row table[] = {
      {"http://p", script()},
      {"http://p", script().after_head("HTTP/1.1 200 OK\r\nX: ")},
      {"http://u:p@p", script().after_head(asks_407 + "Content-Length: 4\r\n\r\nn")},
      {"socks5h://p", script()},
      {"socks5h://p", script().after(3, "\5\0"s)},
      {"socks4a://p", script().after(9, "\0"s)},
  };
  for (const auto& [via, answers] : table) {
    INFO(via);
    memory_network network;
    scripted_proxy proxy = answers;
    proxy.hangs = true;
    proxy_login login = login_to(via);
    network.listen("p", 1080, proxy.server());
    cohttps::detail::deadline_queue queue(network.transport());
    cohttps::detail::deadline limit(queue, {}, {});
    const time_point begun = limit.now();
    limit.enter(phase::tunnel, 3s);
    auto done = network.run(hello(network, login, limit.token()));
    REQUIRE(!done);
    const error told = limit.explain(done.error());
    CHECK(told.category() == error_category::timeout);
    CHECK(told.phase() == phase::tunnel);
    CHECK(limit.now() - begun == 3s);
    CHECK(network.open_streams == 0);
  }
}
