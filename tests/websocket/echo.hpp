// A server that echoes the messages of a WebSocket, and allocates nothing while it does so.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/tls/hash.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// The response that opens the WebSocket for which `request` asks.
inline std::string websocket_opening(std::string_view request) {
  const std::size_t at = ascii::lower(request).find("sec-websocket-key: ") + 19;
  const std::string key(request.substr(at, request.find('\r', at) - at));
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: " +
         to_base64(tls::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) + "\r\n\r\n";
}

/// Turns the client's frame at the beginning of `in` into that of a server, in place. Returns the
/// frame, and in `size` the bytes that the client's frame had; an empty span for half a frame.
/// Frames of 64 KiB and more are not known.
inline std::span<std::byte> echoed_frame(std::span<std::byte> in, std::size_t& size) {
  if (in.size() < 6) return {};
  std::size_t payload = std::to_integer<std::size_t>(in[1]) & 127, head = 2;
  if (payload == 126) {
    payload = std::to_integer<std::size_t>(in[2]) << 8 | std::to_integer<std::size_t>(in[3]);
    head = 4;
  }
  size = head + 4 + payload;
  if (in.size() < size) return {};
  std::array<std::byte, 4> key;
  std::memcpy(key.data(), in.data() + head, key.size());
  for (std::size_t i = 0; i < payload; ++i) in[head + 4 + i] ^= key[i & 3];
  in[1] &= std::byte{127};
  std::memmove(in.data() + 4, in.data(), head);
  return in.subspan(4, head + payload);
}

inline task<void> echo_websocket(memory_stream s) {
  std::vector<std::byte> in(128 * 1024);
  std::size_t have = 0;
  bool open = false;
  while (true) {
    auto got = co_await s.read_some(std::span(in).subspan(have), {});
    if (!got || *got == 0) co_return;
    have += *got;
    if (!open) {
      const std::string_view text(reinterpret_cast<const char*>(in.data()), have);
      if (!text.ends_with("\r\n\r\n")) continue;
      const std::string answer = websocket_opening(text);
      have = 0;
      open = true;
      auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
      if (!sent) co_return;
      continue;
    }
    std::size_t at = 0, size = 0;
    while (true) {
      auto out = echoed_frame(std::span(in).subspan(at, have - at), size);
      if (out.empty()) break;
      at += size;
      while (!out.empty()) {
        auto sent = co_await s.write_some(out, {});
        if (!sent) co_return;
        out = out.subspan(*sent);
      }
    }
    std::memmove(in.data(), in.data() + at, have - at);
    have -= at;
  }
}

}  // namespace cohttps::testing
