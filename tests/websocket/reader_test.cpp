// What a server sends, frame by frame (RFC 6455, 5 to 7).
#include "websocket/frames.hpp"

#include <cohttps/websocket/reader.hpp>
#include <cohttps/websocket/writer.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using websocket::reader;

namespace {

/// All that a reader makes of `bytes`, given `split` at a time: "t:hello", "b:...", "ping:x",
/// "close:1000 bye", "!reason 1002".
std::vector<std::string> events_of(const std::string& bytes, std::size_t split,
                                   std::uint64_t max_message = 1'000'000,
                                   std::optional<websocket::compression_parameters> agreed = {}) {
  reader r(max_message, agreed);
  std::vector<std::string> out;
  std::string message;
  for (std::size_t at = 0; at < bytes.size(); at += split) {
    std::span<const std::byte> in = bytes_of(bytes).subspan(at, std::min(split, bytes.size() - at));
    while (true) {
      const auto event = r.next(in);
      if (!event) {
        out.push_back('!' + std::string(event.error().reason()) + ' ' +
                      std::to_string(r.close_code()));
        return out;
      }
      using kind = reader::kind;
      if (event->what == kind::need_more) break;
      const std::string data = text_of(event->data);
      if (event->what == kind::ping) out.push_back("ping:" + data);
      if (event->what == kind::pong) out.push_back("pong:" + data);
      if (event->what == kind::close) {
        out.push_back("close:" + std::to_string(r.close_code()) + (data.empty() ? "" : ' ' + data));
        return out;
      }
      if (event->what != kind::data) continue;
      if (event->first) message = event->text ? "t:" : "b:";
      message += data;
      if (event->last) out.push_back(message);
    }
    CHECK(in.empty());
  }
  return out;
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("frames become messages, however they are split") {
  struct {
    std::string bytes;
    lines expected;
  } rows[] = {
      {server_frame(1, "hello"), {"t:hello"}},
      {server_frame(2, ""), {"b:"}},
      {server_frame(1, std::string(125, 'a')), {"t:" + std::string(125, 'a')}},
      {server_frame(1, std::string(126, 'a')), {"t:" + std::string(126, 'a')}},
      {server_frame(2, std::string(65535, 'a')), {"b:" + std::string(65535, 'a')}},
      {server_frame(2, std::string(65536, 'a')), {"b:" + std::string(65536, 'a')}},
      {server_frame(1, "a", false) + server_frame(0, "b", false) + server_frame(0, "c"), {"t:abc"}},
      {server_frame(1, "", false) + server_frame(0, "", false) + server_frame(0, ""), {"t:"}},
      {server_frame(1, "a", false) + server_frame(9, "p") + server_frame(0, "b"),
       {"ping:p", "t:ab"}},
      {server_frame(9, "") + server_frame(10, std::string(125, 'x')),
       {"ping:", "pong:" + std::string(125, 'x')}},
      // A character may be split between frames.
      {server_frame(1, "\xce", false) + server_frame(0, "\xba"), {"t:\xce\xba"}},
      {server_frame(8, ""), {"close:1005"}},
      {server_close(1000), {"close:1000"}},
      {server_close(3000, "bye \xce\xba"), {"close:3000 bye \xce\xba"}},
      {server_close(4999, std::string(123, 'r')), {"close:4999 " + std::string(123, 'r')}},
  };
  for (const auto& row : rows)
    for (const std::size_t split : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                                    std::size_t{1000}, row.bytes.size()}) {
      if (row.bytes.size() / split > 3000) continue;
      CAPTURE(row.expected.front().substr(0, 20), split);
      CHECK(events_of(row.bytes, split) == row.expected);
    }
}

TEST_CASE("what RFC 6455 forbids ends the connection with a code") {
  const auto masked = [] {
    std::string frame = server_frame(1, "abcd");
    frame[1] = static_cast<char>(frame[1] | 0x80);
    return frame;
  };
  struct {
    std::string bytes, expected;
  } rows[] = {
      {server_frame(1, "x", true, 4), "!websocket_frame 1002"},
      {server_frame(1, "x", true, 2), "!websocket_frame 1002"},
      {server_frame(1, "x", true, 1), "!websocket_frame 1002"},
      {server_frame(3, ""), "!websocket_frame 1002"},
      {server_frame(7, ""), "!websocket_frame 1002"},
      {server_frame(11, ""), "!websocket_frame 1002"},
      {server_frame(15, ""), "!websocket_frame 1002"},
      {masked(), "!websocket_frame 1002"},
      {server_frame(9, std::string(126, 'p')), "!websocket_frame 1002"},
      {server_frame(9, "p", false), "!websocket_frame 1002"},
      {std::string("\x81\x7e\x00\x05hello", 9), "!websocket_frame 1002"},
      {std::string("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10), "!websocket_frame 1002"},
      {std::string("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10), "!websocket_frame 1002"},
      {server_frame(0, "x"), "!websocket_sequence 1002"},
      {server_frame(1, "x", false) + server_frame(1, "y"), "!websocket_sequence 1002"},
      {server_frame(1, "x", false) + server_frame(0, "y") + server_frame(0, "z"),
       "!websocket_sequence 1002"},
      {server_frame(8, "x"), "!websocket_close 1002"},
      {server_close(1000, "\xff"), "!websocket_utf8 1007"},
      {server_close(1000, "\xce"), "!websocket_utf8 1007"},
      {server_frame(1, "\xff"), "!websocket_utf8 1007"},
      {server_frame(1, "\xce"), "!websocket_utf8 1007"},
      {server_frame(1, "\xed\xa0\x80"), "!websocket_utf8 1007"},
      {server_frame(1, "a\xce", false) + server_frame(0, "a"), "!websocket_utf8 1007"},
  };
  for (const auto& row : rows)
    for (const std::size_t split : {std::size_t{1}, row.bytes.size()}) {
      CAPTURE(row.bytes, split);
      const auto events = events_of(row.bytes, split);
      REQUIRE_FALSE(events.empty());
      CHECK(events.back() == row.expected);
    }
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    CAPTURE(code);
    CHECK(events_of(server_close(code), 100) == lines{"!websocket_close 1002"});
  }
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    CAPTURE(code);
    CHECK(events_of(server_close(code), 100) == lines{"close:" + std::to_string(code)});
  }
}

TEST_CASE("text that is not UTF-8 is refused at its first wrong byte") {
  reader r(1000, {});
  const std::string frame = server_frame(1, "good\xf4\x90 and more");
  std::span<const std::byte> in = bytes_of(frame).first(2 + 4 + 2);
  auto event = r.next(in);
  CHECK_FALSE(event);
  CHECK(r.close_code() == 1007);
}

TEST_CASE("a message that is too large is refused when that is known") {
  CHECK(events_of(server_frame(2, std::string(100, 'x')), 1000, 100).front().size() == 102);
  // By the header alone.
  CHECK(events_of(server_frame(2, std::string(101, 'x')).substr(0, 2), 10, 100) ==
        lines{"!websocket_too_large 1009"});
  CHECK(events_of(
            server_frame(2, std::string(60, 'x'), false) + server_frame(0, std::string(41, 'x')),
            1000, 100) == lines{"!websocket_too_large 1009"});
}

#ifdef COHTTPS_HAS_ZLIB

namespace {

/// What a client would send, with its mask taken off: a server may send the same.
std::string compressed(const std::vector<std::string>& messages,
                       const websocket::compression_parameters& agreed, std::size_t piece = 0) {
  websocket::writer w([](std::span<std::byte> out) { std::ranges::fill(out, std::byte{7}); },
                      agreed, {.threshold = 0});
  buffer out;
  for (const auto& m : messages) {
    if (piece == 0) {
      w.append_message(out, true, bytes_of(m));
      continue;
    }
    for (std::size_t at = 0; at < m.size(); at += piece)
      w.append_piece(out, true, bytes_of(m).subspan(at, std::min(piece, m.size() - at)),
                     at + piece >= m.size());
  }
  std::string bytes(out.text()), plain;
  for (const auto& f : take_client_frames(bytes))
    plain += server_frame(f.op, f.payload, f.final, f.reserved);
  return plain;
}

}  // namespace

TEST_CASE("messages are compressed and decompressed") {
  const bool takeover = GENERATE(true, false);
  const int bits = GENERATE(9, 12, 15);
  const auto piece = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{1000});
  const websocket::compression_parameters agreed{takeover, takeover, bits, bits};
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i * i) + '\n';
  const std::vector<std::string> messages{"hello", "hello", "a", text, text, "end"};
  lines expected;
  for (const auto& m : messages) expected.push_back("t:" + m);
  const std::string bytes = compressed(messages, agreed, piece);
  CAPTURE(takeover, bits, piece, bytes.size());
  for (const std::size_t split : {std::size_t{1}, std::size_t{100}, bytes.size()})
    CHECK(events_of(bytes, split, 1'000'000, agreed) == expected);
  if (piece == 0) CHECK(bytes.size() < 2 * text.size());
}

TEST_CASE("an empty message, compressed") {
  const websocket::compression_parameters agreed;
  const std::string bytes = compressed({"", "x", ""}, agreed);
  CHECK(events_of(bytes, 1, 100, agreed) == lines{"t:", "t:x", "t:"});
}

TEST_CASE("compressed and plain messages, and control frames among the pieces") {
  const websocket::compression_parameters agreed;
  const std::string bytes = compressed({"packed"}, agreed) + server_frame(1, "plain");
  CHECK(events_of(bytes, 3, 100, agreed) == lines{"t:packed", "t:plain"});
}

TEST_CASE("a bomb is defused at the limit, and nonsense is refused") {
  const websocket::compression_parameters agreed;
  const std::string bomb = compressed({std::string(10'000'000, 'x')}, agreed);
  REQUIRE(bomb.size() < 100'000);
  CHECK(events_of(bomb, bomb.size(), 1'000'000, agreed) == lines{"!websocket_too_large 1009"});
  CHECK(events_of(server_frame(1, "\xff\xff\xff\xff", true, 4), 100, 1000, agreed) ==
        lines{"!websocket_deflate 1007"});
  CHECK(events_of(server_frame(1, "a", false) + server_frame(0, "b", true, 4), 100, 1000, agreed) ==
        lines{"!websocket_frame 1002"});
  CHECK(events_of(server_frame(9, "a", true, 4), 100, 1000, agreed) ==
        lines{"!websocket_frame 1002"});
}

TEST_CASE("a block that says it is the last one (RFC 7692, 7.2.3.4)") {
  const websocket::compression_parameters agreed;
  // From the RFC: "Hello" in a block with BFINAL, and the byte that completes it.
  const std::string frame =
      server_frame(1, std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), true, 4);
  CHECK(events_of(frame + server_frame(1, "next"), 1, 100, agreed) == lines{"t:Hello", "t:next"});
}

#endif
