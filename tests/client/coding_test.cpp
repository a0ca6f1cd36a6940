// Responses whose content is coded.
#include "client/support.hpp"

#include <cohttps/http/coding/coding.hpp>

#if defined(COHTTPS_HAS_ZLIB)
#include <zlib.h>
#endif

using namespace cohttps;
using namespace cohttps::testing;

#if defined(COHTTPS_HAS_ZLIB)

namespace {

std::string gzip(std::string_view text) {
  z_stream z{};
  ::deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  ::deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

std::string coded(std::string_view text, bool cut = false) {
  std::string content = gzip(text);
  if (cut) content.pop_back();
  return plain_response(content, "200 OK", "Content-Encoding: gzip\r\n");
}

std::string much() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ' ';
  return text;
}

}  // namespace

TEST_CASE("coded content is asked for and decoded, at any read size") {
  for_each_read_size([](memory_network& network) {
    scripted_host host;
    host.then(coded(much())).then(coded("")).then(plain_response("plain"));
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<void> {
      client c(network.transport(), plain());
      auto first = co_await c.get("http://host/");
      CHECK((first.text() == much()));
      auto empty = co_await c.get("http://host/");
      CHECK(empty.text().empty());
      auto none = co_await c.get("http://host/");
      CHECK(none.text() == "plain");
      CHECK(c.statistics().created == 1);
    };
    network.run(work());
    CHECK(host.requests[0].find("Accept-Encoding: " + accept_encoding() + "\r\n") !=
          std::string::npos);
  });
}

TEST_CASE("a stream gives decoded content") {
  plain_host at;
  at.host.then(coded(much()));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto s = co_await c.stream(method::get, "http://host/");
    CHECK_FALSE(s.content_length());
    std::string all;
    while (true) {
      auto part = co_await s.read();
      if (part.empty()) break;
      all.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    CHECK((all == much()));
    CHECK(c.statistics().idle == 1);
  };
  at.network.run(work());
}

TEST_CASE("content that its coding does not bear out is an error") {
  plain_host at;
  at.host.then(coded(much(), true)).then(coded(std::string(100'000'000, 'x')));
  auto cut = get(at.network, "http://host/");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().reason() == "content_truncated");
  CHECK(cut.error().phase() == phase::receive_body);
  auto bomb = get(at.network, "http://host/");
  REQUIRE_FALSE(bomb);
  CHECK(bomb.error().category() == error_category::limit);
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("what the caller asks for comes as it is") {
  for (const field own : {field{"accept-encoding", "gzip"}, field{"range", "bytes=0-9"}}) {
    plain_host at;
    at.host.then(coded("text"));
    auto r = get(at.network, "http://host/", plain(), {.headers = {own}});
    REQUIRE(r);
    CHECK(r->content() == gzip("text"));
    CHECK(r->header("content-encoding") == "gzip");
  }
  plain_host at;
  at.host.then(coded("text"));
  client_options options = plain();
  options.decode_content = false;
  auto r = get(at.network, "http://host/", options);
  CHECK(r->content() == gzip("text"));
  CHECK(at.host.requests[0].find("accept-encoding") == std::string::npos);
}

TEST_CASE("any operation may fail or be stopped while content is decoded") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    network.read_limit = 20'000;
    scripted_host host;
    host.then(coded(much()));
    network.listen("host", 80, host.plain());
    return get(network, "http://host/", plain(), {.stop = stop});
  });
}

#endif

TEST_CASE("the coding of content that does not come is no matter") {
  const std::pair<method, std::string> cases[] = {
      {method::head, "200 OK"}, {method::get, "304 Not Modified"}, {method::get, "204 No Content"}};
  for (const auto& [verb, status] : cases) {
    CAPTURE(status);
    plain_host at;
    at.host.then("HTTP/1.1 " + status + "\r\nContent-Encoding: aws-chunked\r\n\r\n");
    auto r = send(at.network, verb, "http://host/", {});
    if (!r) FAIL(r.error().what());
    CHECK(r->header("content-encoding") == "aws-chunked");
  }
}

TEST_CASE("a coding that nobody knows leaves the content as it is, or is refused strictly") {
  for (const std::string coding : {"rot13", "UTF-8", "none", "gzip, rot13"}) {
    CAPTURE(coding);
    plain_host at;
    for (int i = 0; i < 2; ++i)
      at.host.then(plain_response("?", "200 OK", "Content-Encoding: " + coding + "\r\n"));
    auto r = get(at.network, "http://host/");
    if (!r) FAIL(r.error().what());
    CHECK(r->text() == "?");
    CHECK(r->header("content-encoding") == coding);
    if (accept_encoding().empty()) continue;
    client_options strict = plain();
    strict.strict_http = true;
    r = get(at.network, "http://host/", strict);
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::protocol);
    CHECK(r.error().reason() == "coding_unknown");
  }
}

TEST_CASE("how much decoding makes is the caller's to say") {
  if (accept_encoding().find("gzip") == std::string::npos) SKIP("built without zlib");
  const std::string zeros(3'000'000, '\0');
  for (const bool more : {false, true}) {
    plain_host at;
    at.host.then(plain_response(gzip(zeros), "200 OK", "Content-Encoding: gzip\r\n"));
    client_options options = plain();
    options.decoding.ratio = more ? 2000 : 100;
    auto r = get(at.network, "http://host/", options);
    CHECK(r.has_value() == more);
    if (!r) CHECK(r.error().reason() == "content_ratio");
  }
}
