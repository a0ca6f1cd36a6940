// Messages as Node's HTTP server reads and writes them.
#include "servers/message_servers.hpp"

#include <cohttps/client/multipart_form.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>
#include <cohttps/transport/sleep.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

message_server& server() { return message_server_of<message_program::node>(); }

/// The value of a field as Node received it: names as they were written, one after another.
std::string raw_value(const nlohmann::json& message, const std::string& name) {
  const auto& all = message.at("headers");
  for (std::size_t i = 0; i + 1 < all.size(); i += 2)
    if (ascii::iequals(all[i].get<std::string>(), name)) return all[i + 1];
  return "(none)";
}

/// `count` pieces of `size` bytes.
content pieces(std::size_t count, std::size_t size, std::optional<std::uint64_t> length = {}) {
  return content::generated(
      [=]() mutable -> task<std::string> {
        co_return count == 0 ? std::string() : (--count, std::string(size, 'x'));
      },
      length);
}

const std::string noise = [] {
  std::string bytes;
  for (std::size_t i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * i >> 3);
  return bytes;
}();

}  // namespace

TEST_CASE("node: methods of any name, fields in order, twice if need be") {
  for (const char* name :
       {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "REPORT"}) {
    CAPTURE(name);
    const auto r = json_of(
        expect_answer(ask(server().options(), method::parse(name).value(), server().url("/x?y"), {},
                          {.headers = {{"x-b", "1"}, {"x-a", "caf\xc3\xa9"}, {"x-b", "2"}}})));
    CHECK(r.at("method") == name);
    CHECK(r.at("target") == "/x?y");
    const auto all = r.at("headers").get<std::vector<std::string>>();
    const auto at = std::ranges::find(all, "x-b");
    REQUIRE(all.end() - at >= 6);
    CHECK(*(at + 1) == "1");
    CHECK(*(at + 2) == "x-a");
    CHECK(*(at + 4) == "x-b");
    CHECK(*(at + 5) == "2");
  }
}

TEST_CASE("node: content arrives whole, from memory, files and generators") {
  const auto path = server().folder().write("noise", noise).string();
  struct {
    std::string name;
    content body;
    std::string framing;  // the field that says where it ends
  } cases[] = {
      {"memory", content(noise, "a/b"), "content-length"},
      {"borrowed", content::borrowed(noise), "content-length"},
      {"file", content::file(path, "a/b"), "content-length"},
      {"nothing", content(""), "content-length"},
      {"an empty file", content::file(server().folder().write("none", "").string()),
       "content-length"},
  };
  for (auto& c : cases) {
    CAPTURE(c.name);
    const bool none = c.body.length() == 0u;
    const auto r = json_of(
        expect_answer(ask(server().options(), method::post, server().url("/"), std::move(c.body))));
    CHECK((r.at("content") == to_base64(none ? "" : noise)));
    CHECK(raw_value(r, c.framing) == std::to_string(none ? 0 : noise.size()));
  }
  const auto chunked = json_of(
      expect_answer(ask(server().options(), method::put, server().url("/"), pieces(7, 10'000))));
  CHECK((chunked.at("content") == to_base64(std::string(70'000, 'x'))));
  CHECK(raw_value(chunked, "transfer-encoding") == "chunked");
  const auto sized = json_of(expect_answer(
      ask(server().options(), method::put, server().url("/"), pieces(7, 10'000, 70'000))));
  CHECK(raw_value(sized, "content-length") == "70000");
  CHECK(json_of(expect_answer(ask(server().options(), method::put, server().url("/count"),
                                  pieces(640, 100'000))))
            .at("size") == 64'000'000);
}

TEST_CASE("node: multipart is parsed by the parser of another") {
  const auto path = server().folder().write("noise.bin", "bytes of\r\n--a file\n").string();
  multipart_form form;
  form.add("comment", "two\r\nlines")
      .add("quote \" \xc3\xbc \n", "value")
      .add("table", "a,b\n", {.filename = "t \"1\".csv", .content_type = "text/csv"})
      .add_file("film", path)
      .add("empty", "");
  const auto r = json_of(
      expect_answer(ask(server().options(), method::post, server().url("/form"), std::move(form))));
  REQUIRE(r.size() == 5);
  CHECK(r[0] == nlohmann::json{{"name", "comment"}, {"value", "two\r\nlines"}});
  // Node 18 leaves the escapes of browsers as they are.
  const auto is_either = [](const nlohmann::json& found, std::string read, std::string as_sent) {
    return found == read || found == as_sent;
  };
  CHECK(is_either(r[1].at("name"), "quote \" \xc3\xbc \r\n", "quote %22 \xc3\xbc %0D%0A"));
  CHECK(r[1].at("value") == "value");
  // Node 18 gives files after what is none.
  const auto named = [&](std::string_view name) {
    for (const auto& part : r)
      if (part.at("name") == name) return part;
    return nlohmann::json();
  };
  CHECK(is_either(named("table").at("filename"), "t \"1\".csv", "t %221%22.csv"));
  CHECK(named("table").at("type") == "text/csv");
  CHECK(named("film").at("filename") == "noise.bin");
  CHECK(named("film").at("value") == "bytes of\r\n--a file\n");
  CHECK(named("empty").at("value") == "");
  const auto plain =
      json_of(expect_answer(ask(server().options(), method::post, server().url("/form"),
                                content::form({{"a", "b c"}, {"a", "%"}}))));
  CHECK(plain ==
        nlohmann::json{{{"name", "a"}, {"value", "b c"}}, {{"name", "a"}, {"value", "%"}}});
}

TEST_CASE("node: who waits to be told to go on is told so, or not to") {
  auto careful = server().options();
  careful.expect_continue_over = 0;
  const auto r = json_of(
      expect_answer(ask(careful, method::post, server().url("/"), content("after the word"))));
  CHECK(raw_value(r, "expect") == "100-continue");
  CHECK(r.at("content") == to_base64("after the word"));
  const auto refused =
      expect_answer(ask(careful, method::post, server().url("/refused"), content("never sent")));
  CHECK(refused.status() == 403);
  // An expectation that the server does not know; it is the caller's own, so it is no business of
  // the client's.
  const auto unknown = expect_answer(ask(server().options(), method::post, server().url("/"),
                                         content("x"), {.headers = {{"expect", "a miracle"}}}));
  CHECK(unknown.status() == 417);
}

TEST_CASE("node: an answer that comes before the content has gone ends the sending") {
  for (const bool secure : {false, true}) {
    const auto r = expect_answer(ask(server().options(), method::post,
                                     server().url("/early", secure), pieces(100'000, 10'000)));
    CHECK(r.status() == 413);
    CHECK(r.text() == "much");
  }
}

TEST_CASE("node: trailers both ways, and interim responses") {
  const auto in = expect_answer(ask(server().options(), method::get, server().url("/trailers")));
  CHECK(in.text() == "first second");
  CHECK(in.trailers().find("x-sum") == "42");
  CHECK(in.trailers().find("x-more") == "yes");

  std::size_t sent = 0;
  const auto checksum = [&]() -> fields { return {{"x-checksum", std::to_string(sent)}}; };
  auto body = content::generated([&]() -> task<std::string> {
    co_return sent == 3 ? std::string() : (++sent, std::string("piece"));
  });
  const auto out = json_of(expect_answer(ask(server().options(), method::post, server().url("/"),
                                             std::move(body), {.trailers = checksum})));
  CHECK(out.at("content") == to_base64("piecepiecepiece"));
  CHECK(out.at("trailers") == nlohmann::json{"x-checksum", "3"});

  std::vector<int> interim;
  std::string link;
  const auto hint = [&](const response_head& head) {
    interim.push_back(head.status);
    link = head.headers.find("link").value_or("");
  };
  const auto hinted = expect_answer(
      ask(server().options(), method::get, server().url("/hints"), {}, {.on_interim = hint}));
  CHECK(hinted.status() == 200);
  CHECK(interim == std::vector<int>{103});
  CHECK(link == "</a.css>; rel=preload");
}

TEST_CASE("node: cookies go back where they belong") {
  auto options = server().options();
  options.cookies = std::make_shared<shared_cookie_jar>();
  (void)expect_answer(ask(options, method::get, server().url("/set")));
  const auto cookie = [&](const std::string& url) {
    return raw_value(json_of(expect_answer(ask(options, method::get, url))), "cookie");
  };
  CHECK(cookie(server().url("/x")) == "a=1; b=2");
  CHECK(cookie(server().url("/elsewhere/x")) == "c=3; a=1; b=2");
  auto other = server().url("/x");
  other.replace(other.find("localhost"), 9, "127.0.0.1");
  CHECK(cookie(other) == "(none)");
}

TEST_CASE("node: progress is told in both directions") {
  std::uint64_t sent = 0, received = 0;
  const auto watch = [&](const progress& p) {
    sent = std::max(sent, p.sent);
    received = std::max(received, p.received);
  };
  const auto r = expect_answer(ask(server().options(), method::post, server().url("/"),
                                   content(noise), {.on_progress = watch}));
  CHECK(sent == noise.size());
  CHECK(received == r.text().size());
}
