#include <cohttps/url/percent_encoding.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace std::string_view_literals;

namespace {

/// The printable ASCII characters that `set` encodes.
std::string printable_members(percent_encode_set set) {
  std::string members;
  for (char c = 0x20; c < 0x7f; ++c)
    if (percent_encode(std::string_view(&c, 1), set) != std::string(1, c)) members += c;
  return members;
}

}  // namespace

TEST_CASE("each percent-encode set holds what the standard lists") {
  struct {
    percent_encode_set set;
    std::string_view members;
  } const table[] = {
      {percent_encode_set::c0_control, ""},
      {percent_encode_set::fragment, " \"<>`"},
      {percent_encode_set::query, " \"#<>"},
      {percent_encode_set::special_query, " \"#'<>"},
      {percent_encode_set::path, " \"#<>?^`{}"},
      {percent_encode_set::userinfo, " \"#/:;<=>?@[\\]^`{|}"},
      {percent_encode_set::component, " \"#$%&+,/:;<=>?@[\\]^`{|}"},
      {percent_encode_set::form, " !\"#$%&'()+,/:;<=>?@[\\]^`{|}~"},
  };
  for (const auto& [set, members] : table) {
    INFO("set " << static_cast<int>(set));
    CHECK(printable_members(set) == members);
    CHECK(percent_encode("\x01\x1f\x7f\xc3\xa9"sv, set) == "%01%1F%7F%C3%A9");
    CHECK(percent_encode("\0"sv, set) == "%00");
  }
}

TEST_CASE("a space is a plus sign in a form alone") {
  CHECK(percent_encode("a b", percent_encode_set::component) == "a%20b");
  CHECK(percent_encode("a b", percent_encode_set::form) == "a+b");
}

TEST_CASE("decoding leaves malformed sequences as they are") {
  struct {
    std::string_view encoded, decoded;
  } const table[] = {
      {"", ""},         {"%25%s%1G", "%%s%1G"}, {"%41%6a%6A", "Ajj"}, {"%", "%"},
      {"%4", "%4"},     {"%%41", "%A"},         {"a+b", "a+b"},       {"%00x", "\0x"sv},
      {"%2525", "%25"}, {"%e2%80", "\xe2\x80"}, {"%4%41", "%4A"},
  };
  for (const auto& [encoded, decoded] : table) CHECK(percent_decode(encoded) == decoded);
}

TEST_CASE("component and form encoding turn back into any bytes") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(percent_decode(percent_encode(bytes, percent_encode_set::component)) == bytes);
}

TEST_CASE("form pairs are joined") {
  std::string form;
  append_form_urlencoded(form, "a b", "1&2=3");
  append_form_urlencoded(form, "\xc3\xa9", "");
  CHECK(form == "a+b=1%262%3D3&%C3%A9=");
}
