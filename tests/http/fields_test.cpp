#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/trailer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <iterator>
#include <string>
#include <vector>

using namespace cohttps;

namespace {

std::string text(const fields& list) {
  std::string out;
  for (const auto [name, value] : list) out.append(name).append("=").append(value).append(";");
  return out;
}

struct options {
  int timeout = 0;
  fields headers = {};
};

static_assert(std::forward_iterator<fields::iterator>);

}  // namespace

TEST_CASE("fields are an ordered list with duplicates, found without case") {
  fields list{{"Accept", "text/html"}, {"X-A", "1"}, {"x-a", "2"}};
  CHECK(text(list) == "Accept=text/html;X-A=1;x-a=2;");
  CHECK(list.size() == 3);
  CHECK(list[2].value == "2");
  CHECK(list.find("ACCEPT") == "text/html");
  CHECK(list.find("x-A") == "1");
  CHECK(list.find("x") == std::nullopt);
  CHECK(list.find("") == std::nullopt);
  CHECK(list.contains("accept"));
  CHECK_FALSE(list.contains("accep"));
  CHECK(list.count("X-a") == 2);
  CHECK(list.values("x-a") == std::vector<std::string_view>{"1", "2"});
  CHECK(list.combined("x-a") == "1, 2");
  CHECK(list.combined("none").empty());
  CHECK(fields{{"a", ""}, {"a", "b"}}.combined("a") == ", b");
  CHECK(fields().empty());
}

TEST_CASE("options take fields in braces") {
  const options one{.headers = {{"accept", "text/html"}}};
  CHECK(text(one.headers) == "accept=text/html;");
  const options two{.timeout = 1, .headers = {{"a", "1"}, {"b", "2"}}};
  CHECK(text(two.headers) == "a=1;b=2;");
  const options none{.headers = {}};
  CHECK(none.headers.empty());
}

TEST_CASE("append takes what RFC 9110 allows, without the space around it") {
  fields list;
  CHECK(list.append("a", " \t one two\t").has_value());
  CHECK(list.append("b", "").has_value());
  CHECK(list.append("c", "caf\xc3\xa9\tx").has_value());
  CHECK(text(list) == "a=one two;b=;c=caf\xc3\xa9\tx;");
}

TEST_CASE("what could split a message is refused, and changes nothing") {
  struct row {
    std::string name, value, reason;
  };
  for (const row& r :
       {row{"", "v", "invalid_field_name"}, row{"a b", "v", "invalid_field_name"},
        row{"a:", "v", "invalid_field_name"}, row{"a\r\nb", "v", "invalid_field_name"},
        row{"\xc3\xa9", "v", "invalid_field_name"},
        row{std::string("a\0", 2), "v", "invalid_field_name"},
        row{"a", "v\r\nb: c", "invalid_field_value"}, row{"a", "v\n", "invalid_field_value"},
        row{"a", "v\rw", "invalid_field_value"},
        row{"a", std::string("v\0w", 3), "invalid_field_value"},
        row{"a", "\x1b[0m", "invalid_field_value"}, row{"a", "\x7f", "invalid_field_value"}}) {
    CAPTURE(ascii::printable(r.name), ascii::printable(r.value));
    fields list{{"a", "1"}};
    const auto appended = list.append(r.name, r.value);
    REQUIRE_FALSE(appended.has_value());
    CHECK(appended.error().category() == error_category::usage);
    CHECK(appended.error().reason() == r.reason);
    CHECK_FALSE(list.set(r.name, r.value).has_value());
    CHECK(text(list) == "a=1;");

    const fields unchecked{{"x", "1"}, {r.name, r.value}};
    const auto valid = unchecked.validate();
    REQUIRE_FALSE(valid.has_value());
    CHECK(valid.error().reason() == r.reason);
  }
  CHECK(fields{{"a", " v "}}.validate().has_value());
  CHECK(text(fields{{"a", " v\t"}}) == "a=v;");
}

TEST_CASE("set keeps the first place and drops the other fields of the name") {
  fields list{{"a", "1"}, {"B", "2"}, {"c", "3"}, {"b", "4"}};
  CHECK(list.set("b", "5").has_value());
  CHECK(text(list) == "a=1;b=5;c=3;");
  CHECK(list.set("d", "6").has_value());
  CHECK(text(list) == "a=1;b=5;c=3;d=6;");
  CHECK(list.set("a", "").has_value());
  CHECK(text(list) == "a=;b=5;c=3;d=6;");
}

TEST_CASE("erase removes every field of the name") {
  fields list{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  CHECK(list.erase("a") == 2);
  CHECK(list.erase("a") == 0);
  CHECK(text(list) == "b=2;");
  list.clear();
  CHECK(list.empty());
  CHECK(list.append("x", "y").has_value());
  CHECK(text(list) == "x=y;");
}

TEST_CASE("arguments may be views into the list itself") {
  fields list{{"name", "value"}};
  for (int i = 0; i < 200; ++i) {
    CHECK(list.append(list[0].name, list[0].value).has_value());
    CHECK(list.set(list[list.size() - 1].name, list[0].value).has_value());
    CHECK(text(list) == "name=value;");
    CHECK(list.append("other-name", list[0].name).has_value());
    CHECK(list.set("other-name", list[1].value).has_value());
    CHECK(list.erase(list[1].name) == 1);
  }
  CHECK(text(list) == "name=value;");
}

TEST_CASE("a copy is independent, and setting again and again does not grow it") {
  fields list{{"a", "1"}, {"b", "2"}};
  fields copy = list;
  CHECK(copy.set("a", "changed").has_value());
  CHECK(text(list) == "a=1;b=2;");
  for (int i = 0; i < 10000; ++i) CHECK(copy.set("a", std::to_string(i)).has_value());
  CHECK(text(copy) == "a=9999;b=2;");
  const auto first = copy[0].value.data();
  const auto second = copy[1].value.data();
  CHECK(std::abs(first - second) < 1000);  // the past is not between them
}

TEST_CASE("an element of a list is found in any field of the name, whole and without case") {
  const fields list{{"Connection", "Keep-Alive , upgrade"}, {"connection", "CLOSE"}};
  CHECK(list.has_element("connection", "close"));
  CHECK(list.has_element("connection", "keep-alive"));
  CHECK_FALSE(list.has_element("connection", "keep"));
  CHECK_FALSE(list.has_element("upgrade", "close"));
}

TEST_CASE("a codec's fields are offsets into one text") {
  fields list{{"old", "gone"}};
  const std::vector<field_slot> slots{{0, 1, 3, 2}, {7, 2, 10, 0}};
  list.adopt("a: xy\r\nbc:\r\n", slots);
  CHECK(text(list) == "a=xy;bc=;");
}

TEST_CASE("fields that frame, route, authenticate or say how to read are no trailers") {
  for (const auto name : {"Content-Length", "transfer-encoding", "Host", "Set-Cookie", "TRAILER",
                          "authorization", "content-encoding", "content-type", "content-range",
                          "location", "connection", "te", "cache-control"})
    CHECK_FALSE(is_trailer_allowed(name));
  for (const auto name : {"etag", "digest", "x-checksum", "server-timing", "grpc-status"})
    CHECK(is_trailer_allowed(name));
}

TEST_CASE("a cleared head is a new one") {
  response_head head{.version_minor = 0, .status = 200, .reason = "OK", .headers = {{"a", "1"}}};
  head.clear();
  CHECK(head.version_minor == 1);
  CHECK(head.status == 0);
  CHECK(head.reason.empty());
  CHECK(head.headers.empty());
}
