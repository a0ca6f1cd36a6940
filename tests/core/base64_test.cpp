#include <cohttps/core/base64.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::optional<std::string> decoded(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), bytes->end());
}

}  // namespace

TEST_CASE("base64: the examples of RFC 4648, 10") {
  const std::string_view examples[][2] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : examples) {
    CAPTURE(text);
    CHECK(to_base64(bytes) == text);
    CHECK(decoded(text) == bytes);
  }
}

TEST_CASE("base64: every byte comes back, with ends of lines in between") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  std::string text = to_base64(bytes);
  CHECK(decoded(text) == bytes);
  for (std::size_t at = 64; at < text.size(); at += 66) text.insert(at, "\r\n");
  CHECK(decoded("\n " + text + "\t\n") == bytes);
}

TEST_CASE("base64: what is damaged is not decoded") {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zm8", "Zm8==", "Z===", "Zm9v=", "Zm9vYg",
        "Zg==Zg==", "Zm=8", "Zm9-", "Zm9_", "Zm\v9v", "Zm9v\x80", "Zh==", "Zm9="}) {
    CAPTURE(text);
    CHECK_FALSE(decoded(text));
  }
  CHECK_FALSE(decoded(std::string_view("Zm\0v", 4)));
}
