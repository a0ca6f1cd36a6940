// DNS over HTTPS, with a server in memory.
#include "dns/messages.hpp"

#include <cohttps/client.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/dns_over_https.hpp>
#include <cohttps/testing/scripted_server.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;
using dns::record_type;

namespace {

/// A DNS server at https://dns.example/dns-query, and a site that it knows.
struct fixture {
  fixture() {
    server.network().name("dns.example", {"192.0.2.53"});
    server.network().name("site.example", {"192.0.2.1"});
    server.on("https://dns.example/dns-query").answer([this](const received_request& r) {
      return answer(r);
    });
    server.on("https://site.example/").answer(200, {}, "hello");
    set("site.example", record_type::a, {a("site.example", 300)});
  }

  static std::string a(std::string_view owner, std::size_t ttl,
                       std::string_view address = address_1) {
    return record_of(wire(owner), record_type::a, ttl, address);
  }
  void set(std::string_view host, record_type type, std::vector<std::string> records,
           std::size_t flags = 0x8180) {
    known[{std::string(host), type}] = {std::move(records), flags};
  }

  /// The query of a request, of either method.
  static std::string query_of(const received_request& r) {
    if (r.method == method::post) return r.content;
    const std::string text(r.url.href());
    std::string code = text.substr(text.find("?dns=") + 5);
    if (code.find_first_of("+/=") != code.npos) throw std::runtime_error("not Base64 for URLs");
    std::ranges::replace(code, '-', '+');
    std::ranges::replace(code, '_', '/');
    code.append((4 - code.size() % 4) % 4, '=');
    const auto bytes = from_base64(code).value();
    return {bytes.begin(), bytes.end()};
  }

  scripted_response answer(const received_request& r) {
    const std::string query = query_of(r);
    if (query.size() % 128 != 0) throw std::runtime_error("not padded");
    if (spoil) return *spoil;
    std::size_t at = 12;
    const auto name = dns::name::read(as_message(query), at).value();
    const auto type = static_cast<record_type>(static_cast<unsigned char>(query[at]) << 8 |
                                               static_cast<unsigned char>(query[at + 1]));
    std::string text;  // with dots
    const auto length_at = [&](std::size_t i) -> std::size_t {
      return static_cast<unsigned char>(name.bytes()[i]);
    };
    for (std::size_t i = 0; length_at(i) != 0; i += 1 + length_at(i))
      text += (i ? "." : "") + name.bytes().substr(i + 1, length_at(i));
    asked.push_back(text + (type == record_type::a ? " A" : " AAAA"));
    dns_answer out{.name = text, .type = type};
    if (const auto found = known.find({text, type}); found != known.end())
      std::tie(out.answers, out.flags) = found->second;
    fields headers{{"content-type", "application/dns-message"}};
    if (age) headers.append_unchecked("age", *age);
    return {200, std::move(headers), out.bytes()};
  }

  dns_over_https_options options() {
    return {.url = "https://dns.example/dns-query",
            .addresses = {"192.0.2.53"},
            .client = {.tls = server.tls()}};
  }

  /// One GET of a client that looks names up with these options.
  std::string get(dns_over_https_options how, std::string url = "https://site.example/",
                  int times = 1) {
    std::string outcome;
    auto work = [&]() -> task<void> {
      client c(server.transport(),
               {.tls = server.tls(),
                .resolver = std::make_shared<dns_over_https>(server.transport(), std::move(how)),
                .dns = cache});
      for (int i = 0; i < times; ++i) {
        auto r = co_await c.try_get(url);
        outcome = r ? r->text()
                    : std::string(to_string(r.error().category())) + " " +
                          std::string(r.error().reason());
        if (!r) message = r.error().what();
        c.close_idle();
      }
    };
    server.run(work());
    return outcome;
  }

  scripted_server server;
  std::map<std::pair<std::string, record_type>, std::pair<std::vector<std::string>, std::size_t>>
      known;
  std::vector<std::string> asked;
  std::optional<scripted_response> spoil;
  std::optional<std::string> age;
  dns_cache cache;
  std::string message;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a host is looked up over HTTPS alone, for both families at once") {
  CHECK(get(options()) == "hello");
  std::ranges::sort(asked);
  CHECK(asked == std::vector{"site.example A"s, "site.example AAAA"s});
  CHECK(server.network().look_ups == 0);
  const auto& query = server.requests().front();
  CHECK(query.method == method::get);
  CHECK(query.header("accept") == "application/dns-message");
  CHECK_FALSE(query.header("user-agent"));
  CHECK_FALSE(query.header("cookie"));
  // The requests do not differ by an id, so that HTTP caches can keep the answers.
  CHECK(query_of(query).substr(0, 2) == "\0\0"s);
}

TEST_CASE_METHOD(fixture, "queries may be POST requests, and the URL a template") {
  auto how = options();
  how.method = method::post;
  CHECK(get(how) == "hello");
  const auto& query = server.requests().front();
  CHECK(query.method == method::post);
  CHECK(query.header("content-type") == "application/dns-message");
  how.method = method::get;
  cache = dns_cache();
  how.url += "{?dns}";
  CHECK(get(how) == "hello");
  how.method = method::put;
  cache = dns_cache();
  CHECK(get(how) == "usage dns_method");
}

TEST_CASE_METHOD(fixture, "both families are raced, and one may fail") {
  const std::string v6(15, '\x20');
  set("site.example", record_type::aaaa,
      {record_of(wire("site.example"), record_type::aaaa, 60, v6 + "\1")});
  CHECK(get(options()) == "hello");  // the IPv6 address refuses, the IPv4 address serves
  set("site.example", record_type::aaaa, {}, 0x8182);
  cache = dns_cache();
  CHECK(get(options()) == "hello");
}

TEST_CASE_METHOD(fixture, "aliases are followed") {
  set("www.example", record_type::a,
      {record_of(wire("www.example"), record_type::cname, 60, wire("site.example")),
       a("site.example", 60)});
  server.network().name("www.example", {"192.0.2.1"});
  server.on("https://www.example:8443/").answer(200, {}, "alias");
  CHECK(get(options(), "https://www.example:8443/") == "alias");
}

TEST_CASE_METHOD(fixture, "answers are kept as long as the server says, less the time in caches") {
  const auto queries = [&] { return std::exchange(asked, {}).size(); };
  const auto pass = [&](std::chrono::nanoseconds d) {
    auto work = [&]() -> task<void> { co_await sleep_for(server.transport(), d); };
    server.run(work());
  };
  CHECK(get(options(), "https://site.example/", 3) == "hello");
  CHECK(queries() == 2);
  pass(295s);
  CHECK(get(options()) == "hello");
  CHECK(queries() == 0);
  pass(5s);
  age = "290";
  CHECK(get(options()) == "hello");
  CHECK(queries() == 2);
  pass(11s);
  age = "99999999999999999999";
  CHECK(get(options(), "https://site.example/", 2) == "hello");
  CHECK(queries() == 4);  // nothing was kept
}

TEST_CASE_METHOD(fixture, "what the server says is the error") {
  set("site.example", record_type::a, {}, 0x8183);
  set("site.example", record_type::aaaa, {}, 0x8183);
  CHECK(get(options()) == "resolve host_not_found");
  set("site.example", record_type::a, {}, 0x8182);
  CHECK(get(options()) == "resolve dns_server_failure");
  set("site.example", record_type::a, {}, 0x8185);
  set("site.example", record_type::aaaa, {});
  CHECK(get(options()) == "resolve dns_refused");
  set("site.example", record_type::a, {});
  CHECK(get(options()) == "resolve host_not_found");
  CHECK(message.find("has no address") != message.npos);
  CHECK(get(options(), "https://" + std::string(64, 'a') + ".example/") ==
        "resolve host_name_unusable");
  CHECK(server.network().look_ups == 0);
}

TEST_CASE_METHOD(fixture, "answers that are no DNS messages are errors, and never plain DNS") {
  const struct {
    scripted_response answer;
    std::string reason;
  } cases[] = {
      {{404, {}, "nothing here"}, "resolve dns_http_status"},
      {{302, {{"location", "https://elsewhere.example/"}}, ""}, "resolve dns_http_status"},
      {{200, {{"content-type", "text/html"}}, "log in first"}, "resolve dns_content_type"},
      {{200, {}, ""}, "resolve dns_content_type"},
      {{200, {{"content-type", "application/dns-message"}}, "x"}, "resolve dns_message_malformed"},
      {{200,
        {{"content-type", "application/dns-message"}},
        dns_answer{.name = "evil.example"}.bytes()},
       "resolve dns_wrong_answer"},
      {{200, {{"content-type", "application/dns-message"}}, std::string(65536, 'x')},
       "limit content_too_large"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.reason);
    spoil = c.answer;
    CHECK(get(options()) == c.reason);
  }
  CHECK(server.network().look_ups == 0);
}

TEST_CASE_METHOD(fixture, "the server's own address is never looked up in clear, unless allowed") {
  auto how = options();
  how.addresses = {};
  CHECK(get(how) == "policy plain_dns_forbidden");
  CHECK(message.find("'dns.example' would have to be looked up in clear") != message.npos);
  CHECK(message.find("dns_over_https_options::addresses") != message.npos);
  how.addresses = {"other.example"};  // no IP address: another name to look up
  CHECK(get(how) == "policy plain_dns_forbidden");
  CHECK(server.network().look_ups == 0);
  CHECK(asked.empty());

  how.addresses = {};
  how.plain_dns = plain_dns::for_server;
  CHECK(get(how) == "hello");
  CHECK(server.network().look_ups >= 1);
  how.plain_dns = plain_dns::never;
  how.client.resolve = {{"dns.example", 443, "192.0.2.53"}};  // the same as `addresses`
  server.network().look_ups = 0;
  CHECK(get(how) == "hello");
  CHECK(server.network().look_ups == 0);
}

TEST_CASE_METHOD(fixture,
                 "a server that cannot be reached is an error, or plain DNS if that is allowed") {
  server.refuse("https://dns.example/");
  CHECK(get(options()) == "connect connection_refused");
  CHECK(server.network().look_ups == 0);
  auto how = options();
  how.plain_dns = plain_dns::for_server;
  CHECK(get(how) == "connect connection_refused");
  CHECK(server.network().look_ups == 0);
  how.plain_dns = plain_dns::as_fallback;
  CHECK(get(how) == "hello");
  CHECK(server.network().look_ups == 1);
}

TEST_CASE_METHOD(fixture, "plain DNS does not overrule that a name does not exist") {
  set("site.example", record_type::a, {}, 0x8183);
  set("site.example", record_type::aaaa, {}, 0x8183);
  auto how = options();
  how.plain_dns = plain_dns::as_fallback;
  CHECK(get(how) == "resolve host_not_found");
  CHECK(server.network().look_ups == 0);
}

TEST_CASE_METHOD(fixture, "a resolver of the asking client that leads back is refused") {
  struct back final : resolver {
    std::weak_ptr<resolver> to;
    task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                        stop_token stop) override {
      return to.lock()->resolve(host, port, stop);
    }
  };
  const auto circle = std::make_shared<back>();
  auto how = options();
  how.addresses = {};
  how.client.resolver = circle;
  auto work = [&]() -> task<std::string> {
    const auto over = std::make_shared<dns_over_https>(server.transport(), std::move(how));
    circle->to = over;
    client c(server.transport(), {.tls = server.tls(), .resolver = over});
    auto r = co_await c.try_get("https://site.example/");
    co_return r ? r->text() : std::string(r.error().reason());
  };
  CHECK(server.run(work()) == "resolver_asks_itself");
}

TEST_CASE_METHOD(fixture, "a look-up ends in time, and with the operation") {
  server.network().black_hole("192.0.2.53", 443);
  const auto began = server.network().loop().now();
  CHECK(get(options()) == "timeout total_timeout");
  CHECK(server.network().loop().now() - began == 5s);
  auto stopped = [&]() -> task<std::string> {
    client c(server.transport(),
             {.tls = server.tls(),
              .timeout = 1s,
              .resolver = std::make_shared<dns_over_https>(server.transport(), options())});
    auto r = co_await c.try_get("https://site.example/");
    co_return std::string(r.error().reason()) + " " + std::string(to_string(r.error().phase()));
  };
  CHECK(server.run(stopped()) == "total_timeout resolve");
  CHECK(server.network().loop().now() - began == 6s);
}

TEST_CASE_METHOD(fixture, "a URL that cannot be used is an error of each look-up") {
  for (const std::string url : {"", "dns.example", "ftp://dns.example/", "http://dns.example/"}) {
    CAPTURE(url);
    auto how = options();
    how.url = url;
    const std::string outcome = get(how);
    CHECK((outcome.starts_with("usage ") || outcome.starts_with("policy ")));
  }
}
