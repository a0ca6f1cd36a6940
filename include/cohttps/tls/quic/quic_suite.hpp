// The cipher suites of TLS 1.3 that QUIC uses (RFC 9001, 5.3), and the limits on their keys.
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/secmem.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohttps::tls {

/// Bytes of a secret or of a key. They are wiped when they are freed.
using secret_bytes = Botan::secure_vector<std::uint8_t>;

struct quic_suite {
  std::uint16_t id;       ///< the registered number (RFC 8446, B.4)
  std::string_view aead;  ///< Botan's names
  std::string_view hash;
  std::string_view header;  ///< the cipher of header protection (RFC 9001, 5.4)
  std::size_t key_size;
  bool is_chacha;
  std::uint64_t most_encrypted;  ///< packets with one key (RFC 9001, 6.6)
  std::uint64_t most_forged;     ///< packets that may fail to authenticate
};

inline constexpr std::size_t quic_tag_size = 16;
inline constexpr std::size_t quic_iv_size = 12;

/// Returns null for a suite that QUIC does not use.
inline const quic_suite* find_quic_suite(std::uint16_t id) noexcept {
  constexpr std::uint64_t never = std::uint64_t{1} << 62;
  static constexpr quic_suite all[] = {
      {0x1301, "AES-128/GCM", "SHA-256", "AES-128", 16, false, 1 << 23, std::uint64_t{1} << 52},
      {0x1302, "AES-256/GCM", "SHA-384", "AES-256", 32, false, 1 << 23, std::uint64_t{1} << 52},
      {0x1303, "ChaCha20Poly1305", "SHA-256", "ChaCha(20)", 32, true, never,
       std::uint64_t{1} << 36}};
  for (const auto& one : all)
    if (one.id == id) return &one;
  return nullptr;
}

}  // namespace cohttps::tls
