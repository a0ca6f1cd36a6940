#include <cohttps/http/auth/challenge.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::string shown(const std::vector<challenge>& list) {
  std::string out;
  for (const challenge& c : list) {
    if (!out.empty()) out += " | ";
    out += c.scheme;
    if (!c.token68.empty()) out += " :" + c.token68;
    for (const auto& p : c.parameters) out += ' ' + p.name + "=[" + p.value + ']';
  }
  return out;
}

}  // namespace

TEST_CASE("lists of challenges") {
  struct row {
    std::string_view input, expected;
  };
  using namespace std::string_view_literals;
  const row table[] = {
      {"", ""},
      {" , ,\t,", ""},
      {"Basic", "basic"},
      {"Negotiate,NTLM", "negotiate | ntlm"},
      {"Basic realm=\"x\"", "basic realm=[x]"},
      {"bAsIc ReAlM=x", "basic realm=[x]"},
      {"Basic realm=\"\"", "basic realm=[]"},
      {"Basic realm = \"x\" , charset = UTF-8", "basic realm=[x] charset=[UTF-8]"},
      {"Basic\trealm=x", "basic realm=[x]"},
      {"Basic realm=\"a, b=c\"", "basic realm=[a, b=c]"},
      {"Basic realm=\"a\\\"b\\\\c\"", "basic realm=[a\"b\\c]"},
      {"Basic realm=\"\xc3\xa9\"", "basic realm=[\xc3\xa9]"},
      // RFC 9110, 11.6.1
      {"Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
       "basic realm=[simple] | newauth realm=[apps] type=[1] title=[Login to \"apps\"]"},
      {"Basic , ,realm=x,,Digest nonce=y", "basic realm=[x] | digest nonce=[y]"},
      // token68
      {"Negotiate YII=", "negotiate :YII="},
      {"Negotiate YII==, Basic realm=x", "negotiate :YII== | basic realm=[x]"},
      {"Bearer a-._~+/b", "bearer :a-._~+/b"},
      {"Scheme a=", "scheme :a="},
      {"Scheme abc , Basic", "scheme :abc | basic"},
      // what servers send that is not by the grammar
      {"Digest realm=x, nonce=abc/d+e==, qop=auth",
       "digest realm=[x] nonce=[abc/d+e==] qop=[auth]"},
      {"Digest realm=\"x\" nonce=\"y\" qop=\"auth\"", "digest realm=[x] nonce=[y] qop=[auth]"},
      {"Digest realm=x, opaque=, nonce=y", "digest realm=[x] opaque=[] nonce=[y]"},
      {"Digest realm=x, domain=\"\", nonce=y,", "digest realm=[x] domain=[] nonce=[y]"},
      {"Digest realm=x, nonce=y, REALM=z", "digest realm=[x] nonce=[y]"},
      {"Basic realm=\"x\" Digest realm=\"y\" nonce=z",
       "basic realm=[x] | digest realm=[y] nonce=[z]"},
      {"Negotiate Digest realm=y, nonce=z", "negotiate | digest realm=[y] nonce=[z]"},
      {"Digest nonce=<a>, realm=@x", "digest nonce=[<a>] realm=[@x]"},
      {"Basic realm=\"x\"y", "basic realm=[x] | y"},
      // what cannot be read goes, up to the next comma
      {"=", ""},
      {"realm=x", ""},
      {"realm=\"x\", Basic", "basic"},
      {"realm=\"a, b\", Basic", "basic"},
      {"Negotiate YII=, realm=x, Basic", "negotiate :YII= | basic"},
      {"Basic realm=\"x\x01", "basic"},
      // a quote that nothing ends, and text without quotes
      {"Basic realm=\"x", "basic realm=[x]"},
      {"Basic realm=\"x\\", "basic realm=[x]"},
      {"Basic realm=\"x\\\"", "basic realm=[x\"]"},
      {"Digest realm=\"r\", nonce=\"n, qop=auth", "digest realm=[r] nonce=[n, qop=auth]"},
      {"Digest realm=my own realm , nonce=\"n\"", "digest realm=[my own realm] nonce=[n]"},
      {"Digest nonce=n, realm=my realm", "digest nonce=[n] realm=[my realm]"},
      {"Digest realm=my nonce=n", "digest realm=[my] nonce=[n]"},
      {"Basic realm=x Digest realm=y, nonce=z", "basic realm=[x] | digest realm=[y] nonce=[z]"},
      {"Basic realm=x Digest nonce=\"z\"", "basic realm=[x] | digest nonce=[z]"},
      // words without a value
      {"Digest realm=\"r\", foo, bar=, nonce=\"n\", =x, qop=\"auth\"",
       "digest realm=[r] bar=[] nonce=[n] qop=[auth]"},
      {"Digest qop=auth,auth-int, other, nonce=n", "digest qop=[auth] nonce=[n]"},
      {"Digest nonce=n, auth-int", "digest nonce=[n] | auth-int"},
      {"Basic realm=x, Digest, nonce=n", "basic realm=[x] | digest nonce=[n]"},
      {"Basic realm=x, New nonce=n", "basic realm=[x] | new nonce=[n]"},
      {"Basic realm=x, New , nonce=n", "basic realm=[x] | new nonce=[n]"},
      {"Negotiate, New, nonce=n", "negotiate | new nonce=[n]"},
      {"Basic \"x\", Digest nonce=a", "basic | digest nonce=[a]"},
      {"Basic ==", ""},
      {"\"Basic\"", ""},
      {"Basic realm=\"a\0b\", charset=x"sv, "basic charset=[x]"},
      {"Basic realm=\"a\\\0b\""sv, "basic"},
      {"Basic realm=\"a\r\nb\"", "basic"},
      {"Basic realm=a\0b, charset=x"sv, "basic charset=[x]"},
  };
  for (const auto& [input, expected] : table) {
    INFO(input);
    CHECK(shown(parse_challenges(input)) == expected);
  }
}

TEST_CASE("the challenges of several fields are one list, without reaching across") {
  const fields headers{{"Proxy-Authenticate", "Digest nonce=a"},
                       {"WWW-Authenticate", "Basic realm=other"},
                       {"proxy-authenticate", "Basic realm=b, Negotiate"}};
  CHECK(shown(parse_challenges(headers, "Proxy-Authenticate")) ==
        "digest nonce=[a] | basic realm=[b] | negotiate");
  CHECK(shown(parse_challenges(headers, "www-authenticate")) == "basic realm=[other]");
  CHECK(shown(parse_challenges(headers, "x")).empty());
  const fields reaching{{"www-authenticate", "Digest nonce=a"}, {"www-authenticate", "realm=b"}};
  CHECK(shown(parse_challenges(reaching, "www-authenticate")) == "digest nonce=[a]");
}

TEST_CASE("the number of challenges and parameters is bounded") {
  std::string many, wide = "Digest a=1";
  for (int i = 0; i < 32; ++i) many += "Basic, ";
  CHECK(parse_challenges(many).size() == 32);
  CHECK(parse_challenges(many + "Basic").size() == 32);
  for (int i = 1; i < 32; ++i) wide += ", p" + std::to_string(i) + "=x";
  CHECK(parse_challenges(wide).front().parameters.size() == 32);
  CHECK(parse_challenges(wide + ", q=x").front().parameters.size() == 32);
}
