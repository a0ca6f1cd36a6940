// Server-sent events (WHATWG HTML, 9.2).
#include <cohttps/http/content/event_stream.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;

namespace {

struct outcome {
  std::vector<std::string> events;  // "type|data|id"
  std::string last_id;
  long long retry = -1;
};

outcome read(const std::string& bytes, std::size_t split) {
  event_stream_parser parser;
  outcome out;
  for (std::size_t at = 0; at < bytes.size(); at += split) {
    auto in = std::as_bytes(std::span(bytes)).subspan(at, std::min(split, bytes.size() - at));
    while (true) {
      const auto event = parser.next(in);
      REQUIRE(event);
      if (!*event) break;
      out.events.push_back(std::string((*event)->type) + '|' + std::string((*event)->data) + '|' +
                           std::string((*event)->id));
    }
    CHECK(in.empty());
  }
  out.last_id = parser.last_event_id();
  if (parser.retry()) out.retry = parser.retry()->count();
  return out;
}

}  // namespace

TEST_CASE("streams of events, however they are split") {
  using lines = std::vector<std::string>;
  struct {
    std::string bytes;
    lines events;
    std::string last_id = "";
    long long retry = -1;
  } rows[] = {
      {"", {}},
      {"data: hello\n\n", {"message|hello|"}},
      {"data:hello\n\n", {"message|hello|"}},
      {"data:  hello\n\n", {"message| hello|"}},
      {"data: unfinished\n", {}},
      {"data: a\ndata: b\n\n", {"message|a\nb|"}},
      {"data\n\n", {"message||"}},
      {"data\ndata\n\n", {"message|\n|"}},
      {"data:\n\ndata\ndata:\n\n", {"message||", "message|\n|"}},
      {": a comment\n\n", {}},
      {"event: add\ndata: 1\n\ndata: 2\n\n", {"add|1|", "message|2|"}},
      {"event: empty\n\ndata: x\n\n", {"message|x|"}},
      {"event\ndata: x\n\n", {"message|x|"}},
      {"id: 1\ndata: x\n\ndata: y\n\n", {"message|x|1", "message|y|1"}, "1"},
      {"id: 1\ndata: x\n\nid\ndata: y\n\n", {"message|x|1", "message|y|"}},
      {"id: 7\n\n", {}, "7"},
      {"id: 1\ndata: x\n\nid: 2\n", {"message|x|1"}, "1"},
      {std::string("id: 1\0002\ndata: x\n\n", 18), {"message|x|"}},
      {"data: a\r\rdata: b\r\n\r\ndata: c\n\n", {"message|a|", "message|b|", "message|c|"}},
      {"\xef\xbb\xbf"
       "data: x\n\n",
       {"message|x|"}},
      {"\xef\xbb\xbf\xef\xbb\xbf"
       "data: x\n\ndata: y\n\n",
       {"message|y|"}},
      {"retry: 250\n", {}, "", 250},
      {"retry: 1e3\nretry: -1\nretry:\nretry: 99999999999999999999\n", {}},
      {"Data: no\nDATA: no\n data: no\ndata : no\n\n", {}},
      {"data: a:b: c\n\n", {"message|a:b: c|"}},
      {"unknown: x\ndata: y\n\n", {"message|y|"}},
      {"data: \xff\xce\n\n", {"message|\xef\xbf\xbd\xef\xbf\xbd|"}},
      {"data: \xce\xba\xce\xba\xce\xba\xce\xba\xce\xba\n\n",
       {"message|\xce\xba\xce\xba\xce\xba\xce\xba\xce\xba|"}},
      {"event: \xff\nid: \xff\ndata: x\n\n", {"\xef\xbf\xbd|x|\xef\xbf\xbd"}, "\xef\xbf\xbd"},
  };
  for (const auto& row : rows)
    for (std::size_t split = 1; split <= std::max<std::size_t>(row.bytes.size(), 1); ++split) {
      CAPTURE(row.bytes, split);
      const auto got = read(row.bytes, split);
      CHECK(got.events == row.events);
      CHECK(got.last_id == row.last_id);
      CHECK(got.retry == row.retry);
    }
}

TEST_CASE("an event that is too large, and a new beginning") {
  event_stream_parser parser(100);
  const std::string large = "data: " + std::string(200, 'x');
  auto in = std::as_bytes(std::span(large));
  const auto refused = parser.next(in);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason() == "event_too_large");

  event_stream_parser other;
  std::string half = "id: 5\ndata: x\n\nid: 6\ndata: half";
  in = std::as_bytes(std::span(half));
  REQUIRE(other.next(in).value());
  REQUIRE_FALSE(other.next(in).value());
  other.restart();
  CHECK(other.last_event_id() == "5");
  half = "data: y\n\n";
  in = std::as_bytes(std::span(half));
  const auto event = other.next(in).value();
  REQUIRE(event);
  CHECK((event->data == "y" && event->id == "5"));
}
