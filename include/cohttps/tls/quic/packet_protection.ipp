// Definitions for packet_protection.hpp.
#pragma once

#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/record/expand_label.hpp>

#include <botan/mac.h>

namespace cohttps::tls {
namespace detail {

/// The labels and constants in which the versions of QUIC differ.
struct quic_version_words {
  std::string_view key, iv, header, update;
  std::array<std::uint8_t, 20> salt;
  std::array<std::uint8_t, 16> retry_key;
};

COHTTPS_DEF const quic_version_words& words_of(std::uint32_t version) noexcept {
  static constexpr quic_version_words v1{
      "quic key",
      "quic iv",
      "quic hp",
      "quic ku",
      {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
       0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
      {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8,
       0x4e}};
  static constexpr quic_version_words v2{
      "quicv2 key",
      "quicv2 iv",
      "quicv2 hp",
      "quicv2 ku",
      {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
       0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
      {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc,
       0x92}};
  return version == quic_v2 ? v2 : v1;
}

}  // namespace detail

COHTTPS_DEF secret_bytes expand_quic_label(std::string_view hash, octets_view secret,
                                           std::string_view label, std::size_t size) {
  return detail::expand_label(hash, secret)(label, size);
}

COHTTPS_DEF packet_cipher::packet_cipher(std::string_view aead, octets_view key, direction which)
    : mode_(Botan::AEAD_Mode::create_or_throw(aead, which == direction::seal
                                                        ? Botan::Cipher_Dir::Encryption
                                                        : Botan::Cipher_Dir::Decryption)) {
  mode_->set_key(key.data(), key.size());
  tail_.reserve(2 * quic_tag_size);
}

COHTTPS_DEF void packet_cipher::seal(std::uint8_t* to, octets_view plain, octets_view nonce,
                                     octets_view header) {
  if (!plain.empty() && to != plain.data()) std::memmove(to, plain.data(), plain.size());
  mode_->set_associated_data(header);
  mode_->start(nonce);
  if (!plain.empty()) mode_->process(std::span(to, plain.size()));
  tail_.clear();
  mode_->finish(tail_);
  std::memcpy(to + plain.size(), tail_.data(), quic_tag_size);
}

COHTTPS_DEF bool packet_cipher::open(std::uint8_t* to, octets_view sealed, octets_view nonce,
                                     octets_view header) try {
  if (sealed.size() < quic_tag_size) return false;
  const std::size_t size = sealed.size() - quic_tag_size;
  tail_.assign(sealed.end() - quic_tag_size, sealed.end());  // before `to` may overwrite it
  if (size != 0 && to != sealed.data()) std::memmove(to, sealed.data(), size);
  mode_->set_associated_data(header);
  mode_->start(nonce);
  if (size != 0) mode_->process(std::span(to, size));
  mode_->finish(tail_);
  return true;
} catch (const Botan::Invalid_Authentication_Tag&) {
  mode_->reset();
  cohttps::detail::wipe(std::as_writable_bytes(std::span(to, sealed.size() - quic_tag_size)));
  return false;
}

COHTTPS_DEF header_cipher::header_cipher(const quic_suite& suite, octets_view key) {
  if (suite.is_chacha) {
    chacha_ = Botan::StreamCipher::create_or_throw(suite.header);
    chacha_->set_key(key.data(), key.size());
  } else {
    aes_ = Botan::BlockCipher::create_or_throw(suite.header);
    aes_->set_key(key.data(), key.size());
  }
}

COHTTPS_DEF void header_cipher::mask(std::uint8_t* to, const std::uint8_t* sample) {
  std::array<std::uint8_t, 16> block{};
  if (aes_) {
    aes_->encrypt_n(sample, block.data(), 1);
  } else {
    // RFC 9001, 5.4.4: a block counter in little-endian order, and a nonce.
    std::uint32_t counter = 0;
    for (int i = 3; i >= 0; --i) counter = counter << 8 | sample[i];
    chacha_->set_iv(sample + 4, 12);
    chacha_->seek(std::uint64_t{counter} * 64);
    chacha_->cipher(block.data(), block.data(), 5);
  }
  std::memcpy(to, block.data(), 5);
}

COHTTPS_DEF packet_keys packet_keys_of(const quic_suite& suite, std::uint32_t version,
                                       octets_view secret, packet_cipher::direction which,
                                       bool with_header) {
  const auto& words = detail::words_of(version);
  const detail::expand_label expand(suite.hash, secret);
  packet_keys keys;
  keys.content =
      std::make_unique<packet_cipher>(suite.aead, expand(words.key, suite.key_size), which);
  keys.iv = expand(words.iv, quic_iv_size);
  if (with_header)
    keys.header = std::make_unique<header_cipher>(suite, expand(words.header, suite.key_size));
  return keys;
}

COHTTPS_DEF secret_bytes updated_secret(const quic_suite& suite, std::uint32_t version,
                                        octets_view secret) {
  return expand_quic_label(suite.hash, secret, detail::words_of(version).update, secret.size());
}

COHTTPS_DEF packet_keys initial_packet_keys(std::uint32_t version, octets_view connection_id,
                                            std::string_view label,
                                            packet_cipher::direction which) {
  const quic_suite& suite = *find_quic_suite(0x1301);
  // HKDF-Extract (RFC 5869, 2.2) is HMAC with the salt as its key.
  auto extract = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  extract->set_key(detail::words_of(version).salt);
  extract->update(connection_id);
  const detail::expand_label expand(suite.hash, extract->final());
  return packet_keys_of(suite, version, expand(label, 32), which);
}

COHTTPS_DEF initial_keys initial_keys_of(std::uint32_t version, octets_view connection_id) {
  using enum packet_cipher::direction;
  return {initial_packet_keys(version, connection_id, "server in", open),
          initial_packet_keys(version, connection_id, "client in", seal)};
}

COHTTPS_DEF std::unique_ptr<packet_cipher> retry_cipher(std::uint32_t version) {
  return std::make_unique<packet_cipher>("AES-128/GCM", detail::words_of(version).retry_key,
                                         packet_cipher::direction::seal);
}

}  // namespace cohttps::tls
