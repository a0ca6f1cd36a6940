// Frames as a WebSocket server writes and reads them, written down plainly for the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

struct ws_frame {
  int op = 1;
  std::string payload;
  bool final = true;
  int reserved = 0;  // RSV1 is 4
};

/// A frame without a mask, as servers send it.
inline std::string server_frame(int op, std::string_view payload, bool final = true,
                                int reserved = 0) {
  std::string out;
  out += static_cast<char>((final ? 0x80 : 0) | reserved << 4 | op);
  const std::size_t size = payload.size();
  if (size < 126) {
    out += static_cast<char>(size);
  } else {
    const int bytes = size < 0x10000 ? 2 : 8;
    out += static_cast<char>(bytes == 2 ? 126 : 127);
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out += static_cast<char>(static_cast<std::uint64_t>(size) >> shift & 0xff);
  }
  return out.append(payload);
}

inline std::string server_close(int code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return server_frame(8, payload.append(reason));
}

/// Takes the complete frames of a client out of `bytes`; each has to be masked.
inline std::vector<ws_frame> take_client_frames(std::string& bytes) {
  std::vector<ws_frame> out;
  while (true) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 2) return out;
    std::size_t at = 2;
    std::uint64_t size = byte(1) & 127u;
    if ((byte(1) & 0x80) == 0) throw std::runtime_error("a frame of a client has no mask");
    const std::size_t wide = size == 127 ? 8 : size == 126 ? 2 : 0;
    if (bytes.size() < at + wide + 4) return out;
    if (wide) size = 0;
    for (std::size_t i = 0; i < wide; ++i) size = size << 8 | byte(at + i);
    at += wide;
    const std::string key = bytes.substr(at, 4);
    at += 4;
    if (bytes.size() - at < size) return out;
    ws_frame frame{byte(0) & 15, bytes.substr(at, size), (byte(0) & 0x80) != 0, byte(0) >> 4 & 7};
    for (std::size_t i = 0; i < size; ++i)
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ key[i % 4]);
    out.push_back(std::move(frame));
    bytes.erase(0, at + size);
  }
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace cohttps::testing
