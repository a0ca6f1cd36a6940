#include <cohttps/http/auth/netrc.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::string shown(std::string_view text) {
  const auto parsed = netrc::parse(text);
  if (!parsed) {
    const std::string& message = parsed.error().message();
    CHECK(message.find("secret") == std::string::npos);
    return '<' + message.substr(0, message.find(" of")) + '>';
  }
  std::string out;
  for (const auto& [machine, login, password] : parsed->entries())
    out += machine.value_or("*") + '[' + login + "][" + password + ']';
  return out;
}

}  // namespace

TEST_CASE("netrc files") {
  struct row {
    std::string_view text, expected;
  };
  const row table[] = {
      {"", ""},
      {" \r\n\t\n", ""},
      {"machine h login u password secret", "h[u][secret]"},
      {"machine H.Example\n\tlogin u\r\n\tpassword secret\r\n", "h.example[u][secret]"},
      {"machine h password secret account x login u", "h[u][secret]"},
      {"machine h", "h[][]"},
      {"machine a login u password secret machine b login v", "a[u][secret]b[v][]"},
      {"default login u password secret", "*[u][secret]"},
      {"machine login login login password password", "login[login][password]"},
      {"machine h login \"a b\" password \"s\\\"\\\\\\n#\"", "h[a b][s\"\\\n#]"},
      {"machine h login a\"b password s#t", "h[a\"b][s#t]"},
      {"# machine x\nmachine h # login x\nlogin u", "h[u][]"},
      {"machine h password #secret login u #x\n#y", "h[u][#secret]"},
      {"machine h login \"\" password \"\"", "h[][]"},
      {"macdef init\ncd /\nmachine x\n\nmachine h login u", "h[u][]"},
      {"machine h login u\nmacdef m\nput x\n \r\ndefault login v", "h[u][]*[v][]"},
      {"macdef m\nput x", ""},
      {"machine", "<line 1>"},
      {"machine h login u password", "<line 1>"},
      // words that are none of the format's
      {"machine h\nlogin u\n\nsecret", "h[u][]"},
      {"login u password secret", ""},
      {"machine h\n\"login\" u", "h[][]"},
      {"machine h protocol https login u port 443 password p", "h[u][p]"},
      {"version 2 machine h login u", "h[u][]"},
      {"machine h login u password \"secret", "<line 1>"},
      {"machine h password \"secret\nlogin u", "<line 1>"},
      {"machine h password \"secret\\", "<line 1>"},
      {"machine h\n\"login", "<line 2>"},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(shown(text) == expected);
  }
}

TEST_CASE("the first entry that fits is found") {
  const auto parsed = netrc::parse(
      "default login anyone\nmachine a login one password 1\nmachine a login two password 2\n"
      "machine [::1] login six\n");
  REQUIRE(parsed);
  CHECK(parsed->find("a")->login == "one");
  CHECK(parsed->find("a", "two")->password == "2");
  CHECK(parsed->find("a", "three") == nullptr);
  CHECK(parsed->find("a", "anyone")->login == "anyone");
  CHECK(parsed->find("b")->login == "anyone");
  CHECK(parsed->find("b.a")->login == "anyone");
  CHECK(parsed->find("[::1]")->login == "six");
  CHECK(netrc::parse("machine a")->find("b") == nullptr);
}
