// The example of AWS Signature Version 4: the published examples, and what the client sends.
#include <cohttps/client.hpp>
#include <cohttps/testing/scripted_server.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <sigv4.hpp>
#include <string>

using namespace cohttps;

namespace {

sigv4 signer_for(std::string service) {
  return {.access_key = "AKIDEXAMPLE",
          .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
          .region = "us-east-1",
          .service = std::move(service),
          .now = [] {
            using namespace std::chrono;
            return sys_days(2015y / August / 30) + 12h + 36min;
          }};
}

/// The Authorization field of a request.
std::string signed_with(const sigv4& signer, const method& verb, std::string_view where,
                        fields headers, std::string_view content = "") {
  const url to = url::parse(where).value();
  headers.append_unchecked("host", to.authority());
  const unsigned_request request{verb, to, headers, std::as_bytes(std::span(content))};
  REQUIRE(signer(request));
  REQUIRE(signer(request));  // again, as for a request that is sent again
  CHECK(headers.count("authorization") == 1);
  CHECK(headers.find("x-amz-date") == "20150830T123600Z");
  return std::string(headers.find("authorization").value());
}

const std::string scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/";

}  // namespace

TEST_CASE("sigv4: the example of AWS's documentation") {
  CHECK(signed_with(signer_for("iam"), method::get,
                    "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                    {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}) ==
        scope +
            "iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("sigv4: cases of AWS's test suite") {
  const auto signer = signer_for("service");
  const struct {
    const char* name;
    method verb;
    const char* target;
    const char* signature;
  } cases[] = {
      {"get-vanilla", method::get, "/",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case", method::get, "/?Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"post-vanilla", method::post, "/",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(
        signed_with(signer, c.verb, std::string("https://example.amazonaws.com") + c.target, {}) ==
        scope + "service/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + c.signature);
  }
}

TEST_CASE("sigv4: the client signs what it sends") {
  testing::scripted_server server;
  server.on("https://example.amazonaws.com/*").answer(200, {}, "signed");
  auto work = [&]() -> task<std::string> {
    client client(server.transport(), {.tls = server.tls()});
    const auto who = credentials::signature(signer_for("service"));
    auto response = co_await client.get("https://example.amazonaws.com/", {.credentials = &who});
    co_return response.text();
  };
  CHECK(server.run(work()) == "signed");
  const auto& headers = server.requests().at(0).headers;
  CHECK(headers.count("authorization") == 1);
  CHECK(headers.find("authorization")
            ->ends_with("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}
