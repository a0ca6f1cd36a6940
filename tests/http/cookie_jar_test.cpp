#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

const cookie_jar::time_point start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

url at(std::string_view text) {
  auto parsed = url::parse(text);
  if (!parsed) FAIL(parsed.error().what());
  return *std::move(parsed);
}

/// "" when the cookie was taken, or else the reason.
std::string store(cookie_jar& jar, std::string_view from, std::string_view field,
                  cookie_jar::time_point now = start) {
  const auto done = jar.store(at(from), field, now);
  return done ? "" : std::string(done.error().reason());
}

std::string sent(cookie_jar& jar, std::string_view to, cookie_jar::time_point now = start,
                 cookie_context context = cookie_context::same_site) {
  return jar.cookie_header(at(to), now, context);
}

std::string set_and_sent(std::string_view from, const std::vector<std::string_view>& all,
                         std::string_view to) {
  cookie_jar jar;
  for (const std::string_view field : all) static_cast<void>(jar.store(at(from), field, start));
  return sent(jar, to);
}

cookie some(std::string name, std::string domain = "example.com") {
  cookie c;
  c.name = std::move(name);
  c.value = "v";
  c.domain = std::move(domain);
  c.path = "/";
  c.created = c.last_used = start;
  return c;
}

}  // namespace

TEST_CASE("which hosts a cookie is sent to") {
  struct row {
    std::string_view from, field, to, expected;
  };
  const row table[] = {
      {"http://example.com", "a=b", "http://example.com", "a=b"},
      {"http://example.com", "a=b", "http://EXAMPLE.com:8080/x?y", "a=b"},
      {"http://example.com", "a=b", "https://example.com", "a=b"},
      {"http://example.com", "a=b", "http://www.example.com", ""},
      {"http://www.example.com", "a=b", "http://example.com", ""},
      {"http://example.com", "a=b; Domain=example.com", "http://www.example.com", "a=b"},
      {"http://example.com", "a=b; Domain=.Example.Com", "http://a.b.example.com", "a=b"},
      {"http://www.example.com", "a=b; Domain=example.com", "http://example.com", "a=b"},
      {"http://www.example.com", "a=b; Domain=example.com", "http://other.example.com", "a=b"},
      {"http://example.com", "a=b; Domain=example.com", "http://badexample.com", ""},
      {"http://example.com", "a=b; Domain=", "http://www.example.com", ""},
      {"http://www.example.com", "a=b; Domain=x.com; Domain=example.com", "http://example.com",
       "a=b"},
      {"http://caf\xc3\xa9.example.com", "a=b; Domain=xn--caf-dma.example.com",
       "http://xn--caf-dma.example.com", "a=b"},
      {"http://127.0.0.1", "a=b", "http://127.0.0.1:81", "a=b"},
      {"http://127.0.0.1", "a=b; Domain=127.0.0.1", "http://127.0.0.1", "a=b"},
      {"http://[::1]", "a=b; Domain=[::1]", "http://[::1]", "a=b"},
      {"http://localhost", "a=b; Domain=localhost", "http://localhost", "a=b"},
      {"http://localhost", "a=b; Domain=localhost", "http://x.localhost", ""},
  };
  for (const auto& [from, field, to, expected] : table) {
    INFO(from << " sets " << field << ", then " << to);
    CHECK(set_and_sent(from, {field}, to) == expected);
  }
}

TEST_CASE("cookies that are refused, and why") {
  struct row {
    std::string_view from, field, reason;
  };
  const row table[] = {
      {"http://example.com", "a=b; Domain=www.example.com", "cookie_domain"},
      {"http://example.com", "a=b; Domain=other.com", "cookie_domain"},
      {"http://example.com", "a=b; Domain=ample.com", "cookie_domain"},
      {"http://example.com", "a=b; Domain=example.com.", "cookie_domain"},
      {"http://example.com", "a=b; Domain=..example.com", "cookie_domain"},
      {"http://example.com", "a=b; Domain=example.com:80", "cookie_domain"},
      {"http://example.com", "a=b; Domain=\"example.com\"", "cookie_domain"},
      {"http://caf\xc3\xa9.com", "a=b; Domain=caf\xc3\xa9.com", "cookie_domain"},
      {"http://127.0.0.1", "a=b; Domain=0.0.1", "cookie_domain"},
      {"http://example.com", "a=b; Domain=com", "cookie_suffix"},
      {"http://example.com.", "a=b; Domain=com.", "cookie_suffix"},
      {"http://example.com.", "a=b; Domain=example.com.", ""},
      {"http://localhost", "a=b; Secure", "cookie_secure"},
      {"https://example.com", "a=b; SameSite=None", "cookie_same_site"},
      {"https://example.com", "__Secure-a=b", "cookie_prefix"},
      {"https://example.com", "__sECURE-a=b", "cookie_prefix"},
      {"https://example.com", "__Secure-a=b; Secure", ""},
      {"https://example.com", "__Host-a=b; Secure; Path=/", ""},
      {"https://example.com/x/y", "__Host-a=b; Secure; Path=/", ""},
      {"https://example.com", "__Host-a=b; Path=/", "cookie_prefix"},
      {"https://example.com", "__host-a=b; Secure", "cookie_prefix"},
      {"https://example.com", "__Host-a=b; Secure; Path", "cookie_prefix"},
      {"https://example.com", "__Host-a=b; Secure; Path=/x", "cookie_prefix"},
      {"https://example.com", "__Host-a=b; Secure; Path=/; Domain=example.com", "cookie_prefix"},
      {"https://example.com", "__Host-a=b; Secure; Path=/; Domain=", ""},
      {"https://example.com", "__HostX=b", ""},
      // nameless ones that a server would read as named
      {"https://example.com", "=__Host-a=b; Secure; Path=/", "cookie_prefix"},
      {"https://example.com", "__secure-", "cookie_prefix"},
      {"https://example.com", "", "cookie_empty"},
      {"https://example.com", "a=\x01", "cookie_control_character"},
  };
  for (const auto& [from, field, reason] : table) {
    INFO(from << ' ' << field);
    cookie_jar jar;
    CHECK(store(jar, from, field) == reason);
    CHECK(jar.size() == (reason.empty() ? 1 : 0));
  }
}

TEST_CASE("domains that belong to many, by the Public Suffix List") {
#ifndef COHTTPS_HAS_PSL
  SKIP("built without libpsl");
#endif
  cookie_jar jar;
  CHECK(store(jar, "http://a.co.uk", "a=b; Domain=co.uk") == "cookie_suffix");
  CHECK(store(jar, "http://a.github.io", "a=b; Domain=github.io") == "cookie_suffix");
  CHECK(store(jar, "http://x.a.co.uk", "a=b; Domain=a.co.uk").empty());
  // The site that is a suffix itself may set one for itself.
  CHECK(store(jar, "http://github.io", "a=b; Domain=github.io").empty());
  CHECK(jar.cookies().back().host_only);
  CHECK(sent(jar, "http://x.github.io").empty());
}

TEST_CASE("which paths a cookie is sent to") {
  struct row {
    std::string_view from, field, to, expected;
  };
  const row table[] = {
      {"/", "a=b", "/x/y", "a=b"},
      {"/x", "a=b", "/y", "a=b"},
      {"/x/y", "a=b", "/x", "a=b"},
      {"/x/y", "a=b", "/x/z/w", "a=b"},
      {"/x/y", "a=b", "/xz", ""},
      {"/x/y", "a=b", "/", ""},
      {"/x/y/", "a=b", "/x/y", "a=b"},
      {"/x/y/", "a=b", "/x/z", ""},
      {"/x/y?/z/w", "a=b", "/x/z", "a=b"},
      {"/x/y", "a=b; Path=/", "/z", "a=b"},
      {"/", "a=b; Path=/x", "/x", "a=b"},
      {"/", "a=b; Path=/x", "/x/", "a=b"},
      {"/", "a=b; Path=/x", "/x/y?z", "a=b"},
      {"/", "a=b; Path=/x", "/xy", ""},
      {"/", "a=b; Path=/x", "/X", ""},
      {"/", "a=b; Path=/x/", "/x", ""},
      {"/", "a=b; Path=/x/", "/x/y", "a=b"},
      {"/x/y", "a=b; Path=z", "/x/", "a=b"},
      {"/x/y", "a=b; Path=", "/x/", "a=b"},
  };
  for (const auto& [from, field, to, expected] : table) {
    INFO(from << " sets " << field << ", then " << to);
    const std::string host = "http://example.com";
    CHECK(set_and_sent(host + std::string(from), {field}, host + std::string(to)) == expected);
  }
  cookie_jar jar;
  for (const std::string_view from : {"http://a.example", "http://a.example/x/y?/z"})
    CHECK(store(jar, from, "a=b").empty());
  CHECK(jar.cookies().front().path == "/");
  CHECK(jar.cookies().back().path == "/x");
}

TEST_CASE("secure cookies go over https only, and http leaves them alone") {
  cookie_jar jar;
  CHECK(store(jar, "https://example.com/", "a=secret; Secure; Path=/login").empty());
  CHECK(sent(jar, "http://example.com/login").empty());
  CHECK(sent(jar, "https://example.com/login") == "a=secret");

  const std::string_view refused[] = {"a=x; Path=/login", "a=x; Path=/login/en",
                                      "a=x; Path=/login; Domain=example.com"};
  for (const std::string_view field : refused) {
    INFO(field);
    CHECK(store(jar, "http://example.com/", field) == "cookie_secure");
    CHECK(store(jar, "http://www.example.com/", std::string(field) + "; Domain=example.com") ==
          "cookie_secure");
  }
  CHECK(store(jar, "http://www.example.com/login/x", "a=x") == "cookie_secure");
  CHECK(store(jar, "https://www.example.com/", "d=secret; Secure").empty());
  CHECK(store(jar, "http://www.example.com/", "d=x; Domain=example.com") == "cookie_secure");
  CHECK(store(jar, "http://other.example.com/", "d=x").empty());
  CHECK(store(jar, "http://example.com/", "a=x; Path=/").empty());
  CHECK(store(jar, "http://example.com/", "b=x; Path=/login").empty());
  CHECK(store(jar, "https://example.com/", "a=plain; Path=/login").empty());
  CHECK(sent(jar, "http://example.com/login") == "a=plain; b=x; a=x");

  // One that has expired is there no more, though nobody has looked.
  CHECK(store(jar, "https://short.com/", "e=secret; Secure; Max-Age=1").empty());
  CHECK(store(jar, "http://short.com/", "e=x") == "cookie_secure");
  CHECK(store(jar, "http://short.com/", "e=x", start + 1s).empty());
}

TEST_CASE("how long cookies last") {
  struct row {
    std::string_view field;
    std::chrono::seconds lasts;  // -1 for as long as the jar
  };
  const row table[] = {
      {"a=b", -1s},
      {"a=b; Max-Age=60", 60s},
      {"a=b; Expires=Thu, 01 Jan 2026 00:01:00 GMT", 60s},
      {"a=b; Max-Age=60; Expires=Thu, 01 Jan 2026 00:00:10 GMT", 60s},
      {"a=b; Expires=Thu, 01 Jan 2026 00:00:10 GMT; Max-Age=60", 60s},
      {"a=b; Expires=never", -1s},
      {"a=b; Max-Age=never; Expires=Thu, 01 Jan 2026 00:01:00 GMT", 60s},
      {"a=b; Max-Age=999999999", std::chrono::days(400)},
      {"a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT", std::chrono::days(400)},
  };
  for (const auto& [field, lasts] : table) {
    INFO(field);
    cookie_jar jar;
    CHECK(store(jar, "http://example.com", field).empty());
    CHECK(sent(jar, "http://example.com") == "a=b");
    if (lasts < 0s) {
      CHECK(sent(jar, "http://example.com", start + std::chrono::days(1000)) == "a=b");
    } else {
      CHECK(sent(jar, "http://example.com", start + lasts - 1s) == "a=b");
      CHECK(sent(jar, "http://example.com", start + lasts).empty());
      jar.erase_expired(start + lasts - 1s);
      CHECK(jar.size() == 1);
      jar.erase_expired(start + lasts);
      CHECK(jar.empty());
    }
  }
  for (const std::string_view field :
       {"a=x; Max-Age=0", "a=x; Max-Age=-1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=x; Expires=Mon, 01 Jan 1601 00:00:00 GMT", "a=x; Max-Age=0; Max-Age=0"}) {
    INFO(field);
    cookie_jar jar;
    CHECK(store(jar, "http://example.com", "a=b").empty());
    CHECK(store(jar, "http://example.com", field).empty());
    CHECK(jar.empty());
    CHECK(store(jar, "http://example.com", field).empty());
    CHECK(jar.empty());
  }
}

TEST_CASE("a cookie set again keeps its place and takes the new value") {
  cookie_jar jar;
  auto now = start;
  for (const std::string_view field : {"a=1", "b=1", "a=2; HttpOnly"})
    CHECK(store(jar, "http://example.com", field, now += 1s).empty());
  CHECK(jar.cookies().front().created == start + 1s);
  CHECK(sent(jar, "http://example.com") == "a=2; b=1");
  CHECK(jar.cookies().front().http_only);
  // Another domain or path, or a domain instead of the host, makes it another cookie.
  for (const std::string_view field : {"a=3; Domain=example.com", "a=4; Path=/x"})
    CHECK(store(jar, "http://example.com", field, now += 1s).empty());
  CHECK(jar.size() == 4);
  CHECK(sent(jar, "http://example.com/x") == "a=4; a=2; b=1; a=3");
}

TEST_CASE("longer paths come first, then older cookies") {
  cookie_jar jar;
  auto now = start;
  for (const std::string_view field :
       {"a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/", "e=5; Path=/x/y", "=6"})
    CHECK(store(jar, "http://example.com/x/y", field, now += 1s).empty());
  CHECK(sent(jar, "http://example.com/x/y") == "b=2; e=5; c=3; 6; a=1; d=4");
}

TEST_CASE("SameSite keeps cookies back only where another site caused the request") {
  cookie_jar jar;
  for (const std::string_view field : {"s=1; SameSite=Strict", "l=1; SameSite=Lax", "d=1",
                                       "n=1; SameSite=None; Secure", "u=1; SameSite=what"})
    CHECK(store(jar, "https://example.com", field).empty());
  CHECK(sent(jar, "https://example.com") == "s=1; l=1; d=1; n=1; u=1");
  CHECK(sent(jar, "https://example.com", start, cookie_context::cross_site_navigation) ==
        "l=1; d=1; n=1; u=1");
  CHECK(sent(jar, "https://example.com", start, cookie_context::cross_site) == "n=1");
}

TEST_CASE("every Set-Cookie field of a response is taken in") {
  cookie_jar jar;
  const fields headers{{"Set-Cookie", "a=1"},
                       {"X", "b=2"},
                       {"set-cookie", "c=3; Domain=other.com"},
                       {"SET-COOKIE", "d=4, e=5"}};
  jar.store_all(at("http://example.com"), headers, start);
  CHECK(sent(jar, "http://example.com") == "a=1; d=4, e=5");
  jar.clear();
  CHECK(sent(jar, "http://example.com").empty());
}

TEST_CASE("a domain keeps fifty cookies, insecure and unused ones go first") {
  cookie_jar jar;
  auto now = start;
  const auto name = [](std::size_t i) { return "c" + std::to_string(i); };
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(store(jar, "https://example.com",
                name(i) + "=v; Path=/" + name(i) + (i % 2 == 0 ? "; Secure" : ""), now += 1s)
              .empty());
  CHECK(store(jar, "https://other.com", "x=y", now += 1s).empty());
  CHECK(jar.size() == 51);
  const auto has = [&](std::string_view wanted) {
    return std::ranges::any_of(jar.cookies(), [&](const cookie& c) { return c.name == wanted; });
  };

  // c1 was used, so c3 is the insecure one that was not used for longest.
  CHECK(sent(jar, "https://example.com/c1", now += 1s) == "c1=v");
  CHECK(store(jar, "https://example.com", "new=1; Secure", now += 1s).empty());
  CHECK(jar.size() == 51);
  CHECK(has("c1"));
  CHECK_FALSE(has("c3"));
  CHECK(has("new"));

  for (std::size_t i = 0; i < 60; ++i)
    CHECK(store(jar, "https://example.com", "s" + name(i) + "=v; Secure", now += 1s).empty());
  CHECK(jar.size() == 51);
  CHECK(has("x"));
  CHECK_FALSE(has("c1"));
  CHECK_FALSE(has("c0"));
  CHECK(has("sc59"));

  // With secure ones alone there, one that is not does not come in.
  CHECK(store(jar, "https://example.com", "late=1", now += 1s).empty());
  CHECK_FALSE(has("late"));
}

TEST_CASE("expired cookies go before others are evicted") {
  cookie_jar jar;
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(store(jar, "http://example.com",
                "c" + std::to_string(i) + "=v" + (i < 10 ? "" : "; Max-Age=5"))
              .empty());
  CHECK(store(jar, "http://example.com", "new=v", start + 10s).empty());
  CHECK(jar.size() == 11);
}

TEST_CASE("a jar keeps three thousand cookies, the unused ones go first") {
  cookie_jar jar;
  auto now = start;
  const auto host = [](std::size_t i) { return "http://h" + std::to_string(i) + ".example"; };
  for (std::size_t i = 0; i < 60; ++i)
    for (std::size_t j = 0; j < 50; ++j)
      CHECK(store(jar, host(i), "c" + std::to_string(j) + "=v", now += 1s).empty());
  CHECK(jar.size() == 3000);
  CHECK_FALSE(sent(jar, host(0), now += 1s).empty());
  CHECK(store(jar, "http://new.example", "a=b", now += 1s).empty());
  CHECK(jar.size() == 3000);
  CHECK(sent(jar, host(0), now).starts_with("c0=v; c1=v"));
  CHECK(sent(jar, host(1), now).starts_with("c1=v; c2=v"));
}

TEST_CASE("cookies from elsewhere are checked as those of a response") {
  cookie_jar jar;
  CHECK(jar.add(some("a"), start));
  CHECK(sent(jar, "http://example.com") == "a=v");
  const auto refused = [&](auto change) {
    cookie c = some("a");
    change(c);
    const auto done = jar.add(c, start);
    return !done && done.error().reason() == "cookie_invalid";
  };
  CHECK(refused([](cookie& c) { c.name = "a=b"; }));
  CHECK(refused([](cookie& c) { c.name = "a;b"; }));
  CHECK(refused([](cookie& c) { c.name = " a"; }));
  CHECK(refused([](cookie& c) { c.value = "a\r\nX: y"; }));
  CHECK(refused([](cookie& c) { c.name = c.value = ""; }));
  CHECK(refused([](cookie& c) { c.value.assign(5000, 'v'); }));
  CHECK(refused([](cookie& c) { c.domain = ""; }));
  CHECK(refused([](cookie& c) { c.domain = "Example.com"; }));
  CHECK(refused([](cookie& c) { c.path = "x"; }));
  CHECK(refused([](cookie& c) { c.name = "__Host-a"; }));
  CHECK(refused([](cookie& c) {
    c.domain = "com";
    c.host_only = false;
  }));
  CHECK(jar.size() == 1);
  cookie late = some("late");
  late.expires = std::chrono::sys_seconds::max();
  CHECK(jar.add(late, start));
  CHECK(sent(jar, "http://example.com", start + std::chrono::days(401)) == "a=v");
}

TEST_CASE("cookies can be removed") {
  cookie_jar jar;
  for (const std::string_view field : {"a=1", "b=2; Max-Age=60"})
    CHECK(store(jar, "http://example.com", field).empty());
  cookie_jar other = jar;
  jar.erase_session();
  CHECK(sent(jar, "http://example.com") == "b=2");
  CHECK(other.erase_if([](const cookie& c) { return c.name == "b"; }) == 1);
  CHECK(sent(other, "http://example.com") == "a=1");
}

TEST_CASE("a shared jar is used by several threads") {
  shared_cookie_jar jar;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&jar, t] {
      const url host = *url::parse("http://example.com");
      for (int i = 0; i < 100; ++i) {
        jar.store_all(
            host, fields{{"set-cookie", "c" + std::to_string(t) + "=" + std::to_string(i)}}, start);
        static_cast<void>(jar.cookie_header(host, start));
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(jar.with([](cookie_jar& j) { return j.size(); }) == 4);
}
