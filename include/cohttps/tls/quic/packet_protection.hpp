// The protection of QUIC packets (RFC 9001, 5; RFC 9369, 3.3): their keys, content and headers.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/quic/quic_suite.hpp>

#include <botan/aead.h>
#include <botan/block_cipher.h>
#include <botan/exceptn.h>
#include <botan/stream_cipher.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::tls {

inline constexpr std::uint32_t quic_v1 = 0x00000001;
inline constexpr std::uint32_t quic_v2 = 0x6b3343cf;

using octets_view = std::span<const std::uint8_t>;

namespace detail {

struct quic_version_words;
COHTTPS_DECL const quic_version_words& words_of(std::uint32_t version) noexcept;

}  // namespace detail

/// HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
COHTTPS_DECL secret_bytes expand_quic_label(std::string_view hash, octets_view secret,
                                            std::string_view label, std::size_t size);

/// Encrypts or decrypts the content of packets with one key.
class packet_cipher {
 public:
  enum class direction : std::uint8_t { seal, open };

  COHTTPS_DECL packet_cipher(std::string_view aead, octets_view key, direction which);

  /// Writes the ciphertext of `plain` and the tag to `to`. `to` and `plain` may be the same memory.
  COHTTPS_DECL void seal(std::uint8_t* to, octets_view plain, octets_view nonce,
                         octets_view header);
  /// Writes the plaintext of `sealed` to `to`, which may be the same memory. Returns false if it is
  /// not authentic; the next packet can be opened nevertheless.
  COHTTPS_DECL bool open(std::uint8_t* to, octets_view sealed, octets_view nonce,
                         octets_view header);

 private:
  std::unique_ptr<Botan::AEAD_Mode> mode_;
  secret_bytes tail_;
};

/// Computes the mask of a packet's header from a sample of its content (RFC 9001, 5.4).
class header_cipher {
 public:
  COHTTPS_DECL header_cipher(const quic_suite& suite, octets_view key);

  /// Writes 5 bytes to `to` and reads 16 bytes of `sample`.
  COHTTPS_DECL void mask(std::uint8_t* to, const std::uint8_t* sample);

 private:
  std::unique_ptr<Botan::BlockCipher> aes_;
  std::unique_ptr<Botan::StreamCipher> chacha_;
};

/// The keys of one direction at one encryption level.
struct packet_keys {
  std::unique_ptr<packet_cipher> content;
  secret_bytes iv;
  std::unique_ptr<header_cipher> header;  ///< null after a key update, which keeps the old one
};

COHTTPS_DECL packet_keys packet_keys_of(const quic_suite& suite, std::uint32_t version,
                                        octets_view secret, packet_cipher::direction which,
                                        bool with_header = true);

/// Returns the secret after a key update (RFC 9001, 6.1).
COHTTPS_DECL secret_bytes updated_secret(const quic_suite& suite, std::uint32_t version,
                                         octets_view secret);

/// The keys of Initial packets, which everybody who sees the connection identifier can compute.
/// `label` is "client in" or "server in" (RFC 9001, 5.2).
COHTTPS_DECL packet_keys initial_packet_keys(std::uint32_t version, octets_view connection_id,
                                             std::string_view label,
                                             packet_cipher::direction which);

/// Those of both sides, for a client.
struct initial_keys {
  packet_keys server;  ///< opens
  packet_keys client;  ///< seals
};
COHTTPS_DECL initial_keys initial_keys_of(std::uint32_t version, octets_view connection_id);

/// Returns the cipher that authenticates Retry packets (RFC 9001, 5.8).
COHTTPS_DECL std::unique_ptr<packet_cipher> retry_cipher(std::uint32_t version);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/quic/packet_protection.ipp>
#endif
