// Decrypts application data of TLS 1.3 in place. Botan copies the data three times and, since 3.12,
// searches the padding byte by byte behind a barrier, which is 15 times slower.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/record/record.hpp>

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

/// HKDF-Expand-Label of one secret with an empty context (RFC 8446, 7.1). The output is at most as
/// long as the hash.
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

/// Returns the index of the last byte that is not zero. No branch depends on a single byte.
COHTTPS_DECL std::optional<std::size_t> last_nonzero(std::span<const std::byte> in) noexcept;

/// Sets the lifetime of session tickets to seven days where it is longer, because Botan ends the
/// connection for a longer one. Seven days is the maximum of RFC 8446, 4.6.1. `messages` has to
/// begin at the start of a message. Returns true when it changed a ticket.
COHTTPS_DECL bool shorten_tickets(std::span<std::byte> messages) noexcept;

/// Finds out whether a stream of handshake messages (RFC 8446, 4) is between two messages.
class message_boundary {
 public:
  /// Reads the next bytes of the stream.
  COHTTPS_DECL void pass(std::span<const std::byte> in) noexcept;
  /// Whether the stream is inside a message.
  bool inside() const noexcept { return header_ != 0; }
  /// Whether a KeyUpdate message has begun since the last call.
  COHTTPS_DECL bool took_key_update() noexcept;

 private:
  std::size_t header_ = 0;        // bytes of the message's header that were read
  std::size_t message_left_ = 0;  // bytes of the message's body that are missing
  bool key_update_ = false;
};

}  // namespace detail

/// Decrypts the server's records after the handshake. It gets the keys from the callbacks of
/// Botan's client, which still processes all records other than application data.
///
/// ```
///   checking --- the first data is equal to Botan's ---> reading
///      |                                                    |
///      +--- it differs, or decryption fails ---> off        +--- a record is bad ---> failed
/// ```
/// In the state `checking` Botan gets every record, and the reader decrypts a copy. In the state
/// `reading` the reader gets every protected record. It decrypts application data in place. It
/// encrypts all other content again for Botan: tickets, KeyUpdate, alerts and invalid content. For
/// that it uses the same key and the sequence number that Botan expects next. In the state
/// `reading` two things must never happen:
///
/// - Botan gets a protected record of the peer. Botan's sequence number is behind that of the peer,
///   so it would accept a replayed record.
/// - A record that was encrypted again leaves the process. Its nonce is that of another record.
class record_reader {
 public:
  using alert_type = Botan::TLS::AlertType;

  /// Whether the reader supports the cipher with Botan's name `cipher`. It does not support CCM,
  /// which needs the whole message at once.
  COHTTPS_DECL static bool reads(std::string_view cipher) noexcept;

  /// `secret` is SERVER_TRAFFIC_SECRET_0. The next protected record has to be the first one with
  /// its keys. Only tests use a `sequence` other than 0.
  COHTTPS_DECL record_reader(std::string cipher, std::string hash,
                             std::span<const std::uint8_t> secret, std::uint64_t sequence = 0)
      : cipher_(std::move(cipher)),
        hash_(std::move(hash)),
        opener_(Botan::AEAD_Mode::create_or_throw(cipher_, Botan::Cipher_Dir::Decryption)) {
    use({secret.begin(), secret.end()});
    sequence_ = botan_sequence_ = sequence;
  }

  /// Whether the caller has to pass protected records to `open`, and not to Botan.
  bool reading() const noexcept { return state_ == state::reading || state_ == state::failed; }

  /// Decrypts a copy of `record` in the state `checking`. Returns the bytes that the caller has to
  /// pass to Botan instead of `record`.
  COHTTPS_DECL std::span<const std::byte> watch(std::span<const std::byte> record);

  /// Compares the copy with Botan's `plaintext` of that record. The first record with data decides
  /// whether the state becomes `reading` or `off`.
  COHTTPS_DECL void compare(std::span<const std::byte> plaintext);

  struct opened {
    bool is_data;  ///< application data; false: a record for Botan
    std::span<const std::byte> bytes;
  };

  /// Decrypts one complete protected record. Returns its data as a view of `record`, or a record
  /// for Botan. The caller passes the latter to Botan and then calls `handed_over`. On failure it
  /// returns the alert for the peer, `record` contains no plaintext, and every later call fails.
  COHTTPS_DECL std::expected<opened, alert_type> open(std::span<std::byte> record);

  /// The caller calls this after Botan has processed a record. `secret` is the secret that Botan
  /// logged while it did so, or empty. Returns false when the reader decrypts records and has other
  /// keys than Botan: the connection has to end.
  COHTTPS_DECL [[nodiscard]] bool handed_over(std::span<const std::uint8_t> secret);

 private:
  enum class state : std::uint8_t { checking, reading, failed, off };
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t nonce_size = 12;

  COHTTPS_DECL static bool is_protected(std::span<const std::byte> record) noexcept;

  COHTTPS_DECL static bool is_same(std::span<const std::byte> a,
                                   std::span<const std::byte> b) noexcept;

  // Derives the keys of `secret` (RFC 8446, 7.3) and starts at sequence number 0.
  COHTTPS_DECL void use(Botan::secure_vector<std::uint8_t> secret);
  // The encryption for `seal`. It is made on the first call, because most connections never need
  // it.
  COHTTPS_DECL Botan::AEAD_Mode& sealer();

  // Returns the nonce of the record with this sequence number (RFC 8446, 5.3).
  COHTTPS_DECL std::array<std::uint8_t, nonce_size> nonce(std::uint64_t sequence) const noexcept;

  // Reads handshake messages and shortens tickets. True when a ticket was changed.
  COHTTPS_DECL bool take_messages(std::span<std::byte> in) noexcept;

  // Decrypts `record` in place and counts it. Returns its plaintext, or nothing when the record is
  // not authentic; `record` then contains no plaintext.
  COHTTPS_DECL std::optional<std::span<std::byte>> decrypt(std::span<std::byte> record);

  // Encrypts `inner` for Botan. Keeps the padding, so that Botan checks it and the length in the
  // header stays right.
  COHTTPS_DECL std::span<const std::byte> seal(std::span<const std::byte> header,
                                               std::span<std::byte> inner);

  COHTTPS_DECL void turn_off();

  std::string cipher_, hash_;  // Botan's names
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
#include <cohttps/tls/record/record_reader.ipp>
#endif
