#include <cohttps/http/content/media_type.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::string shown(std::string_view text) {
  const auto parsed = parse_media_type(text);
  if (!parsed) return '<' + std::string(parsed.error().reason()) + '>';
  std::string out = parsed->type + '/' + parsed->subtype;
  for (const auto& [name, value] : parsed->parameters) out += ' ' + name + "=[" + value + ']';
  return out;
}

}  // namespace

TEST_CASE("media types") {
  struct row {
    std::string_view text, expected;
  };
  const row table[] = {
      {"text/html", "text/html"},
      {" TEXT/Html\t", "text/html"},
      {"application/problem+json", "application/problem+json"},
      {"text/html;charset=utf-8", "text/html charset=[utf-8]"},
      {"text/html ; Charset=\"UTF-8\"", "text/html charset=[UTF-8]"},
      {"text/html;charset=\"a;b\\\"c\"; x=y", "text/html charset=[a;b\"c] x=[y]"},
      {"text/html;;;a=b ; ;c=d ", "text/html a=[b] c=[d]"},
      {"text/html;a=\"\";b=", "text/html a=[]"},
      {"text/html;a=1;A=2", "text/html a=[1]"},
      {"text/html;a", "text/html"},
      {"text/html;a;b=1", "text/html b=[1]"},
      {"text/html;a b=1;c=2", "text/html c=[2]"},
      // the MIME Sniffing Standard, 4.4
      {"\r\n text/html\r\n;\n a=b\r", "text/html a=[b]"},
      {"text/ html", "<media_type_malformed>"},
      {"text/html;charset= utf-8", "text/html charset=[ utf-8]"},
      {"text/html;charset =utf-8", "text/html"},
      {"text/html;a=b\t", "text/html a=[b]"},
      {"text/html;a=\"\t\x80\"", "text/html a=[\t\x80]"},
      {"text/html;a=\x7f;b=1", "text/html b=[1]"},
      {"text/html;a=\"b\" ;c=\" d \"", "text/html a=[b] c=[ d ]"},
      {"text/html;a=\"b\"c;a=d", "text/html a=[b]"},
      {"text/html;a;b;c=", "text/html"},
      {"text/html;a=\"b\" junk;c=2", "text/html a=[b] c=[2]"},
      {"text/html;a=\"b", "text/html a=[b]"},
      {"text/html;a=\"b\\", "text/html a=[b\\]"},
      {"text/html;=1", "text/html"},
      {"text/html;a=b c", "text/html a=[b c]"},
      {"text/html;a=\x01", "text/html"},
      {"", "<media_type_malformed>"},
      {"text", "<media_type_malformed>"},
      {"text/", "<media_type_malformed>"},
      {"/html", "<media_type_malformed>"},
      {"text /html", "<media_type_malformed>"},
      {"text/html/x", "<media_type_malformed>"},
      {"text/ht ml", "<media_type_malformed>"},
      {"; charset=utf-8", "<media_type_malformed>"},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(shown(text) == expected);
  }
  CHECK(parse_media_type("Text/HTML")->is("text", "html"));
  CHECK(parse_media_type("text/html; charset=x")->charset() == "x");
  CHECK_FALSE(parse_media_type("text/html")->charset());
}

TEST_CASE("the number of parameters is bounded") {
  std::string many = "a/b";
  for (int i = 0; i < 10'000; ++i) many += ";p" + std::to_string(i) + "=x";
  CHECK(parse_media_type(many)->parameters.size() == 1000);
}
