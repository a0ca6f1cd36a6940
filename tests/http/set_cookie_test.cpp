#include <cohttps/http/cookie/set_cookie.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace std::string_literals;

namespace {

std::string shown(std::string_view field) {
  const auto c = parse_set_cookie(field);
  if (!c) return '<' + std::string(c.error().reason()) + '>';
  std::string out = '[' + c->name + "][" + c->value + ']';
  if (c->max_age) out += " age=" + std::to_string(c->max_age->count());
  if (c->expires) out += " expires=" + std::to_string(c->expires->time_since_epoch().count());
  if (!c->domain.empty()) out += " domain=" + c->domain;
  if (!c->path.empty()) out += " path=" + c->path;
  if (c->secure) out += " secure";
  if (c->http_only) out += " http_only";
  constexpr std::string_view modes[] = {"", " none", " lax", " strict"};
  return out += modes[static_cast<std::size_t>(c->same_site)];
}

}  // namespace

TEST_CASE("Set-Cookie fields") {
  struct row {
    std::string field, expected;
  };
  const row table[] = {
      {"a=b", "[a][b]"},
      {" a = b ;", "[a][b]"},
      {"\ta\t=\tb\t", "[a][b]"},
      {"a=", "[a][]"},
      {"a==b=", "[a][=b=]"},
      {"a=b, c=d", "[a][b, c=d]"},
      {"a=\"b c\"", "[a][\"b c\"]"},
      {"a=\"b;c\"", "[a][\"b]"},
      {"a b=c d", "[a b][c d]"},
      {"a=b\tc", "[a][b\tc]"},
      {"a=\xe6\x98\xa5\xff", "[a][\xe6\x98\xa5\xff]"},
      // without a name
      {"a", "[][a]"},
      {"=a", "[][a]"},
      {" = a=b", "[][a=b]"},
      {"a; Secure", "[][a] secure"},
      {"", "<cookie_empty>"},
      {"=", "<cookie_empty>"},
      {" ; a=b", "<cookie_empty>"},
      {"; Secure", "<cookie_empty>"},
      // control characters anywhere
      {"a=b\0c"s, "<cookie_control_character>"},
      {"a\x01=b", "<cookie_control_character>"},
      {"a=b\r\nX: y", "<cookie_control_character>"},
      {"a=b; Path=/\x7f", "<cookie_control_character>"},
      // attributes
      {"a=b; secure", "[a][b] secure"},
      {"a=b;SECURE=no", "[a][b] secure"},
      {"a=b; Secure x", "[a][b]"},
      {"a=b; \"Secure\"", "[a][b]"},
      {"a=b; HttpOnly; Secure", "[a][b] secure http_only"},
      {"a=b;;;;  HttpOnly  ;x=;=", "[a][b] http_only"},
      {"a=b; Path=/x", "[a][b] path=/x"},
      {"a=b; path = /x y ", "[a][b] path=/x y"},
      {"a=b; Path=x", "[a][b]"},
      {"a=b; Path=/x; Path=/y", "[a][b] path=/y"},
      {"a=b; Path=/x; Path", "[a][b]"},
      {"a=b; Path=\"/x\"", "[a][b]"},
      {"a=b; Domain=Example.COM", "[a][b] domain=example.com"},
      {"a=b; Domain=.example.com", "[a][b] domain=example.com"},
      {"a=b; Domain=..example.com", "[a][b] domain=.example.com"},
      {"a=b; Domain=x.com; Domain=y.com", "[a][b] domain=y.com"},
      {"a=b; Domain=x.com; Domain=", "[a][b]"},
      {"a=b; Max-Age=60", "[a][b] age=60"},
      {"a=b; max-age=0", "[a][b] age=0"},
      {"a=b; Max-Age=-1", "[a][b] age=0"},
      {"a=b; Max-Age=-", "[a][b]"},
      {"a=b; Max-Age=", "[a][b]"},
      {"a=b; Max-Age=+60", "[a][b]"},
      {"a=b; Max-Age=6.5", "[a][b]"},
      {"a=b; Max-Age=60,1", "[a][b]"},
      {"a=b; Max-Age=60; Max-Age=x", "[a][b] age=60"},
      {"a=b; Max-Age=34560000", "[a][b] age=34560000"},
      {"a=b; Max-Age=34560001", "[a][b] age=34560000"},
      {"a=b; Max-Age=99999999999999999999999", "[a][b] age=34560000"},
      {"a=b; Max-Age=-99999999999999999999999", "[a][b] age=0"},
      {"a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "[a][b] expires=784111777"},
      {"a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Expires=never", "[a][b] expires=784111777"},
      {"a=b; SameSite=Strict", "[a][b] strict"},
      {"a=b; samesite=LAX", "[a][b] lax"},
      {"a=b; SameSite=None; Secure", "[a][b] secure none"},
      {"a=b; SameSite=Strict; SameSite=other", "[a][b]"},
  };
  for (const auto& [field, expected] : table) {
    INFO(field);
    CHECK(shown(field) == expected);
  }
}

TEST_CASE("sizes of cookies and attributes are limited") {
  const std::string n(96, 'n'), v(4000, 'v');
  CHECK(parse_set_cookie(n + '=' + v));
  CHECK(shown(n + 'n' + '=' + v) == "<cookie_too_large>");
  CHECK(shown(std::string(4097, 'v')) == "<cookie_too_large>");
  CHECK(parse_set_cookie(n + '=' + v + "; x=" + std::string(100'000, 'y')));
  const std::string path = '/' + std::string(1023, 'p');
  CHECK(shown("a=b; Path=" + path) == "[a][b] path=" + path);
  CHECK(shown("a=b; Path=" + path + 'p') == "[a][b]");
  // What is ignored does not undo what was said before.
  CHECK(shown("a=b; Path=/x; Path=" + path + 'p') == "[a][b] path=/x");
  CHECK(shown("a=b; Domain=" + std::string(1025, 'd')) == "[a][b]");
}
