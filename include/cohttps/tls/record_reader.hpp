// Application data of TLS 1.3, decrypted where it stands. Botan's own way takes three copies and,
// from 3.12 on, looks for the padding byte by byte behind a barrier; that is 15 times slower.
#pragma once

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
inline std::optional<std::size_t> last_nonzero(std::span<const std::byte> in) noexcept {
  constexpr std::size_t wide = sizeof(std::uint64_t);
  for (std::size_t end = in.size(); end > 0;) {
    const std::size_t count = std::min(end, wide);
    std::uint64_t word = 0;
    std::memcpy(&word, in.data() + end - count, count);
    end -= count;
    if (word == 0) continue;
    if constexpr (std::endian::native == std::endian::little)
      return end + wide - 1 - static_cast<std::size_t>(std::countl_zero(word)) / 8;
    else
      return end + wide - 1 - static_cast<std::size_t>(std::countr_zero(word)) / 8;
  }
  return std::nullopt;
}

/// Shortens to seven days, the most that RFC 8446, 4.6.1 allows, the tickets among the whole
/// messages of a record that say they live for longer: Botan ends the connection for one. True when
/// there was one.
inline bool shorten_tickets(std::span<std::byte> messages) noexcept {
  constexpr std::uint32_t longest = 7 * 24 * 60 * 60;
  bool shortened = false;
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | std::to_integer<std::uint32_t>(messages[at + i]);
    return value;
  };
  while (messages.size() >= 8) {
    const std::size_t length = number(1, 3);
    if (messages[0] == std::byte{4} && length >= 4 && number(4, 4) > longest) {
      for (std::size_t i = 0; i < 4; ++i)
        messages[4 + i] = static_cast<std::byte>(longest >> (24 - 8 * i));
      shortened = true;
    }
    messages = messages.subspan(std::min(messages.size(), 4 + length));
  }
  return shortened;
}

/// Whether a stream of handshake messages (RFC 8446, 4) stands between two of them.
class message_boundary {
 public:
  void pass(std::span<const std::byte> in) noexcept {
    while (!in.empty()) {
      std::size_t taken = 1;
      if (header_ < 4) {
        if (header_ == 0)
          left_ = 0, key_update_ |= in.front() == std::byte{24};
        else
          left_ = left_ << 8 | std::to_integer<std::size_t>(in.front());
        ++header_;
      } else {
        taken = std::min(left_, in.size());
        left_ -= taken;
      }
      in = in.subspan(taken);
      if (header_ == 4 && left_ == 0) header_ = 0;
    }
  }
  bool inside() const noexcept { return header_ != 0; }
  /// Whether a KeyUpdate has begun since the last call.
  bool took_key_update() noexcept { return std::exchange(key_update_, false); }

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
  static bool reads(std::string_view cipher) noexcept {
    return has_record_reader && (cipher.ends_with("/GCM") || cipher == "ChaCha20Poly1305");
  }

  /// `secret` is SERVER_TRAFFIC_SECRET_0; the next protected record is its first. A `sequence`
  /// other than 0 is for tests.
  record_reader(std::string cipher, std::string hash, std::span<const std::uint8_t> secret,
                std::uint64_t sequence = 0)
      : cipher_(std::move(cipher)),
        hash_(std::move(hash)),
        opener_(Botan::AEAD_Mode::create_or_throw(cipher_, Botan::Cipher_Dir::Decryption)) {
    use({secret.begin(), secret.end()});
    sequence_ = botan_sequence_ = sequence;
  }

  /// From now on records have to go to `open`.
  bool reading() const noexcept { return state_ == state::reading || state_ == state::failed; }

  /// While checking: takes a record, and returns what Botan is to be given for it.
  std::span<const std::byte> watch(std::span<const std::byte> record) {
    if (state_ != state::checking || !is_protected(record)) return record;
    const auto raw = detail::octets(record);
    copy_.assign(raw.begin(), raw.end());
    expected_.reset();
    const auto inner = decrypt(std::as_writable_bytes(std::span(copy_)));
    if (!inner) {
      turn_off();
      return record;
    }
    const auto end = detail::last_nonzero(*inner);
    const auto type = end ? static_cast<record_type>((*inner)[*end]) : record_type{};
    if (type == record_type::application_data) expected_ = inner->first(*end);
    if (type == record_type::handshake && take_messages(inner->first(*end)))
      return seal(record.first(record_header::size), *inner);
    ++botan_sequence_;
    return record;
  }

  /// What Botan made of that record. The first data decides.
  void compare(std::span<const std::byte> plaintext) {
    if (state_ != state::checking) return;
    const auto expected = std::exchange(expected_, std::nullopt).value_or(std::span<std::byte>());
    if (!is_same(expected, plaintext)) return turn_off();
    if (!plaintext.empty()) state_ = state::reading;
    Botan::zap(copy_);
  }

  struct opened {
    bool is_data;  ///< else it is for Botan
    std::span<const std::byte> bytes;
  };

  /// Opens a whole protected record. Either gives its data, which stands in `record`, or a record
  /// for Botan, after which comes `handed_over`. Or the alert to send: then `record` holds nothing
  /// of what was in it, and every later call fails.
  std::expected<opened, alert_type> open(std::span<std::byte> record) {
    if (state_ != state::reading) return std::unexpected(alert_type::InternalError);
    state_ = state::failed;  // unless the end is reached
    const auto header = record_header::read(record);
    if (!header || !is_protected(record) || record.size() != record_header::size + header->length)
      return std::unexpected(alert_type::UnexpectedMessage);
    if (header->version != 0x0303) return std::unexpected(alert_type::IllegalParameter);
    if (header->length > maximum_plaintext + 1 + tag_size)
      return std::unexpected(alert_type::RecordOverflow);
    if (sequence_ == std::numeric_limits<std::uint64_t>::max())
      return std::unexpected(alert_type::InternalError);  // must not wrap (RFC 8446, 5.3)
    const auto inner = decrypt(record);
    if (!inner) return std::unexpected(alert_type::BadRecordMac);
    state_ = state::reading;

    const auto end = detail::last_nonzero(*inner);
    const auto type = end ? static_cast<record_type>((*inner)[*end]) : record_type{};
    if (type == record_type::application_data && !messages_.inside())
      return opened{true, inner->first(*end)};
    if (type == record_type::handshake) take_messages(inner->first(*end));
    return opened{false, seal(record.first(record_header::size), *inner)};
  }

  /// Botan has taken what `open` gave; `secret` is the one that it logged while it did, or empty.
  /// False when they are out of step: the connection cannot go on.
  [[nodiscard]] bool handed_over(std::span<const std::uint8_t> secret) {
    Botan::zap(sealed_);
    const bool updated = !messages_.inside() && messages_.took_key_update();
    if (state_ == state::off || (!updated && secret.empty())) return true;
    auto next = detail::expand_label(hash_, secret_)("traffic upd", secret_.size());
    if (updated && std::ranges::equal(next, secret)) {
      use(std::move(next));
    } else {
      turn_off();
    }
    return state_ != state::failed;
  }

 private:
  enum class state : std::uint8_t { checking, reading, failed, off };
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t nonce_size = 12;

  static bool is_protected(std::span<const std::byte> record) noexcept {
    return !record.empty() &&
           static_cast<record_type>(record.front()) == record_type::application_data;
  }

  static bool is_same(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }

  // RFC 8446, 7.3.
  void use(Botan::secure_vector<std::uint8_t> secret) {
    secret_ = std::move(secret);
    const detail::expand_label expand(hash_, secret_);
    const auto iv = expand("iv", nonce_size);
    iv_.assign(iv.begin(), iv.end());
    opener_->set_key(expand("key", opener_->key_spec().maximum_keylength()));
    sealer_.reset();
    sequence_ = botan_sequence_ = 0;
  }
  // Most connections end without anything to seal.
  Botan::AEAD_Mode& sealer() {
    if (!sealer_) {
      sealer_ = Botan::AEAD_Mode::create_or_throw(cipher_, Botan::Cipher_Dir::Encryption);
      const detail::expand_label expand(hash_, secret_);
      sealer_->set_key(expand("key", sealer_->key_spec().maximum_keylength()));
    }
    return *sealer_;
  }

  // RFC 8446, 5.3.
  std::array<std::uint8_t, nonce_size> nonce(std::uint64_t sequence) const noexcept {
    std::array<std::uint8_t, nonce_size> bytes{};
    for (std::size_t i = 0; i < nonce_size; ++i) {
      const std::size_t from_end = nonce_size - 1 - i;
      bytes[i] = iv_[i];
      if (from_end < 8) bytes[i] ^= static_cast<std::uint8_t>(sequence >> (8 * from_end));
    }
    return bytes;
  }

  // True when one was changed.
  bool take_messages(std::span<std::byte> in) noexcept {
    const bool changed = !messages_.inside() && detail::shorten_tickets(in);
    messages_.pass(in);
    return changed;
  }

  // In place, and counted; what is inside, or nothing, and then nothing of it is left either.
  std::optional<std::span<std::byte>> decrypt(std::span<std::byte> record) {
    if (record.size() < record_header::size + tag_size) return std::nullopt;
    const auto whole = detail::octets(record);
    const auto inner =
        record.subspan(record_header::size, record.size() - record_header::size - tag_size);
    try {
      opener_->set_associated_data(whole.first(record_header::size));
      opener_->start(nonce(sequence_));
      // What is left for the end has no room of its own in the record, only the tag.
      const std::size_t early = inner.size() - inner.size() % opener_->update_granularity();
      const auto late = whole.subspan(record_header::size + early);
      opener_->process(whole.subspan(record_header::size, early));
      tail_.assign(late.begin(), late.end());
      opener_->finish(tail_);
      std::ranges::copy(tail_, late.begin());
    } catch (const Botan::Invalid_Authentication_Tag&) {
      cohttps::detail::wipe(record);
      opener_->reset();
      return std::nullopt;
    }
    ++sequence_;
    return inner;
  }

  // Padding and all, so that it is Botan that judges it, and the header stays true.
  std::span<const std::byte> seal(std::span<const std::byte> header, std::span<std::byte> inner) {
    const auto head = detail::octets(header);
    const auto body = detail::octets(inner);
    sealed_.reserve(head.size() + body.size() + tag_size);
    sealed_.assign(head.begin(), head.end());
    sealed_.insert(sealed_.end(), body.begin(), body.end());
    auto& aead = sealer();
    aead.set_associated_data(head);
    aead.start(nonce(botan_sequence_++));
    aead.finish(sealed_, head.size());
    cohttps::detail::wipe(inner);  // a ticket is a secret
    return std::as_bytes(std::span(sealed_));
  }

  void turn_off() {
    state_ = reading() ? state::failed : state::off;
    opener_->clear();
    sealer_.reset();
    Botan::zap(secret_);
    Botan::zap(iv_);
    Botan::zap(copy_);
    expected_.reset();
  }

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
