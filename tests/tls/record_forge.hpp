// Protected records of TLS 1.3 with anything in them, as a server would seal them.
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/aead.h>
#include <botan/kdf.h>
#include <botan/secmem.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

using octets = std::vector<std::byte>;

/// Seals records under a traffic secret (RFC 8446, 5.2 and 7.3); by means of its own, so that it is
/// not the record reader that checks itself.
class record_forge {
 public:
  record_forge(const std::string& cipher, std::span<const std::uint8_t> secret)
      : hash_(cipher == "AES-256/GCM" ? "SHA-384" : "SHA-256"),
        aead_(Botan::AEAD_Mode::create_or_throw(cipher, Botan::Cipher_Dir::Encryption)) {
    use({secret.begin(), secret.end()});
  }

  octets seal(int type, std::string_view content, std::size_t padding = 0) {
    std::string inner(content);
    inner += static_cast<char>(type);
    inner.append(padding, '\0');
    return seal_inner(inner);
  }

  octets seal_inner(std::string_view inner, int version = 0x0303) {
    const std::size_t size = inner.size() + 16;
    const std::array<std::uint8_t, 5> header{
        23, static_cast<std::uint8_t>(version >> 8), static_cast<std::uint8_t>(version),
        static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    auto nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i)
      nonce[11 - i] ^= static_cast<std::uint8_t>(sequence >> (8 * i));
    ++sequence;
    Botan::secure_vector<std::uint8_t> sealed(inner.begin(), inner.end());
    aead_->set_associated_data(header);
    aead_->start(nonce);
    aead_->finish(sealed);
    octets record;
    for (const auto byte : header) record.push_back(std::byte(byte));
    for (const auto byte : sealed) record.push_back(std::byte(byte));
    return record;
  }

  /// As after a KeyUpdate.
  void update() { use(expand("traffic upd", secret_.size())); }
  const Botan::secure_vector<std::uint8_t>& secret() const { return secret_; }

  std::uint64_t sequence = 0;

 private:
  Botan::secure_vector<std::uint8_t> expand(std::string_view label, std::size_t size) const {
    const std::string full = "tls13 " + std::string(label);
    std::vector<std::uint8_t> info{0, static_cast<std::uint8_t>(size),
                                   static_cast<std::uint8_t>(full.size())};
    info.insert(info.end(), full.begin(), full.end());
    info.push_back(0);
    const auto kdf = Botan::KDF::create_or_throw("HKDF-Expand(" + hash_ + ")");
    const auto key = kdf->derive_key(size, secret_, std::vector<std::uint8_t>(), info);
    return {key.begin(), key.end()};
  }
  void use(Botan::secure_vector<std::uint8_t> secret) {
    secret_ = std::move(secret);
    aead_->set_key(expand("key", aead_->key_spec().maximum_keylength()));
    iv_ = expand("iv", 12);
    sequence = 0;
  }

  std::string hash_;
  std::unique_ptr<Botan::AEAD_Mode> aead_;
  Botan::secure_vector<std::uint8_t> secret_;
  Botan::secure_vector<std::uint8_t> iv_;
};

/// Handshake messages of a server, after the handshake (RFC 8446, 4.6).
inline std::string new_session_ticket() {
  std::string body(
      "\x00\x00\x0e\x10"
      "\x01\x02\x03\x04"
      "\x01\x07"
      "\x00\x10"
      "0123456789abcdef"
      "\x00\x00",
      30);
  return std::string("\x04\x00\x00", 3) + static_cast<char>(body.size()) + body;
}
inline std::string key_update(bool ask) {
  return std::string("\x18\x00\x00\x01", 4) + static_cast<char>(ask);
}

}  // namespace cohttps::testing
