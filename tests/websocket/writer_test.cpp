// What a client sends (RFC 6455, 5).
#include "websocket/frames.hpp"

#include <cohttps/url/utf8.hpp>
#include <cohttps/websocket/close_code.hpp>
#include <cohttps/websocket/compression.hpp>
#include <cohttps/websocket/frame.hpp>
#include <cohttps/websocket/utf8_validator.hpp>
#include <cohttps/websocket/writer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

void counting(std::span<std::byte> out) {
  static std::uint8_t next = 1;
  for (std::byte& b : out) b = std::byte{next++};
}

}  // namespace

TEST_CASE("messages of all sizes go out in one masked frame") {
  websocket::writer w(&counting, {}, {});
  for (const std::size_t size :
       {0u, 1u, 31u, 32u, 33u, 125u, 126u, 127u, 1000u, 65535u, 65536u, 100000u}) {
    CAPTURE(size);
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
    buffer out;
    w.append_message(out, false, bytes_of(payload));
    std::string bytes(out.text());
    const auto frames = take_client_frames(bytes);
    REQUIRE(frames.size() == 1);
    CHECK(bytes.empty());
    CHECK(frames[0].op == 2);
    CHECK(frames[0].final);
    CHECK(frames[0].reserved == 0);
    CHECK(frames[0].payload == payload);
  }
}

TEST_CASE("pieces are frames of one message, with control frames among them") {
  websocket::writer w(&counting, {}, {});
  buffer out;
  w.append_piece(out, true, bytes_of("a"), false);
  CHECK(w.in_message());
  w.append_control(out, websocket::opcode::pong, bytes_of("p"));
  w.append_piece(out, true, bytes_of("b"), false);
  w.append_piece(out, true, {}, true);
  CHECK_FALSE(w.in_message());
  std::string bytes(out.text());
  const auto frames = take_client_frames(bytes);
  REQUIRE(frames.size() == 4);
  CHECK((frames[0].op == 1 && !frames[0].final));
  CHECK((frames[1].op == 10 && frames[1].final && frames[1].payload == "p"));
  CHECK((frames[2].op == 0 && !frames[2].final));
  CHECK((frames[3].op == 0 && frames[3].final && frames[3].payload.empty()));
}

TEST_CASE("a reason that is too long is cut between two characters") {
  websocket::writer w(&counting, {}, {});
  buffer out;
  w.append_close(out, 1000, std::string(122, 'x') + "\xce\xba");
  w.append_close(out, 1001, std::string(200, 'y'));
  w.append_close(out, websocket::close_code::none, "never");
  std::string bytes(out.text());
  const auto frames = take_client_frames(bytes);
  REQUIRE(frames.size() == 3);
  CHECK(frames[0].payload == "\x03\xe8" + std::string(122, 'x'));
  CHECK(frames[1].payload == "\x03\xe9" + std::string(123, 'y'));
  CHECK(frames[2].payload.empty());
}

TEST_CASE("each frame has a key of its own") {
  std::vector<std::string> keys;
  websocket::mask_keys source(&counting);
  for (int i = 0; i < 300; ++i) {
    const auto key = source.next();
    keys.push_back(text_of(key));
  }
  CHECK(keys[0] != keys[1]);
  CHECK(keys[127] != keys[128]);
}

TEST_CASE("a mask is applied from any place on") {
  const websocket::mask_key key{std::byte{1}, std::byte{2}, std::byte{4}, std::byte{8}};
  for (std::size_t offset = 0; offset < 9; ++offset)
    for (std::size_t size = 0; size < 100; ++size) {
      std::vector<std::byte> data(size), expected(size);
      for (std::size_t i = 0; i < size; ++i) {
        data[i] = static_cast<std::byte>(i * 31);
        expected[i] = data[i] ^ key[(i + offset) % 4];
      }
      websocket::apply_mask(data, key, offset);
      CHECK(data == expected);
    }
}

TEST_CASE("the UTF-8 validator agrees with the decoder, however text is split") {
  const std::vector<std::string> rows{"",
                                      "ascii that is longer than sixteen bytes, and then some",
                                      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
                                      "\xf0\x9f\x98\x80",
                                      "\xf4\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xed\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xee\x80\x80",
                                      "\xef\xbf\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2\x80",
                                      "\xe0\x9f\xbf",
                                      "\xe0\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\x80",
                                      "\xbf",
                                      "\xc2",
                                      "\xe1\x80",
                                      "\xfe",
                                      "\xff",
                                      "sixteen bytes...\xff",
                                      std::string("nul\0", 4)};
  for (const auto& row : rows)
    for (std::size_t first = 0; first <= row.size(); ++first) {
      CAPTURE(row, first);
      websocket::utf8_validator v;
      const bool valid = v.take(bytes_of(row).first(first)) &&
                         v.take(bytes_of(row).subspan(first)) && v.complete();
      CHECK(valid == detail::decode_utf8(row).has_value());
    }
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i)
      text += static_cast<char>(random() % 3 ? 0x80 + random() % 128 : 'a');
    websocket::utf8_validator v;
    const bool valid = v.take(bytes_of(text)) && v.complete();
    if (valid != detail::decode_utf8(text).has_value()) FAIL(text);
  }
}

TEST_CASE("what is offered, and what a server may accept of it (RFC 7692, 7.1)") {
  using websocket::compression_options;
  CHECK(websocket::offer({}) == "permessage-deflate; client_max_window_bits");
  CHECK(websocket::offer({.context_takeover = false}) ==
        "permessage-deflate; client_max_window_bits; client_no_context_takeover; "
        "server_no_context_takeover");
  CHECK(websocket::offer({.window_bits = 10}) ==
        "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10");
  CHECK(websocket::offer({.enabled = false}).empty());

  const auto outcome = [](std::string_view value, const compression_options& offered = {}) {
    fields headers;
    if (!value.empty()) headers.append_unchecked("Sec-WebSocket-Extensions", value);
    const auto got = websocket::accepted(headers, offered);
    if (!got) return std::string(got.error().reason());
    if (!*got) return std::string("none");
    const auto& p = **got;
    return std::to_string(p.client_takeover) + std::to_string(p.server_takeover) + ' ' +
           std::to_string(p.client_window_bits) + ' ' + std::to_string(p.server_window_bits);
  };
  CHECK(outcome("") == "none");
  CHECK(outcome("permessage-deflate") == "11 15 15");
  CHECK(outcome("Permessage-Deflate") == "11 15 15");
  CHECK(outcome("permessage-deflate; client_no_context_takeover") == "01 15 15");
  CHECK(outcome("permessage-deflate;server_no_context_takeover") == "10 15 15");
  CHECK(outcome("permessage-deflate; client_max_window_bits=10; server_max_window_bits=\"9\"") ==
        "11 10 9");
  CHECK(outcome("permessage-deflate; server_max_window_bits=8") == "11 15 8");
  CHECK(outcome("permessage-deflate", {.context_takeover = false}) == "01 15 15");
  for (const std::string_view bad :
       {"permessage-deflate, permessage-deflate", "x-webkit-deflate-frame",
        "permessage-deflate; foo", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=a",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover"}) {
    CAPTURE(bad);
    CHECK(outcome(bad) == "websocket_extension");
  }
  CHECK(outcome("permessage-deflate", {.enabled = false}) == "websocket_extension");
  CHECK(outcome("permessage-deflate; client_max_window_bits=12", {.window_bits = 10}) ==
        "websocket_extension");
}
