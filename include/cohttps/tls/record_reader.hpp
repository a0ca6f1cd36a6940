// Application data of TLS 1.3, decrypted where it stands. Botan's own way takes three copies and,
// from 3.12 on, looks for the padding byte by byte behind a barrier; that is 15 times slower.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/record.hpp>

#include <botan/aead.h>
#include <botan/exceptn.h>
#include <botan/mac.h>
#include <botan/secmem.h>
#include <botan/tls_alert.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::tls {

namespace detail {

/// HKDF-Expand-Label of one secret, without a context (RFC 8446, 7.1) and for at most as many bytes
/// as the hash has.
class expand_label {
 public:
  expand_label(std::string_view hash, std::span<const std::uint8_t> secret)
      : hmac_(
            Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + std::string(hash) + ")")) {
    hmac_->set_key(secret);
  }

  Botan::secure_vector<std::uint8_t> operator()(std::string_view label, std::size_t size) const {
    const std::string full = "tls13 " + std::string(label);
    hmac_->update_be(static_cast<std::uint16_t>(size));
    hmac_->update(static_cast<std::uint8_t>(full.size()));
    hmac_->update(full);
    hmac_->update(0);  // no context
    hmac_->update(1);  // the first block of HKDF-Expand (RFC 5869, 2.3)
    auto block = hmac_->final();
    block.resize(std::min(size, block.size()));
    return block;
  }

 private:
  std::unique_ptr<Botan::MessageAuthenticationCode> hmac_;
};

/// Where the last byte stands that is not zero. No branch depends on a single byte.
COHTTPS_DECL std::optional<std::size_t> last_nonzero(std::span<const std::byte> in) noexcept;

/// Shortens to seven days, the most that RFC 8446, 4.6.1 allows, the tickets among the whole
/// messages of a record that say they live for longer: Botan ends the connection for one. True when
/// there was one.
COHTTPS_DECL bool shorten_tickets(std::span<std::byte> messages) noexcept;

/// Whether a stream of handshake messages (RFC 8446, 4) stands between two of them.
class message_boundary {
 public:
  COHTTPS_DECL void pass(std::span<const std::byte> in) noexcept;
  bool inside() const noexcept { return header_ != 0; }
  /// Whether a KeyUpdate has begun since the last call.
  COHTTPS_DECL bool took_key_update() noexcept;

 private:
  std::size_t header_ = 0;  // bytes of it that have passed
  std::size_t left_ = 0;    // of the message's body
  bool key_update_ = false;
};

}  // namespace detail

/// Reads the server's records after the handshake, beside Botan's client, whose callbacks give it
/// the keys.
///
/// ```
///   checking --- the first data is what Botan made of it ---> reading
///      |                                                         |
///      +--- it is not, or cannot be decrypted ---> off           +--- a record is bad ---> failed
/// ```
/// While checking, Botan gets every record, and the reader decrypts a copy. When reading, the
/// reader gets every protected record. What is data it opens in place. What is not (tickets,
/// KeyUpdate, alerts, anything wrong inside) it seals again, under the same key and with the
/// sequence number that Botan has come to, so that Botan keeps all of that. From then on two things
/// must not happen:
///
/// - a protected record of the peer reaches Botan: its sequence number has fallen behind, so it
/// would
///   accept a record that was replayed;
/// - what was sealed again leaves the process: it shares its nonce with another record.
class record_reader {
 public:
  using alert_type = Botan::TLS::AlertType;

  /// Whether it knows the cipher, as Botan calls it. CCM wants a message as a whole: Botan's.
  COHTTPS_DECL static bool reads(std::string_view cipher) noexcept;

  /// `secret` is SERVER_TRAFFIC_SECRET_0; the next protected record is its first. A `sequence`
  /// other than 0 is for tests.
  COHTTPS_DECL record_reader(std::string cipher, std::string hash,
                             std::span<const std::uint8_t> secret, std::uint64_t sequence = 0)
      : cipher_(std::move(cipher)),
        hash_(std::move(hash)),
        opener_(Botan::AEAD_Mode::create_or_throw(cipher_, Botan::Cipher_Dir::Decryption)) {
    use({secret.begin(), secret.end()});
    sequence_ = botan_sequence_ = sequence;
  }

  /// From now on records have to go to `open`.
  bool reading() const noexcept { return state_ == state::reading || state_ == state::failed; }

  /// While checking: takes a record, and returns what Botan is to be given for it.
  COHTTPS_DECL std::span<const std::byte> watch(std::span<const std::byte> record);

  /// What Botan made of that record. The first data decides.
  COHTTPS_DECL void compare(std::span<const std::byte> plaintext);

  struct opened {
    bool is_data;  ///< else it is for Botan
    std::span<const std::byte> bytes;
  };

  /// Opens a whole protected record. Either gives its data, which stands in `record`, or a record
  /// for Botan, after which comes `handed_over`. Or the alert to send: then `record` holds nothing
  /// of what was in it, and every later call fails.
  COHTTPS_DECL std::expected<opened, alert_type> open(std::span<std::byte> record);

  /// Botan has taken what `open` gave; `secret` is the one that it logged while it did, or empty.
  /// False when they are out of step: the connection cannot go on.
  COHTTPS_DECL [[nodiscard]] bool handed_over(std::span<const std::uint8_t> secret);

 private:
  enum class state : std::uint8_t { checking, reading, failed, off };
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t nonce_size = 12;

  COHTTPS_DECL static bool is_protected(std::span<const std::byte> record) noexcept;

  COHTTPS_DECL static bool is_same(std::span<const std::byte> a,
                                   std::span<const std::byte> b) noexcept;

  // RFC 8446, 7.3.
  COHTTPS_DECL void use(Botan::secure_vector<std::uint8_t> secret);
  // Most connections end without anything to seal.
  COHTTPS_DECL Botan::AEAD_Mode& sealer();

  // RFC 8446, 5.3.
  COHTTPS_DECL std::array<std::uint8_t, nonce_size> nonce(std::uint64_t sequence) const noexcept;

  // True when one was changed.
  COHTTPS_DECL bool take_messages(std::span<std::byte> in) noexcept;

  // In place, and counted; what is inside, or nothing, and then nothing of it is left either.
  COHTTPS_DECL std::optional<std::span<std::byte>> decrypt(std::span<std::byte> record);

  // Padding and all, so that it is Botan that judges it, and the header stays true.
  COHTTPS_DECL std::span<const std::byte> seal(std::span<const std::byte> header,
                                               std::span<std::byte> inner);

  COHTTPS_DECL void turn_off();

  std::string cipher_, hash_;  // of Botan's names
  std::unique_ptr<Botan::AEAD_Mode> opener_;
  std::unique_ptr<Botan::AEAD_Mode> sealer_;  // null until it is needed
  Botan::secure_vector<std::uint8_t> secret_;
  Botan::secure_vector<std::uint8_t> iv_;
  Botan::secure_vector<std::uint8_t> tail_;
  Botan::secure_vector<std::uint8_t> sealed_;
  Botan::secure_vector<std::uint8_t> copy_;
  std::optional<std::span<std::byte>> expected_;  // the data in `copy_`
  std::uint64_t sequence_ = 0;
  std::uint64_t botan_sequence_ = 0;
  detail::message_boundary messages_;
  state state_ = state::checking;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/record_reader.ipp>
#endif
