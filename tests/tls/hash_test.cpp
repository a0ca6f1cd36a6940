#include <cohttps/tls/hash.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;

TEST_CASE("hashes as hexadecimal digits") {
  const digest_hashes known = tls::hashes();
  REQUIRE(known.sha256);  // TLS needs it too
  CHECK(known.sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(known.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  if (!known.sha512_256) SKIP("this Botan was built without SHA-512-256");
  CHECK(known.sha512_256("abc") ==
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
  if (!known.md5) SKIP("this Botan was built without MD5");
  CHECK(known.md5("abc") == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("random text differs and is hexadecimal") {
  const std::string one = tls::random_text(), two = tls::random_text();
  CHECK(one.size() == 32);
  CHECK(one != two);
  CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
}
