// Definitions for record_reader.hpp.
#pragma once

#include <cohttps/tls/record/record_reader.hpp>

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

COHTTPS_DEF bool shorten_tickets(std::span<std::byte> messages) noexcept {
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

COHTTPS_DEF void message_boundary::pass(std::span<const std::byte> in) noexcept {
  while (!in.empty()) {
    std::size_t taken = 1;
    if (header_ < 4) {
      if (header_ == 0)
        message_left_ = 0, key_update_ |= in.front() == std::byte{24};
      else
        message_left_ = message_left_ << 8 | std::to_integer<std::size_t>(in.front());
      ++header_;
    } else {
      taken = std::min(message_left_, in.size());
      message_left_ -= taken;
    }
    in = in.subspan(taken);
    if (header_ == 4 && message_left_ == 0) header_ = 0;
  }
}

COHTTPS_DEF bool message_boundary::took_key_update() noexcept {
  return std::exchange(key_update_, false);
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF bool record_reader::reads(std::string_view cipher) noexcept {
  return has_record_reader && (cipher.ends_with("/GCM") || cipher == "ChaCha20Poly1305");
}

COHTTPS_DEF std::span<const std::byte> record_reader::watch(std::span<const std::byte> record) {
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

COHTTPS_DEF void record_reader::compare(std::span<const std::byte> plaintext) {
  if (state_ != state::checking) return;
  const auto expected = std::exchange(expected_, std::nullopt).value_or(std::span<std::byte>());
  if (!is_same(expected, plaintext)) return turn_off();
  if (!plaintext.empty()) state_ = state::reading;
  Botan::zap(copy_);
}

COHTTPS_DEF auto record_reader::open(std::span<std::byte> record)
    -> std::expected<opened, alert_type> {
  if (state_ != state::reading) return std::unexpected(alert_type::InternalError);
  state_ = state::failed;  // until the record turns out to be good
  const auto header = record_header::read(record);
  if (!header || !is_protected(record) || record.size() != record_header::size + header->length)
    return std::unexpected(alert_type::UnexpectedMessage);
  if (header->version != 0x0303) return std::unexpected(alert_type::IllegalParameter);
  if (header->length > maximum_plaintext + 1 + tag_size)
    return std::unexpected(alert_type::RecordOverflow);
  if (sequence_ == std::numeric_limits<std::uint64_t>::max())
    return std::unexpected(alert_type::InternalError);  // it must not wrap (RFC 8446, 5.3)
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

COHTTPS_DEF bool record_reader::handed_over(std::span<const std::uint8_t> secret) {
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

COHTTPS_DEF bool record_reader::is_protected(std::span<const std::byte> record) noexcept {
  return !record.empty() &&
         static_cast<record_type>(record.front()) == record_type::application_data;
}

COHTTPS_DEF bool record_reader::is_same(std::span<const std::byte> a,
                                        std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

COHTTPS_DEF void record_reader::use(Botan::secure_vector<std::uint8_t> secret) {
  secret_ = std::move(secret);
  const detail::expand_label expand(hash_, secret_);
  const auto iv = expand("iv", nonce_size);
  iv_.assign(iv.begin(), iv.end());
  opener_->set_key(expand("key", opener_->key_spec().maximum_keylength()));
  sealer_.reset();
  sequence_ = botan_sequence_ = 0;
}

COHTTPS_DEF Botan::AEAD_Mode& record_reader::sealer() {
  if (!sealer_) {
    sealer_ = Botan::AEAD_Mode::create_or_throw(cipher_, Botan::Cipher_Dir::Encryption);
    const detail::expand_label expand(hash_, secret_);
    sealer_->set_key(expand("key", sealer_->key_spec().maximum_keylength()));
  }
  return *sealer_;
}

COHTTPS_DEF auto record_reader::nonce(std::uint64_t sequence) const noexcept
    -> std::array<std::uint8_t, nonce_size> {
  std::array<std::uint8_t, nonce_size> bytes{};
  for (std::size_t i = 0; i < nonce_size; ++i) {
    const std::size_t from_end = nonce_size - 1 - i;
    bytes[i] = iv_[i];
    if (from_end < 8) bytes[i] ^= static_cast<std::uint8_t>(sequence >> (8 * from_end));
  }
  return bytes;
}

COHTTPS_DEF bool record_reader::take_messages(std::span<std::byte> in) noexcept {
  const bool changed = !messages_.inside() && detail::shorten_tickets(in);
  messages_.pass(in);
  return changed;
}

COHTTPS_DEF std::optional<std::span<std::byte>> record_reader::decrypt(
    std::span<std::byte> record) {
  if (record.size() < record_header::size + tag_size) return std::nullopt;
  const auto whole = detail::octets(record);
  const auto inner =
      record.subspan(record_header::size, record.size() - record_header::size - tag_size);
  try {
    opener_->set_associated_data(whole.first(record_header::size));
    opener_->start(nonce(sequence_));
    // `finish` needs a buffer that it can resize, so the last bytes and the tag are copied.
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

COHTTPS_DEF std::span<const std::byte> record_reader::seal(std::span<const std::byte> header,
                                                           std::span<std::byte> inner) {
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

COHTTPS_DEF void record_reader::turn_off() {
  state_ = reading() ? state::failed : state::off;
  opener_->clear();
  sealer_.reset();
  Botan::zap(secret_);
  Botan::zap(iv_);
  Botan::zap(copy_);
  expected_.reset();
}

}  // namespace cohttps::tls
