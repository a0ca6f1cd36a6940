#include <cohttps/http/auth/basic.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace cohttps;

TEST_CASE("Basic credentials") {
  // RFC 7617, 2 and 2.1
  CHECK(basic_credentials("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(basic_credentials("test", "123\xc2\xa3") == "Basic dGVzdDoxMjPCow==");
}
