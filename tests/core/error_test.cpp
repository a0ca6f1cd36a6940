#include <cohttps/core/error.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace cohttps;

TEST_CASE("an error reads as one sentence with its subject in front") {
  error e(error_category::certificate, "certificate_expired", "the certificate expired yesterday");
  CHECK(std::string(e.what()) == "the certificate expired yesterday");
  e.subject("https://example.com").during(phase::handshake);
  CHECK(std::string(e.what()) == "https://example.com: the certificate expired yesterday");
  CHECK(to_string(e.category()) == "certificate");
  CHECK(to_string(e.phase()) == "handshake");
  CHECK(e.reason() == "certificate_expired");
}

TEST_CASE("the innermost layer's phase is kept") {
  error e(error_category::timeout, "timeout", "too slow");
  e.during(phase::receive_head).during(phase::send);
  CHECK(e.phase() == phase::receive_head);
}

TEST_CASE("changing a copy leaves the original alone") {
  error a(error_category::limit, "body_too_large", "too large");
  error b = a;
  b.replay(replay_safety::rejected).position(7);
  CHECK(a.replay() == replay_safety::maybe_processed);
  CHECK_FALSE(a.position());
  CHECK(b.position() == 7);
}
