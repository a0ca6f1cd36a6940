// Definitions for record_layer.hpp.
#pragma once

#include <cohttps/tls/record/record_layer.hpp>

#include <botan/exceptn.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF std::optional<std::size_t> last_nonzero(std::span<const std::byte> in) noexcept {
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

// NewSessionTicket: type, three bytes of length, four of lifetime (RFC 8446, 4.6.1).
COHTTPS_DEF void shorten_ticket(std::span<std::uint8_t> message) noexcept {
  constexpr std::uint32_t longest = 7 * 24 * 60 * 60;
  if (message.size() < 8) return;
  std::uint32_t lifetime = 0;
  for (std::size_t i = 4; i < 8; ++i) lifetime = lifetime << 8 | message[i];
  if (lifetime <= longest) return;
  for (std::size_t i = 0; i < 4; ++i)
    message[4 + i] = static_cast<std::uint8_t>(longest >> (24 - 8 * i));
}

COHTTPS_DEF void write_header(std::uint8_t* to, std::size_t length) noexcept {
  to[0] = static_cast<std::uint8_t>(record_type::application_data);
  to[1] = to[2] = 3;
  to[3] = static_cast<std::uint8_t>(length >> 8);
  to[4] = static_cast<std::uint8_t>(length);
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF record_protection::record_protection(std::string_view cipher, std::string hash,
                                                 std::span<const std::uint8_t> secret,
                                                 Botan::Cipher_Dir direction,
                                                 std::uint64_t sequence)
    : hash_(std::move(hash)), mode_(Botan::AEAD_Mode::create_or_throw(cipher, direction)) {
  use({secret.begin(), secret.end()});
  sequence_ = sequence;
}

COHTTPS_DEF void record_protection::use(secret_bytes secret) {
  const detail::expand_label expand(hash_, secret);
  auto iv = expand("iv", nonce_size);
  mode_->set_key(expand("key", mode_->key_spec().maximum_keylength()));
  iv_ = std::move(iv);  // after the key, which may throw: an IV goes with its key
  secret_ = std::move(secret);
  sequence_ = 0;
}

COHTTPS_DEF void record_protection::update() {
  use(detail::expand_label(hash_, secret_)("traffic upd", secret_.size()));
  ++generation_;
}

COHTTPS_DEF auto record_protection::nonce() const noexcept -> std::array<std::uint8_t, nonce_size> {
  std::array<std::uint8_t, nonce_size> bytes;
  std::copy_n(iv_.begin(), nonce_size, bytes.begin());
  for (std::size_t i = 0; i < 8; ++i)
    bytes[nonce_size - 1 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  return bytes;
}

COHTTPS_DEF void record_protection::seal(std::span<std::byte> record) {
  if (sequence_ == std::numeric_limits<std::uint64_t>::max())
    throw std::length_error("a sequence number of TLS would wrap (RFC 8446, 5.3)");
  const auto whole = detail::octets(record);
  const auto inner =
      whole.subspan(record_header::size, whole.size() - record_header::size - tag_size);
  const std::size_t early = inner.size() - inner.size() % mode_->update_granularity();
  mode_->set_associated_data(whole.first(record_header::size));
  mode_->start(nonce());
  ++sequence_;
  mode_->process(inner.first(early));
  tail_.assign(inner.begin() + static_cast<std::ptrdiff_t>(early), inner.end());
  mode_->finish(tail_);
  std::ranges::copy(tail_, inner.begin() + static_cast<std::ptrdiff_t>(early));
}

COHTTPS_DEF std::optional<std::span<std::byte>> record_protection::open(
    std::span<std::byte> record) {
  if (record.size() < record_header::size + tag_size) return std::nullopt;
  const auto whole = detail::octets(record);
  const auto inner =
      record.subspan(record_header::size, record.size() - record_header::size - tag_size);
  try {
    mode_->set_associated_data(whole.first(record_header::size));
    mode_->start(nonce());
    const std::size_t early = inner.size() - inner.size() % mode_->update_granularity();
    const auto late = whole.subspan(record_header::size + early);
    mode_->process(whole.subspan(record_header::size, early));
    tail_.assign(late.begin(), late.end());
    mode_->finish(tail_);
    std::ranges::copy(tail_, late.begin());
  } catch (const Botan::Invalid_Authentication_Tag&) {
    cohttps::detail::wipe(record);
    mode_->reset();
    return std::nullopt;
  } catch (...) {
    cohttps::detail::wipe(record);
    throw;
  }
  ++sequence_;
  return inner;
}

COHTTPS_DEF bool record_layer::supports(std::string_view cipher) noexcept {
  return has_record_layer && (cipher.ends_with("/GCM") || cipher == "ChaCha20Poly1305");
}

COHTTPS_DEF record_layer::record_layer(std::string cipher, std::string hash, secret_view client,
                                       secret_view server, std::uint64_t sequence)
    : cipher_(std::move(cipher)),
      hash_(std::move(hash)),
      read_(cipher_, hash_, server, Botan::Cipher_Dir::Decryption, sequence),
      write_(cipher_, hash_, client, Botan::Cipher_Dir::Encryption, sequence),
      botan_secret_(server.begin(), server.end()) {}

// ---- receiving

COHTTPS_DEF bool record_layer::fits(std::span<const std::byte> record) const {
  std::vector<std::byte> copy(record.begin(), record.end());
  record_protection keys(cipher_, hash_, read_.secret(), Botan::Cipher_Dir::Decryption,
                         read_.sequence());
  const auto inner = keys.open(copy);
  if (inner) cohttps::detail::wipe(*inner);
  return inner.has_value();
}

COHTTPS_DEF auto record_layer::open(std::span<std::byte> record)
    -> std::expected<received, violation> {
  if (std::exchange(failed_, true))  // until the record turns out to be good
    return std::unexpected(violation{alert_type::InternalError, "a record after a bad record"});
  const auto header = record_header::read(record);
  if (!header || record.size() != record_header::size + header->length)
    return std::unexpected(violation{alert_type::UnexpectedMessage, "an incomplete record"});
  if (header->version != 0x0303)  // RFC 8446, 5.1
    return std::unexpected(
        violation{alert_type::IllegalParameter, "a record with another version than 3.3"});
  if (header->type != record_type::application_data)  // RFC 8446, 5
    return std::unexpected(
        violation{alert_type::UnexpectedMessage, "an unprotected record after the handshake"});
  // RFC 8446, 5.2 and 5.4: content, type and padding together.
  if (header->length > maximum_plaintext + 1 + record_protection::tag_size)
    return std::unexpected(
        violation{alert_type::RecordOverflow, "a record longer than the protocol allows"});
  if (read_.sequence() == std::numeric_limits<std::uint64_t>::max())  // RFC 8446, 5.3
    return std::unexpected(
        violation{alert_type::InternalError, "more records with one key than TLS can count"});
  const auto inner = read_.open(record);
  if (!inner)
    return std::unexpected(
        violation{alert_type::BadRecordMac, "a record that is forged or damaged"});
  proven_ = true;
  auto judged = check_inner(*inner);
  failed_ = !judged;
  return judged;
}

// The rules for what is inside (RFC 8446, 5.1 and 5.4).
COHTTPS_DEF auto record_layer::check_inner(std::span<std::byte> inner)
    -> std::expected<received, violation> {
  const auto end = detail::last_nonzero(inner);
  if (!end)
    return std::unexpected(
        violation{alert_type::UnexpectedMessage, "a record without a content type"});
  const auto type = static_cast<record_type>(inner[*end]);
  const auto content = inner.first(*end);
  if (type == record_type::application_data && messages_.empty()) return received{type, content};
  if (type != record_type::handshake && type != record_type::alert)
    return std::unexpected(violation{alert_type::UnexpectedMessage,
                                     messages_.empty()
                                         ? "a protected record of a type that has no place there"
                                         : "a record inside a handshake message"});
  if (content.empty())
    return std::unexpected(
        violation{alert_type::UnexpectedMessage, "an alert or a handshake message of no bytes"});
  if (type == record_type::handshake) return take_messages(content);
  if (!messages_.empty())
    return std::unexpected(
        violation{alert_type::UnexpectedMessage, "a record inside a handshake message"});
  return received{type, content};
}

// NewSessionTicket and KeyUpdate are the only messages after the handshake (RFC 8446, 4.6), because
// the client offers no post-handshake authentication.
COHTTPS_DEF auto record_layer::take_messages(std::span<std::byte> content)
    -> std::expected<received, violation> {
  constexpr std::uint8_t new_session_ticket = 4, key_update = 24;
  constexpr std::size_t longest = 64 * 1024;
  const auto raw = detail::octets(content);
  messages_.insert(messages_.end(), raw.begin(), raw.end());
  cohttps::detail::wipe(content);  // a ticket is a secret
  std::span<std::uint8_t> left(messages_);
  while (left.size() >= 4) {
    const std::uint8_t type = left[0];
    const std::size_t length =
        std::size_t{left[1]} << 16 | std::size_t{left[2]} << 8 | std::size_t{left[3]};
    if (type != new_session_ticket && type != key_update)
      return std::unexpected(violation{alert_type::UnexpectedMessage,
                                       "a handshake message that has no place after a handshake"});
    if (length > longest)
      return std::unexpected(
          violation{alert_type::HandshakeFailure, "a handshake message of more than 64 KiB"});
    if (left.size() < 4 + length) break;
    const auto message = left.first(4 + length);
    left = left.subspan(message.size());
    if (type == new_session_ticket) {
      detail::shorten_ticket(message);
      seal_for_botan(message);
      continue;
    }
    // RFC 8446, 4.6.3
    if (length != 1)
      return std::unexpected(violation{alert_type::DecodeError, "a malformed KeyUpdate"});
    if (message[4] > 1)
      return std::unexpected(violation{alert_type::IllegalParameter, "a malformed KeyUpdate"});
    if (!left.empty())  // RFC 8446, 5.1: it ends its record
      return std::unexpected(
          violation{alert_type::UnexpectedMessage, "a message behind a KeyUpdate in one record"});
    read_.update();
    update_due_ |= message[4] == 1;
  }
  if (left.empty())
    Botan::zap(messages_);
  else
    messages_.erase(messages_.begin(), messages_.end() - static_cast<std::ptrdiff_t>(left.size()));
  return received{record_type::handshake, {}};
}

COHTTPS_DEF void record_layer::seal_for_botan(std::span<const std::uint8_t> message) {
  if (botan_secret_.empty()) return;
  if (!botan_) botan_.emplace(cipher_, hash_, botan_secret_, Botan::Cipher_Dir::Encryption, 0);
  while (!message.empty()) {
    const auto part = message.first(std::min(message.size(), maximum_plaintext));
    message = message.subspan(part.size());
    const std::size_t length = part.size() + 1 + record_protection::tag_size;
    const std::size_t at = tickets_.size();
    tickets_.resize(at + record_header::size + length);
    const auto record = std::span(tickets_).subspan(at);
    detail::write_header(record.data(), length);
    std::ranges::copy(part, record.begin() + record_header::size);
    record[record_header::size + part.size()] = static_cast<std::uint8_t>(record_type::handshake);
    botan_->seal(std::as_writable_bytes(record));
  }
}

COHTTPS_DEF Botan::secure_vector<std::uint8_t> record_layer::take_tickets() noexcept {
  return std::exchange(tickets_, {});
}

COHTTPS_DEF void record_layer::drop_tickets() noexcept {
  botan_.reset();
  Botan::zap(botan_secret_);
  Botan::zap(tickets_);
}

// ---- sending

COHTTPS_DEF bool record_layer::compare_first(std::span<const std::byte> content,
                                             std::span<const std::byte> records) {
  compared_ = true;
  buffer made;
  send(content, made);
  seals_ = std::ranges::equal(made.data(), records);
  proven_ |= seals_;
  return seals_;
}

COHTTPS_DEF void record_layer::send(std::span<const std::byte> content, buffer& to) {
  constexpr std::size_t overhead = record_header::size + 1 + record_protection::tag_size;
  to.prepare(content.size() + (content.size() / maximum_plaintext + 2) * overhead);
  while (!content.empty()) {
    if (update_due_ || write_.sequence() >= records_per_key - 1) update_keys(to);
    const auto part = content.first(std::min(content.size(), maximum_plaintext));
    seal(record_type::application_data, part, to);
    content = content.subspan(part.size());
  }
}

// RFC 8446, 6: of the alerts that a client sends, close_notify alone is no error.
COHTTPS_DEF void record_layer::send_alert(alert_type alert, buffer& to) {
  const std::byte warning{1}, fatal{2};
  const std::array content{alert == alert_type::CloseNotify ? warning : fatal, std::byte(alert)};
  seal(record_type::alert, content, to);
}

// Sends a KeyUpdate that asks for none, with the old keys (RFC 8446, 4.6.3).
COHTTPS_DEF void record_layer::update_keys(buffer& to) {
  constexpr std::array message{std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1},
                               std::byte{0}};
  seal(record_type::handshake, message, to);
  write_.update();
  update_due_ = false;
}

COHTTPS_DEF void record_layer::seal(record_type type, std::span<const std::byte> content,
                                    buffer& to) {
  const std::size_t length = content.size() + 1 + record_protection::tag_size;
  const auto record = to.prepare(record_header::size + length).first(record_header::size + length);
  detail::write_header(detail::octets(record).data(), length);
  std::memcpy(record.data() + record_header::size, content.data(), content.size());
  record[record_header::size + content.size()] = static_cast<std::byte>(type);
  write_.seal(record);
  to.commit(record.size());
}

}  // namespace cohttps::tls
