// What a server may not do, and what it may: RFC 9113's rules as frames written by hand.
#pragma once

#include "http2/frames.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// After the server's SETTINGS, in answer to a GET on stream 1.
struct hostile_rule {
  enum class scope { connection, stream, fine };
  std::string_view name;
  std::string bytes;
  scope what;
  std::string_view reason = {};   ///< of the error
  std::string_view section = {};  ///< of RFC 9113, as the message names it
  bool acknowledges = true;       ///< the server has confirmed our settings before

  /// Of a head that is too large by `hostile_head` and its like alone.
  bool needs_small_bounds() const {
    return reason == "head_too_large" || reason == "too_many_fields" ||
           reason == "too_many_interim_responses" || name == "a field block that is too large";
  }

  /// What the server has sent then.
  std::string all() const {
    return frames::settings() + (acknowledges ? frames::settings({}, frames::ack) : std::string()) +
           bytes;
  }
  /// The code (RFC 9113, 7) that it is told, by GOAWAY or RST_STREAM; nothing where the stream has
  /// been reset by the server itself.
  std::optional<unsigned> code() const {
    if (reason == "http2_flow_control_error") return 3;
    if (reason == "http2_stream_closed") return 5;
    if (reason == "http2_frame_size_error") return 6;
    if (reason == "http2_compression_error") return 9;
    if (reason == "http2_flood") return 11;
    if (reason == "stream_reset") return std::nullopt;
    // What is not wrong but too much for us.
    if (reason.starts_with("too_many") || reason.ends_with("too_large")) return 8;
    return 1;
  }
  /// The last such code in what a client has sent.
  std::optional<unsigned> code_in(std::string_view sent) const {
    std::optional<unsigned> code;
    sent.remove_prefix(24);
    while (sent.size() >= 9) {
      const auto at = [&](std::size_t i) { return static_cast<unsigned char>(sent[i]); };
      const std::size_t length = at(0) * 65536u + at(1) * 256u + at(2);
      if (sent.size() < 9 + length) break;
      if (what == scope::connection && at(3) == 7) code = at(16);
      if (what == scope::stream && at(3) == 3 && at(8) == 1) code = at(12);
      sent.remove_prefix(9 + length);
    }
    return code;
  }
};

/// The bounds that the rules have in mind, which are smaller than the usual ones.
inline constexpr std::size_t hostile_head = 64 * 1024, hostile_fields = 100, hostile_interim = 16;

inline std::vector<hostile_rule> hostile_rules() {
  using namespace frames;
  using enum hostile_rule::scope;
  const std::string ok = status("200");
  const std::string pushed = line(":method", "GET") + line(":scheme", "https") +
                             line(":authority", "example.com") + line(":path", "/");
  const std::string answer = headers(1, ok, end_headers | end_stream);
  const auto fields_of = [&](std::string_view name, std::string_view value) {
    return headers(1, ok + line(name, value), end_headers | end_stream);
  };
  const auto cut = [&](std::string_view between) {
    return headers(1, ok, 0) + std::string(between) + continuation(1, "", end_headers) +
           data(1, "x", end_stream);
  };
  return {
      // 4.1: what is not known is ignored
      {"a frame of an unknown type", frame(0xee, 0xff, 1, "whatever") + answer, fine},
      {"a frame of an unknown type on no stream", frame(0xee, 0, 0, "") + answer, fine},
      {"a flag that PING has not", frame(6, 0x16, 0, "12345678") + answer, fine},
      {"the reserved bit", frame(6, 0, 0x80000000u, "12345678") + answer, fine},
      {"an unknown setting", settings(setting(0xff, 1)) + answer, fine},
      // 4.2
      {"DATA that is larger than allowed", headers(1, ok) + data(1, std::string(16385, 'x')),
       connection, "http2_frame_size_error", "4.2"},
      {"HEADERS that are larger than allowed", headers(1, std::string(16385, '\0')), connection,
       "http2_frame_size_error", "4.2"},
      {"a frame of 16 MB", frame(0, 0, 1, "x", 0xffffff), connection, "http2_frame_size_error",
       "4.2"},
      // 4.3
      {"a field block that is no HPACK", headers(1, "\xff\xff\xff\xff\xff\xff\xff"), connection,
       "http2_compression_error", "4.3"},
      {"an index that no table has", headers(1, "\xfe"), connection, "http2_compression_error",
       "4.3"},
      {"a table that grows too large", headers(1, "\x3f\xff\xff\xff\x0f" + ok), connection,
       "http2_compression_error", "4.3"},
      {"a table that changes its size behind a field", headers(1, ok + "\x20"), connection,
       "http2_compression_error", "4.3"},
      {"a name whose index no table has", headers(1, ok + "\x7f\x07\x01x"), connection,
       "http2_compression_error", "4.3"},
      {"a Huffman code that ends in eight bits of padding",
       headers(1, ok + std::string("\0\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff", 12)),
       connection, "http2_compression_error", "4.3"},
      {"a Huffman code that is padded with zeros",
       headers(1, ok + std::string("\0\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90", 11)), connection,
       "http2_compression_error", "4.3"},
      {"a Huffman code with its end within",
       headers(1, ok + std::string("\0\x85\xf2\xb2\x4a\x87\xff\xff\xff\xfd\x25\x42\x7f", 13)),
       connection, "http2_compression_error", "4.3"},
      {"PRIORITY within a field block", cut(frame(2, 0, 1, std::string(5, '\0'))), connection,
       "http2_protocol_error", "6.10"},
      {"a field block within a field block", cut(headers(3, ok)), connection,
       "http2_protocol_error", "6.10"},
      {"an unknown frame within a field block", cut(frame(0xee, 0, 0, "x")), connection,
       "http2_protocol_error", "6.10"},
      // 5.1
      {"DATA on an idle stream", data(2, "x"), connection, "http2_protocol_error", "6.1"},
      {"DATA on an idle stream of ours", data(5, "x"), connection, "http2_protocol_error", "6.1"},
      {"RST_STREAM on an idle stream", rst_stream(2, 8), connection, "http2_protocol_error", "6.4"},
      {"WINDOW_UPDATE on an idle stream", window_update(2, 100), connection, "http2_protocol_error",
       "6.9"},
      {"CONTINUATION on an idle stream", continuation(2, ok, end_headers), connection,
       "http2_protocol_error", "6.10"},
      {"HEADERS on a stream that nobody opened", headers(5, ok), connection, "http2_protocol_error",
       "6.2"},
      // 5.1.1
      {"HEADERS on a stream of the server's", headers(2, ok), connection, "http2_protocol_error",
       "6.2"},
      {"DATA before HEADERS", data(1, "x"), connection, "http2_protocol_error", "6.1"},
      // 6.1
      {"DATA on stream 0", data(0, "x"), connection, "http2_protocol_error", "6.1"},
      {"DATA whose padding is too long", headers(1, ok) + frame(0, padded, 1, "\x08xxxx"),
       connection, "http2_protocol_error", "6.1"},
      {"DATA with padding",
       headers(1, ok) + frame(0, padded | end_stream, 1, std::string("\x02xxxx\0\0", 7)), fine},
      // 6.2
      {"HEADERS on stream 0", headers(0, ok), connection, "http2_protocol_error", "6.2"},
      {"HEADERS whose padding is too long", frame(1, end_headers | padded, 1, "\x7f" + ok),
       connection, "http2_protocol_error", "6.2"},
      {"HEADERS with padding and priority",
       frame(1, end_headers | end_stream | padded | with_priority, 1,
             "\x01" + std::string(5, '\0') + ok + std::string(1, '\0')),
       fine},
      // 6.3
      {"PRIORITY on stream 0", frame(2, 0, 0, std::string(5, '\0')), connection,
       "http2_protocol_error", "6.3"},
      {"PRIORITY of four bytes", frame(2, 0, 1, std::string(4, '\0')), connection,
       "http2_frame_size_error", "4.2"},
      {"PRIORITY of a stream that depends on itself",
       frame(2, 0, 1, number(1, 4) + "\x10") + answer, fine},
      {"PRIORITY", frame(2, 0, 1, std::string(4, '\0') + "\x10") + answer, fine},
      // 6.4
      {"RST_STREAM on stream 0", rst_stream(0, 8), connection, "http2_protocol_error", "6.4"},
      {"RST_STREAM of three bytes", frame(3, 0, 1, "\0\0\x08"), connection,
       "http2_frame_size_error", "4.2"},
      {"RST_STREAM", headers(1, ok) + rst_stream(1, 8), stream, "stream_reset"},
      // 6.5
      {"SETTINGS on a stream", frame(4, 0, 1, ""), connection, "http2_protocol_error", "6.5"},
      {"SETTINGS of five bytes", frame(4, 0, 0, "12345"), connection, "http2_frame_size_error",
       "4.2"},
      {"an acknowledgement with settings", settings(setting(1, 0), ack), connection,
       "http2_frame_size_error", "4.2"},
      {"a server that asks for push", settings(setting(2, 1)), connection, "http2_protocol_error",
       "6.5"},
      {"ENABLE_PUSH of 2", settings(setting(2, 2)), connection, "http2_protocol_error", "6.5"},
      {"a window that is too large", settings(setting(4, 0x80000000u)), connection,
       "http2_flow_control_error", "5.2"},
      {"a largest frame that is too small", settings(setting(5, 16383)), connection,
       "http2_protocol_error", "6.5"},
      {"a largest frame that is too large", settings(setting(5, 0x1000000)), connection,
       "http2_protocol_error", "6.5"},
      {"ENABLE_CONNECT_PROTOCOL of 2", settings(setting(8, 2)), connection, "http2_protocol_error",
       "6.5"},
      {"an acknowledgement that nobody waits for", settings({}, ack), connection,
       "http2_protocol_error", "6.5"},
      {"more settings than anybody has", settings([] {
         std::string all;
         for (unsigned i = 0; i < 100; ++i) all += setting(0x100 + i, 1);
         return all;
       }()),
       connection, "http2_flood", "10.5"},
      {"an acknowledgement on a stream", frame(4, ack, 1, ""), connection, "http2_protocol_error",
       "6.5"},
      {"ENABLE_CONNECT_PROTOCOL that is taken back",
       settings(setting(8, 1)) + settings(setting(8, 0)), connection, "http2_protocol_error",
       "6.5"},
      {"NO_RFC7540_PRIORITIES of 2", settings(setting(9, 2)), connection, "http2_protocol_error",
       "6.5"},
      // 6.6
      {"PUSH_PROMISE before our settings are acknowledged",
       frame(5, end_headers, 1, number(2, 4) + pushed), connection, "http2_protocol_error", "6.6",
       false},
      {"PUSH_PROMISE on stream 0", frame(5, end_headers, 0, number(2, 4) + pushed), connection,
       "http2_protocol_error", "6.6"},
      {"PUSH_PROMISE", frame(5, end_headers, 1, number(2, 4) + pushed), connection,
       "http2_protocol_error", "6.6"},
      // 6.7
      {"PING on a stream", frame(6, 0, 1, "12345678"), connection, "http2_protocol_error", "6.7"},
      {"PING of seven bytes", frame(6, 0, 0, "1234567"), connection, "http2_frame_size_error",
       "4.2"},
      {"PING of nine bytes", frame(6, 0, 0, "123456789"), connection, "http2_frame_size_error",
       "4.2"},
      {"PING", ping() + answer, fine},
      {"an answer to no PING", ping(ack) + answer, fine},
      // 6.8
      {"GOAWAY on a stream", frame(7, 0, 1, std::string(8, '\0')), connection,
       "http2_protocol_error", "6.8"},
      {"GOAWAY of seven bytes", frame(7, 0, 0, std::string(7, '\0')), connection,
       "http2_frame_size_error", "4.2"},
      {"GOAWAY that grows", goaway(1, 0) + goaway(3, 0), connection, "http2_protocol_error", "6.8"},
      // 6.9
      {"WINDOW_UPDATE of 0", window_update(0, 0), connection, "http2_protocol_error", "6.9"},
      {"WINDOW_UPDATE of 0 on a stream", window_update(1, 0), connection, "http2_protocol_error",
       "6.9"},
      {"WINDOW_UPDATE of three bytes", frame(8, 0, 0, std::string("\0\0\x01", 3)), connection,
       "http2_frame_size_error", "4.2"},
      {"WINDOW_UPDATE of five bytes", frame(8, 0, 0, std::string("\0\0\0\x01\0", 5)), connection,
       "http2_frame_size_error", "4.2"},
      {"a connection's window that passes its most", window_update(0, 0x7fffffff), connection,
       "http2_flow_control_error", "5.2"},
      {"a stream's window that passes its most", window_update(1, 0x7fffffff), stream,
       "http2_flow_control_error", "5.4.2"},
      {"a stream's window that passes its most behind a head",
       headers(1, ok) + window_update(1, 0x7fffffff) + window_update(1, 0x7fffffff), stream,
       "http2_flow_control_error", "5.4.2"},
      {"settings that take a stream's window past its most",
       window_update(1, 0x7fff0000 - 1) + settings(setting(4, 0x7fffffff)), stream,
       "http2_flow_control_error", "5.4.2"},
      // 6.10
      {"a field block in pieces",
       headers(1, ok.substr(0, 3), 0) + continuation(1, ok.substr(3, 4)) +
           continuation(1, ok.substr(7), end_headers) + data(1, "x", end_stream),
       fine},
      {"DATA within a field block", cut(data(1, "x")), connection, "http2_protocol_error", "6.10"},
      {"CONTINUATION on stream 0", headers(1, ok, 0) + continuation(0, "", end_headers), connection,
       "http2_protocol_error", "6.10"},
      {"CONTINUATION on another stream", headers(1, ok, 0) + continuation(3, "", end_headers),
       connection, "http2_protocol_error", "6.10"},
      {"CONTINUATION after the end of the field block",
       headers(1, ok) + continuation(1, "", end_headers), connection, "http2_protocol_error",
       "6.10"},
      {"CONTINUATION after DATA", headers(1, ok) + data(1, "x") + continuation(1, "", end_headers),
       connection, "http2_protocol_error", "6.10"},
      // 8.1: one response, malformed in one way
      {"no status", headers(1, line("server", "x"), end_headers | end_stream), stream,
       "malformed_response", "8.1.1"},
      {"two statuses", headers(1, ok + ok, end_headers | end_stream), stream, "malformed_response",
       "8.1.1"},
      {"a status of two digits", headers(1, status("20"), end_headers | end_stream), stream,
       "malformed_response", "8.1.1"},
      {"a status of letters", headers(1, status("abc"), end_headers | end_stream), stream,
       "malformed_response", "8.1.1"},
      {"status 101", headers(1, status("101")), stream, "malformed_response", "8.1.1"},
      {"a status behind a field", headers(1, line("server", "x") + ok, end_headers | end_stream),
       stream, "malformed_response", "8.1.1"},
      {"a pseudo-header field of requests", fields_of(":path", "/"), stream, "malformed_response",
       "8.1.1"},
      {"an unknown pseudo-header field", fields_of(":color", "red"), stream, "malformed_response",
       "8.1.1"},
      {"a name in upper case", fields_of("Server", "x"), stream, "malformed_response", "8.1.1"},
      {"a name with a space", fields_of("a b", "x"), stream, "malformed_response", "8.1.1"},
      {"an empty name", fields_of("", "x"), stream, "malformed_response", "8.1.1"},
      {"a value with a line feed", fields_of("a", "x\ny"), stream, "malformed_response", "8.1.1"},
      {"a value with NUL", fields_of("a", std::string_view("x\0y", 3)), stream,
       "malformed_response", "8.1.1"},
      {"spaces around a value", fields_of("a", " x "), fine},
      {"Connection", fields_of("connection", "close"), stream, "malformed_response", "8.1.1"},
      {"Transfer-Encoding", fields_of("transfer-encoding", "chunked"), stream, "malformed_response",
       "8.1.1"},
      {"Keep-Alive", fields_of("keep-alive", "5"), stream, "malformed_response", "8.1.1"},
      {"Proxy-Connection", fields_of("proxy-connection", "close"), stream, "malformed_response",
       "8.1.1"},
      {"Upgrade", fields_of("upgrade", "h2c"), stream, "malformed_response", "8.1.1"},
      {"TE in a response", fields_of("te", "gzip"), stream, "malformed_response", "8.1.1"},
      {"a Content-Length of letters", fields_of("content-length", "x"), stream,
       "malformed_response", "8.1.1"},
      {"no content where some was announced", fields_of("content-length", "1"), stream,
       "malformed_response", "8.1.1"},
      {"two lengths", headers(1, ok + line("content-length", "1") + line("content-length", "1")),
       stream, "malformed_response", "8.1.1"},
      {"less content than announced",
       headers(1, ok + line("content-length", "3")) + data(1, "xx", end_stream), stream,
       "content_length_mismatch", "8.1.1"},
      {"more content than announced",
       headers(1, ok + line("content-length", "1")) + data(1, "xx", end_stream), stream,
       "content_length_mismatch", "8.1.1"},
      {"an interim response that ends the stream",
       headers(1, status("103"), end_headers | end_stream), stream, "malformed_response", "8.1.1"},
      {"content behind an interim response", headers(1, status("103")) + data(1, "x", end_stream),
       stream, "http2_protocol_error", "5.4.2"},
      {"trailers that do not end the stream", headers(1, ok) + headers(1, line("a", "b")), stream,
       "malformed_response", "8.1.1"},
      {"trailers with a status", headers(1, ok) + headers(1, ok, end_headers | end_stream), stream,
       "malformed_response", "8.1.1"},
      {"trailers",
       headers(1, ok) + data(1, "x") + headers(1, line("a", "b"), end_headers | end_stream), fine},
      {"17 interim responses",
       [&] {
         std::string all;
         for (int i = 0; i < 17; ++i) all += headers(1, status("103"));
         return all + answer;
       }(),
       stream, "too_many_interim_responses"},
      {"16 interim responses",
       [&] {
         std::string all;
         for (int i = 0; i < 16; ++i) all += headers(1, status("103"));
         return all + answer;
       }(),
       fine},
      {"content behind status 204", headers(1, status("204")) + data(1, "x", end_stream), stream,
       "malformed_response", "8.1.1"},
      {"content behind status 304", headers(1, status("304")) + data(1, "x", end_stream), stream,
       "malformed_response", "8.1.1"},
      {"an end behind status 204", headers(1, status("204")) + data(1, "", end_stream), fine},
      // RFC 9218, 7.1
      {"PRIORITY_UPDATE", frame(0x10, 0, 0, number(1, 4) + "u=1"), connection,
       "http2_protocol_error", "5.4.1"},
      // 10.5: floods
      {"a head that the count of its fields makes too large",
       [&] {
         // 90 fields of 701 bytes and what each of them counts besides: 66 KB, sent as 63 KB.
         std::string all = headers(1, ok, 0);
         for (int i = 0; i < 6; ++i) {
           std::string block;
           for (int k = 0; k < 15; ++k) block += line("a", std::string(700, 'x'));
           all += continuation(1, block, i == 5 ? end_headers : 0);
         }
         return all;
       }(),
       stream, "head_too_large"},
      {"a head that HPACK makes large",
       [&] {
         // One field of 4,000 bytes goes into the table, and comes out of it 30 times.
         std::string block = ok +
                             "\x40\x01"
                             "a\x7f\xa1\x1e" +
                             std::string(4000, 'x');
         block += std::string(30, '\xbe');
         return headers(1, block, end_headers | end_stream);
       }(),
       stream, "head_too_large"},
      {"101 fields",
       headers(
           1,
           [&] {
             std::string block = ok;
             for (int i = 0; i < 101; ++i) block += line("a", "b");
             return block;
           }(),
           end_headers | end_stream),
       stream, "too_many_fields"},
      {"100 fields",
       headers(
           1,
           [&] {
             std::string block = ok;
             for (int i = 0; i < 100; ++i) block += line("a", "b");
             return block;
           }(),
           end_headers | end_stream),
       fine},
      {"33 trailers",
       headers(1, ok) + headers(
                            1,
                            [&] {
                              std::string block;
                              for (int i = 0; i < 33; ++i) block += line("a", "b");
                              return block;
                            }(),
                            end_headers | end_stream),
       stream, "trailers_too_large"},
      {"a field block without end",
       headers(1, ok, 0) +
           [] {
             std::string all;
             for (int i = 0; i < 2000; ++i) all += continuation(1, "");
             return all;
           }(),
       connection, "http2_flood", "10.5"},
      {"a field block that is too large",
       headers(1, ok, 0) +
           [] {
             std::string all;
             for (int i = 0; i < 5; ++i) all += continuation(1, line("a", std::string(16000, 'x')));
             return all;
           }(),
       connection, "http2_flood", "10.5"},
      {"a flood of PING",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += ping();
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of answers to PING",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += ping(ack);
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of SETTINGS",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += settings();
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of empty DATA",
       headers(1, ok) +
           [] {
             std::string all;
             for (int i = 0; i < 2000; ++i) all += data(1, "");
             return all;
           }(),
       connection, "http2_flood", "10.5"},
      {"a flood of padding",
       headers(1, ok) +
           [] {
             std::string all;
             for (int i = 0; i < 2000; ++i) all += frame(0, padded, 1, std::string("\1\0", 2));
             return all;
           }(),
       connection, "http2_flood", "10.5"},
      {"a flood of PRIORITY",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += frame(2, 0, 1, std::string(5, '\0'));
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of WINDOW_UPDATE",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += window_update(0, 1);
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of RST_STREAM",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += rst_stream(1, 8);
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of heads on a stream that is over",
       answer +
           [&] {
             std::string all;
             for (int i = 0; i < 2000; ++i) all += headers(1, ok, end_headers | end_stream);
             return all;
           }(),
       connection, "http2_flood", "10.5"},
      {"a flood of unknown frames",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += frame(0xee, 0, 0, "");
         return all;
       }(),
       connection, "http2_flood", "10.5"},
      {"a flood of GOAWAY",
       [] {
         std::string all;
         for (int i = 0; i < 2000; ++i) all += goaway(1, 0);
         return all;
       }(),
       connection, "http2_flood", "10.5"},
  };
}

}  // namespace cohttps::testing
