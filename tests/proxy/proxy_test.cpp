#include <cohttps/proxy/proxy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::string shown(const result<proxy>& p) {
  if (!p) return '<' + std::string(p.error().reason()) + '>';
  std::string out = p->text();
  if (p->has_credentials())
    out += " user=" + std::string(p->username()) + " password=" + std::string(p->password());
  return out;
}

struct row {
  std::string_view input, expected;
};

}  // namespace

TEST_CASE("a proxy is taken apart") {
  const row table[] = {
      {"http://h:3128", "http://h:3128"},
      {"h:3128", "http://h:3128"},
      {"h", "http://h:1080"},
      {"http://h", "http://h:1080"},
      {"https://h", "https://h:443"},
      {"socks4://h", "socks4://h:1080"},
      {"socks4a://h", "socks4a://h:1080"},
      {"socks5://h", "socks5://h:1080"},
      {"SOCKS5H://H.Example", "socks5h://h.example:1080"},
      {"http://h:3128/", "http://h:3128"},
      {"[::1]", "http://[::1]:1080"},
      {"[0:0::1]:8080", "http://[::1]:8080"},
      {"127.1:80", "http://127.0.0.1:80"},
      {"http://u:p@h:1", "http://h:1 user=u password=p"},
      {"u:p@h:1", "http://h:1 user=u password=p"},
      {"u@h", "http://h:1080 user=u password="},
      {":p@h", "http://h:1080 user= password=p"},
      {":@h", "http://h:1080"},
      {"@h", "http://h:1080"},
      {"u%40x:p%3Aq%2f@h", "http://h:1080 user=u@x password=p:q/"},
      {"u:a@b@h", "http://h:1080 user=u password=a@b"},
      {"u:a:b@h", "http://h:1080 user=u password=a:b"},
      {"u:%zz@h", "http://h:1080 user=u password=%zz"},
      {"socks5://u%3av:p@[::1]:9050", "socks5://[::1]:9050 user=u:v password=p"},
      {"socks4://u@h", "socks4://h:1080 user=u password="},

      {"", "<proxy_host_missing>"},
      {"http://", "<proxy_host_missing>"},
      {"http:///", "<proxy_host_missing>"},
      {":3128", "<proxy_host_missing>"},
      {"u:p@", "<proxy_host_missing>"},
      {"ftp://h", "<proxy_scheme_unsupported>"},
      {"://h", "<proxy_scheme_unsupported>"},
      {"socks://h", "socks5h://h:1080"},
      {"h t p://h", "<proxy_scheme_unsupported>"},
      {"h/path", "http://h:1080"},
      {"h:3128//", "http://h:3128"},
      {"http://u:p@h:3128/pa/th?q#f", "http://h:3128 user=u password=p"},
      {"h?q", "http://h:1080"},
      {"h#f", "http://h:1080"},
      {" http://h:3128", "http://h:3128"},
      {"h:3128 ", "http://h:3128"},
      {"http://h:3128/ \t\r\n", "http://h:3128"},
      {"   ", "<proxy_host_missing>"},
      {"h :3128", "<proxy_host_invalid>"},
      {"u:p/w@h", "<proxy_path>"},
      {"u:80/w@h", "<proxy_path>"},
      {"u:80?w@h:3128/", "<proxy_path>"},
      {"h:", "<proxy_port_invalid>"},
      {"h:0", "<proxy_port_invalid>"},
      {"h:65536", "<proxy_port_invalid>"},
      {"h:-1", "<proxy_port_invalid>"},
      {"h:8 0", "<proxy_port_invalid>"},
      {"h:18446744073709551697", "<proxy_port_invalid>"},
      {"::1", "<proxy_port_invalid>"},
      {"[::1]8080", "<proxy_host_invalid>"},
      {"[::1", "<proxy_port_invalid>"},
      {"[::g]", "<proxy_host_invalid>"},
      {"a b", "<proxy_host_invalid>"},
      {"a\\b", "<proxy_host_invalid>"},
      {"1.2.3.4.5", "<proxy_host_invalid>"},
      {"u%00:p@h", "<proxy_credentials_invalid>"},
      {"u:p%0d%0aX: y@h", "<proxy_credentials_invalid>"},
      {"u%3av:p@h", "<proxy_credentials_invalid>"},
      {"socks5://u:p%00@h", "<proxy_credentials_invalid>"},
      {"socks4://u%00:@h", "<proxy_credentials_invalid>"},
      {"socks4://u:p@h", "<proxy_password_unsupported>"},
      {"socks4a://:p@h", "<proxy_password_unsupported>"},
  };
  for (const auto& [input, expected] : table) {
    INFO(input);
    CHECK(shown(proxy::parse(input)) == expected);
  }
  using namespace std::string_view_literals;
  CHECK(shown(proxy::parse("h\0x"sv)) == "<proxy_host_invalid>");
}

TEST_CASE("lengths of credentials are bounded before anything narrows them") {
  const auto with = [](std::string_view scheme, std::size_t user, std::size_t password) {
    return shown(proxy::parse(std::string(scheme) + "://" + std::string(user, 'u') + ":" +
                              std::string(password, 'p') + "@h"));
  };
  CHECK(with("socks5", 255, 255).starts_with("socks5://h"));
  CHECK(with("socks5", 256, 1) == "<proxy_credentials_too_long>");
  CHECK(with("socks5h", 1, 256) == "<proxy_credentials_too_long>");
  CHECK(with("socks4", 256, 0) == "<proxy_credentials_too_long>");
  CHECK(with("socks4a", 65536 + 1, 0) == "<proxy_credentials_too_long>");
  CHECK(with("http", 4096, 4096).starts_with("http://h"));
  CHECK(with("http", 4097, 1) == "<proxy_credentials_too_long>");
  CHECK(with("https", 1, 4097) == "<proxy_credentials_too_long>");
}

TEST_CASE("no error of a proxy shows what may be a secret") {
  for (const std::string_view input :
       {"http://alice:s3cret", "alice:s3cret/@h", "alice:s3cret?@h", "alice:s3cret#@h:1",
        "s3cret://alice@h", "alice:s3cret://h", "alice:s3cret@h:x", "alice:s3cret@a b",
        "alice:s3cret\n@h", "alice\\s3cret", "socks4://alice:s3cret@h", "alice@s3cret^"}) {
    INFO(input);
    const auto parsed = proxy::parse(input);
    REQUIRE(!parsed);
    CHECK(parsed.error().category() == error_category::usage);
    CHECK(parsed.error().message().find("s3cret") == std::string::npos);
    CHECK(parsed.error().message().find("alice") == std::string::npos);
  }
}

TEST_CASE("who resolves names") {
  const auto resolves = [](std::string_view s) { return proxy::parse(s)->resolves_names(); };
  CHECK(resolves("http://h"));
  CHECK(resolves("https://h"));
  CHECK_FALSE(resolves("socks4://h"));
  CHECK(resolves("socks4a://h"));
  CHECK_FALSE(resolves("socks5://h"));
  CHECK(resolves("socks5h://h"));
}

TEST_CASE("proxies differ when anything about them differs, credentials too") {
  const std::hash<proxy> hash;
  const proxy one = *proxy::parse("http://u:p@h:1");
  CHECK(one == *proxy::parse("u:%70@H:1/"));
  CHECK(hash(one) == hash(*proxy::parse("u:%70@H:1/")));
  for (const std::string_view other :
       {"https://u:p@h:1", "u:p@h:2", "u:p@i:1", "v:p@h:1", "u:q@h:1", "h:1", "up:@h:1"}) {
    INFO(other);
    CHECK(one != *proxy::parse(other));
    CHECK(hash(one) != hash(*proxy::parse(other)));
  }
  CHECK(one.text().find("p@") == std::string::npos);
}

TEST_CASE("a proxy that is shown no password in clear is another one") {
  const proxy one = *proxy::parse("u:p@h"), other = one.with_digest();
  CHECK_FALSE(one.only_digest());
  CHECK(other.only_digest());
  CHECK(one != other);
  CHECK(std::hash<proxy>()(one) != std::hash<proxy>()(other));
  CHECK(other == other.with_digest());
  CHECK(other.with_credentials("v", "q")->only_digest());
  CHECK(other.text() == one.text());
}

TEST_CASE("credentials can be given apart from the address") {
  const proxy bare = *proxy::parse("http://h");
  CHECK(shown(bare.with_credentials("a%40", "p@/")) == "http://h:1080 user=a%40 password=p@/");
  CHECK(shown(bare.with_credentials("a:b", "")) == "<proxy_credentials_invalid>");
  CHECK(proxy::parse("[::1]")->host_for_connect() == "::1");
  CHECK(proxy::parse("[::1]")->host() == "[::1]");
}
