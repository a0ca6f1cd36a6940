#include <cohttps/tls/verify/der.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace cohttps::tls;

namespace {
using octets = std::vector<std::uint8_t>;

std::optional<certificate_names> names(const octets& value) {
  return der::alternative_names(value);
}
}  // namespace

TEST_CASE("an element of DER") {
  const auto content = [](const octets& encoded) -> int {
    der::bytes in = encoded;
    const auto element = der::next(in);
    return element ? static_cast<int>(element->content.size()) : -1;
  };
  CHECK(content({0x04, 0x00}) == 0);
  CHECK(content({0x04, 0x02, 1, 2}) == 2);
  CHECK(content({0x04, 0x01, 1, 2}) == 1);
  octets longer{0x04, 0x81, 0x80};
  longer.resize(3 + 0x80);
  CHECK(content(longer) == 0x80);
  longer.pop_back();
  CHECK(content(longer) == -1);

  CHECK(content({}) == -1);
  CHECK(content({0x04}) == -1);
  CHECK(content({0x04, 0x02, 1}) == -1);
  CHECK(content({0x04, 0x80, 0, 0}) == -1);           // indefinite
  CHECK(content({0x04, 0x81, 0x01, 1}) == -1);        // not minimal
  CHECK(content({0x04, 0x82, 0x00, 0x01, 1}) == -1);  // not minimal
  CHECK(content({0x04, 0x84, 1, 0, 0, 0, 0}) == -1);  // longer than any certificate
  CHECK(content({0x1f, 0x01, 0x00}) == -1);           // tag of several bytes
}

TEST_CASE("names of a certificate") {
  const auto good = names({0x30, 0x11, 0x82, 0x03, 'a', '.', 'b', 0x87, 4, 192, 0, 2, 1, 0x86, 2,
                           'x', ':', 0x82, 0x00});
  REQUIRE(good);
  CHECK(good->dns == std::vector<std::string>{"a.b", ""});
  CHECK(good->ip == std::vector<octets>{{192, 0, 2, 1}});
  CHECK(names({0x30, 0x00}));

  CHECK_FALSE(names({}));
  CHECK_FALSE(names({0x31, 0x00}));
  CHECK_FALSE(names({0x30, 0x00, 0x00}));        // something after it
  CHECK_FALSE(names({0x30, 0x02, 0x82, 0x01}));  // cut off

  // An address of another length is none, and the other names count.
  for (const std::size_t size : {0u, 1u, 3u, 5u, 8u, 15u, 17u, 32u}) {
    octets list{0x30, static_cast<std::uint8_t>(2 + size + 3), 0x87,
                static_cast<std::uint8_t>(size)};
    list.resize(list.size() + size);
    for (const char byte : std::string("\x82\1a")) list.push_back(static_cast<std::uint8_t>(byte));
    const auto odd = names(list);
    REQUIRE(odd);
    CHECK(odd->ip.empty());
    CHECK(odd->dns == std::vector<std::string>{"a"});
  }
}

TEST_CASE("what is not a certificate has no subject") {
  CHECK_FALSE(der::subject_of({}));
  CHECK_FALSE(der::subject_of(octets{0x30, 0x00}));
  CHECK_FALSE(der::subject_of(octets{0x30, 0x02, 0x30, 0x00}));
  // version, serial, algorithm, issuer, validity, subject
  const octets skeleton{0x30, 0x12, 0x30, 0x10, 0xa0, 0x00, 0x02, 0x00, 0x30,
                        0x00, 0x30, 0x00, 0x30, 0x00, 0x30, 0x02, 0x05, 0x00};
  octets whole = skeleton;
  REQUIRE(whole.size() == 18);
  whole[1] = 16;
  whole[3] = 14;
  CHECK(der::subject_of(whole));
  whole.push_back(0);
  CHECK_FALSE(der::subject_of(whole));
}
