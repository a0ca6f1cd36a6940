// Domain names: text, bytes, and compression.
#include "dns/messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::string_literals;

namespace {

/// The name that begins at `at`, and where it ends; "-" if it is malformed.
std::string read(std::string_view message, std::size_t at) {
  const auto name = dns::name::read(as_message(message), at);
  return name ? name->bytes() + "@" + std::to_string(at) : "-";
}

}  // namespace

TEST_CASE("host names become labels in lower case") {
  const struct {
    std::string text, bytes;
  } cases[] = {
      {"www.Example", "\3www\7example\0"s},
      {"example.", "\7example\0"s},
      {"a", "\1a\0"s},
      {"_service._tcp.xn--bcher-kva.example", "\x08_service\4_tcp\x0dxn--bcher-kva\7example\0"s},
      {std::string(63, 'a'), "\x3f" + std::string(63, 'a') + "\0"s},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto name = dns::name::parse(c.text);
    REQUIRE(name);
    CHECK(name->bytes() == c.bytes);
  }
}

TEST_CASE("text that is no host name is refused before anything is sent") {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  CHECK(dns::name::parse(longest)->bytes().size() == 255);
  for (const std::string& text :
       {""s, "."s, "a..b"s, ".a"s, "a.."s, std::string(64, 'a'), longest + "a", longest + ".a"}) {
    CAPTURE(text);
    const auto name = dns::name::parse(text);
    REQUIRE_FALSE(name);
    CHECK(name.error().category() == error_category::resolve);
    CHECK(name.error().reason() == "host_name_unusable");
  }
}

TEST_CASE("names are read with and without compression") {
  //                            0             9               22    24
  const std::string message =
      "\7example\0"s
      "\3www\xc0\0"s
      "\xc0\x09"
      "\1A\1b\xc0\x0f"s;
  CHECK(read(message, 0) == "\7example\0@9"s);
  CHECK(read(message, 8) == "\0@9"s);  // the root
  CHECK(read(message, 9) == "\3www\7example\0@15"s);
  CHECK(read(message, 15) == "\3www\7example\0@17"s);
  CHECK(read(message, 17) == "\1a\1b\3www\7example\0@23"s);
}

TEST_CASE("names that never end, or end outside of the message, are malformed") {
  const struct {
    std::string message;
    std::size_t at;
  } cases[] = {
      {"\xc0\0"s, 0},           // points at itself
      {"\xc0\2\xc0\0"s, 0},     // forward
      {"\1a\xc0\0"s, 0},        // at its own beginning
      {"\xc0\2\1a\xc0\0"s, 4},  // at what points forward again
      {"\1a\xc0\0\xc0\2"s, 4},  // at a loop
      {"\xc0\xff"s, 0},         // outside
      {"\xc0"s, 0},             // half a pointer
      {"\3ab"s, 0},             // a label that ends early
      {"\1a"s, 0},              // no end
      {""s, 0},
      {"\1a\0"s, 3},                               // begins at the end
      {"\x40" + std::string(64, 'a') + "\0"s, 0},  // reserved kinds of labels
      {"\x80"
       "a\0"s,
       0},
  };
  for (const auto& c : cases) {
    CAPTURE(&c - cases);
    CHECK(read(c.message, c.at) == "-");
  }
}

TEST_CASE("a name that compression makes longer than 255 bytes is malformed") {
  // Each line adds 64 bytes to the one before it.
  std::string message(1, '\0');
  std::size_t before = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t here = message.size();
    message += "\x3f" + std::string(63, 'a') + pointer(before);
    CHECK((read(message, here) == "-") == (i == 3));
    before = here;
  }
}
