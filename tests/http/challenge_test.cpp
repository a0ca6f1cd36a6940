#include <cohttps/http/challenge.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::string shown(const result<std::vector<challenge>>& list) {
  if (!list) return '<' + std::string(list.error().reason()) + '>';
  std::string out;
  for (const challenge& c : *list) {
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
      // what is none
      {"=", "<malformed_challenge>"},
      {"realm=x", "<malformed_challenge>"},
      {"realm=\"x\", Basic", "<malformed_challenge>"},
      {"Negotiate YII=, realm=x", "<malformed_challenge>"},
      {"Basic realm=\"x", "<malformed_challenge>"},
      {"Basic realm=\"x\\", "<malformed_challenge>"},
      {"Basic realm=\"x\\\"", "<malformed_challenge>"},
      {"Basic realm=\"x\"y", "<malformed_challenge>"},
      {"Basic realm=\"x\" charset=UTF-8", "<malformed_challenge>"},
      {"Basic realm=x y=z", "<malformed_challenge>"},
      {"Basic realm=x, y=", "<malformed_challenge>"},
      {"Basic realm=x, y=,", "<malformed_challenge>"},
      {"Basic a b", "<malformed_challenge>"},
      {"Basic \"x\"", "<malformed_challenge>"},
      {"Basic ==", "<malformed_challenge>"},
      {"\"Basic\"", "<malformed_challenge>"},
      {"Basic realm=x, REALM=y", "<malformed_challenge>"},
      {"Basic realm=\"a\0b\""sv, "<malformed_challenge>"},
      {"Basic realm=\"a\\\0b\""sv, "<malformed_challenge>"},
      {"Basic realm=\"a\r\nb\"", "<malformed_challenge>"},
      {"B\0"sv, "<malformed_challenge>"},
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
  CHECK(shown(parse_challenges(reaching, "www-authenticate")) == "<malformed_challenge>");
}

TEST_CASE("the number of challenges and parameters is bounded") {
  std::string many, wide = "Digest a=1";
  for (int i = 0; i < 32; ++i) many += "Basic, ";
  CHECK(parse_challenges(many)->size() == 32);
  CHECK(shown(parse_challenges(many + "Basic")) == "<too_many_challenges>");
  const fields headers{{"a", many}, {"a", "Basic"}};
  CHECK(shown(parse_challenges(headers, "a")) == "<too_many_challenges>");
  for (int i = 1; i < 32; ++i) wide += ", p" + std::to_string(i) + "=x";
  CHECK(parse_challenges(wide)->front().parameters.size() == 32);
  CHECK(shown(parse_challenges(wide + ", q=x")) == "<too_many_challenges>");
}
