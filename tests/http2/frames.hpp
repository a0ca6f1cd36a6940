// Frames written by hand (RFC 9113, 4.1), and field lines that need no table (RFC 7541, 6.2.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::testing::frames {

inline std::string number(std::uint64_t n, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(n >> (8 * i) & 0xff);
  return out;
}

/// `length` lies about the payload where it is given.
inline std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload = {},
                         std::size_t length = SIZE_MAX) {
  return number(length == SIZE_MAX ? payload.size() : length, 3) + number(unsigned(type), 1) +
         number(unsigned(flags), 1) + number(stream, 4) + std::string(payload);
}

enum : int { end_stream = 1, ack = 1, end_headers = 4, padded = 8, with_priority = 32 };

/// A literal field without indexing, for names and values of fewer than 127 bytes.
inline std::string line(std::string_view name, std::string_view value) {
  const auto size_of = [](std::size_t n) {
    if (n < 127) return std::string(1, static_cast<char>(n));
    std::string out("\x7f");
    for (n -= 127; n >= 128; n /= 128) out += static_cast<char>(n % 128 + 128);
    return out + static_cast<char>(n);
  };
  return std::string(1, '\0') + size_of(name.size()) + std::string(name) + size_of(value.size()) +
         std::string(value);
}
inline std::string status(std::string_view code) { return line(":status", code); }

inline std::string settings(std::string_view payload = {}, int flags = 0) {
  return frame(4, flags, 0, payload);
}
inline std::string setting(unsigned id, std::uint32_t value) {
  return number(id, 2) + number(value, 4);
}
inline std::string headers(std::uint32_t stream, std::string_view block, int flags = end_headers) {
  return frame(1, flags, stream, block);
}
inline std::string data(std::uint32_t stream, std::string_view bytes, int flags = 0) {
  return frame(0, flags, stream, bytes);
}
inline std::string rst_stream(std::uint32_t stream, std::uint32_t code) {
  return frame(3, 0, stream, number(code, 4));
}
inline std::string ping(int flags = 0) { return frame(6, flags, 0, "12345678"); }
inline std::string goaway(std::uint32_t last, std::uint32_t code, std::string_view text = {}) {
  return frame(7, 0, 0, number(last, 4) + number(code, 4) + std::string(text));
}
inline std::string window_update(std::uint32_t stream, std::uint32_t size) {
  return frame(8, 0, stream, number(size, 4));
}
inline std::string continuation(std::uint32_t stream, std::string_view block, int flags = 0) {
  return frame(9, flags, stream, block);
}

/// What any server begins with.
inline std::string hello() { return settings() + settings({}, ack); }

}  // namespace cohttps::testing::frames
