// Cookies between requests, redirections and clients.
#include "client/support.hpp"

#include <cohttps/http/cookie/shared_cookie_jar.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {
std::string cookie_of(const std::string& request) {
  const auto at = ascii::lower(request).find("\r\ncookie: ");
  return at == request.npos ? "" : request.substr(at + 10, request.find("\r\n", at + 2) - at - 10);
}
}  // namespace

TEST_CASE("cookies come back, also from redirections, and to another client") {
  plain_host at;
  scripted_host other;
  at.network.listen("other", 80, other.plain());
  at.host.then(plain_response("", "302 Found", "Set-Cookie: a=1\r\nLocation: /next\r\n"));
  at.host.then(plain_response("", "302 Found", "Set-Cookie: b=2\r\nLocation: http://other/\r\n"));
  other.then(plain_response("x", "200 OK", "Set-Cookie: c=3\r\n"));
  at.host.then(plain_response("y"));
  client_options options = plain();
  const auto shared = std::make_shared<shared_cookie_jar>();
  options.cookies = shared;
  auto r = get(at.network, "http://host/", options);
  if (!r) FAIL(r.error().what());
  CHECK(cookie_of(at.host.requests.at(0)).empty());
  CHECK(cookie_of(at.host.requests.at(1)) == "a=1");
  CHECK(cookie_of(other.requests.at(0)).empty());
  r = get(at.network, "http://host/", options);
  if (!r) FAIL(r.error().what());
  CHECK(cookie_of(at.host.requests.at(2)) == "a=1; b=2");
  CHECK(shared->with([](cookie_jar& jar) { return jar.size(); }) == 3);
}

TEST_CASE("without a jar, and with a Cookie field of the caller's") {
  plain_host at;
  at.host.then(plain_response("x", "200 OK", "Set-Cookie: a=1\r\n")).then(plain_response("x"));
  auto r = get(at.network, "http://host/");
  r = get(at.network, "http://host/");
  CHECK(cookie_of(at.host.requests.at(1)).empty());

  client_options options = plain();
  options.cookies = std::make_shared<shared_cookie_jar>();
  at.host.then(plain_response("x", "200 OK", "Set-Cookie: a=1\r\n")).then(plain_response("x"));
  r = get(at.network, "http://host/", options);
  r = get(at.network, "http://host/", options, {.headers = {{"cookie", "mine=1"}}});
  CHECK(cookie_of(at.host.requests.at(3)) == "mine=1");
}

TEST_CASE("a Cookie field of the caller's does not follow to another origin") {
  plain_host at;
  scripted_host other;
  at.network.listen("other", 80, other.plain());
  at.host.then(plain_response("", "302 Found", "Location: http://other/\r\n"));
  other.then(plain_response("x"));
  auto r = get(at.network, "http://host/", plain(), {.headers = {{"cookie", "mine=1"}}});
  if (!r) FAIL(r.error().what());
  CHECK(cookie_of(other.requests.at(0)).empty());
}
