// A session and nghttp2's server, with the bytes carried by hand.
#pragma once

#include "http2/server_peer.hpp"

#include <cohttps/http2/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::testing {

inline std::span<const std::byte> bytes_of(std::string_view s) {
  return std::as_bytes(std::span(s));
}
inline std::string text_of(std::span<const std::byte> b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// A GET of `path`, as all tests here use it.
struct get_request {
  fields headers{{"host", "example.com"}, {"accept", "*/*"}};
  method verb = method::get;
  std::optional<std::uint64_t> length = 0;
  bool has_content = false;
  std::string path = "/";
  std::string protocol;
  http2::request_head head() const {
    return {verb, "https", path, headers, length, has_content, protocol};
  }
};

struct conversation {
  std::size_t piece;  ///< how many bytes the client is given at a time
  http2::session client;
  http2_server_peer server;
  std::size_t carried = 0;  ///< bytes to the client

  explicit conversation(std::size_t read_size = 16384, http2::limits bounds = {},
                        std::vector<nghttp2_settings_entry> settings = {})
      : piece(read_size), client(bounds), server(std::move(settings)) {}

  bool to_server() {
    buffer& out = client.outgoing();
    if (out.empty()) return false;
    const std::string bytes(out.text());
    out.clear();
    REQUIRE(server.receive(bytes_of(bytes)));
    return true;
  }
  bool to_client() {
    const std::string bytes = server.send();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto part = bytes_of(bytes).subspan(at, std::min(piece, bytes.size() - at));
      if (auto fine = client.receive(part, {}); !fine) FAIL(fine.error().what());
    }
    carried += bytes.size();
    return !bytes.empty();
  }
  /// Until neither has anything to say.
  void run() {
    for (bool more = true; more;) {
      more = to_server();
      more = to_client() || more;
    }
  }
};

/// All that has come in and comes in when the reader takes what there is, again and again.
inline std::string read_all(conversation& c, http2::stream& s) {
  std::string all;
  for (int idle = 0; idle < 2;) {
    c.run();
    const auto part = s.take_content();  // an empty one gives the last one back
    idle = part.empty() ? idle + 1 : 0;
    all += text_of(part);
  }
  return all;
}

inline std::string pattern(std::size_t size) {
  std::string s(size, '\0');
  for (std::size_t i = 0; i < size; ++i) s[i] = static_cast<char>('a' + i * 7 % 26);
  return s;
}

}  // namespace cohttps::testing
