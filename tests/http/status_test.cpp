#include <cohttps/http/status.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace cohttps;

TEST_CASE("every status is of one class, and what has no class is a server's error") {
  for (int status = 100; status <= 999; ++status) {
    CAPTURE(status);
    const int classes = is_informational(status) + is_success(status) + is_redirection(status) +
                        is_client_error(status) + is_server_error(status);
    CHECK(classes == 1);
  }
  CHECK(is_informational(199));
  CHECK(is_success(200));
  CHECK(is_redirection(399));
  CHECK(is_client_error(499));
  CHECK(is_server_error(500));
  CHECK(is_server_error(600));
}

TEST_CASE("1xx, 204 and 304 have no body") {
  for (int status = 100; status <= 999; ++status) {
    CAPTURE(status);
    CHECK(is_bodyless(status) == (status < 200 || status == 204 || status == 304));
  }
}

TEST_CASE("the phrases are the registry's") {
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(413) == "Content Too Large");
  CHECK(reason_phrase(422) == "Unprocessable Content");
  CHECK(reason_phrase(418).empty());
  CHECK(reason_phrase(299).empty());
  CHECK(reason_phrase(0).empty());
}
