// Definitions for quic_session.hpp.
#pragma once

#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/quic/quic_session.hpp>
#include <cohttps/tls/session_hooks.hpp>

#include <botan/exceptn.h>

namespace cohttps::tls {

namespace detail {

/// The extension with the client's transport parameters.
template <class = void>
class transport_parameters final : public Botan::TLS::Extension {
 public:
  transport_parameters(Botan::TLS::Extension_Code code, std::vector<std::uint8_t> value)
      : code_(code), value_(std::move(value)) {}
  Botan::TLS::Extension_Code type() const override { return code_; }
  std::vector<std::uint8_t> serialize(Botan::TLS::Connection_Side) const override { return value_; }
  bool empty() const override { return false; }

 private:
  Botan::TLS::Extension_Code code_;
  std::vector<std::uint8_t> value_;
};

}  // namespace detail

template <class T>
record_cipher<T>::record_cipher(const quic_suite& suite, std::span<const std::uint8_t> secret,
                                Botan::Cipher_Dir direction)
    : mode_(Botan::AEAD_Mode::create_or_throw(suite.aead, direction)),
      iv_(expand_quic_label(suite.hash, secret, "iv", 12)) {
  mode_->set_key(expand_quic_label(suite.hash, secret, "key", suite.key_size));
}

template <class T>
std::array<std::uint8_t, 12> record_cipher<T>::nonce() noexcept {
  std::array<std::uint8_t, 12> n;  // RFC 8446, 5.3
  std::ranges::copy(iv_, n.begin());
  for (std::size_t i = 0; i < 8; ++i) n[11 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  ++sequence_;
  return n;
}

template <class T>
void record_cipher<T>::seal(record_type type, std::span<const std::byte> fragment, buffer& to) {
  const auto raw = detail::octets(fragment);
  secret_bytes body(raw.begin(), raw.end());
  body.push_back(static_cast<std::uint8_t>(type));
  const std::size_t size = body.size() + quic_tag_size;
  const std::array<std::uint8_t, 5> header{23, 3, 3, static_cast<std::uint8_t>(size >> 8),
                                           static_cast<std::uint8_t>(size)};
  mode_->set_associated_data(header);
  mode_->start(nonce());
  mode_->finish(body);
  to.append(std::as_bytes(std::span(header)));
  to.append(std::as_bytes(std::span(body)));
}

template <class T>
std::optional<secret_bytes> record_cipher<T>::open(std::span<const std::byte> record) {
  const auto raw = detail::octets(record);
  secret_bytes body(raw.begin() + 5, raw.end());
  if (body.size() < quic_tag_size) return std::nullopt;
  const std::uint64_t before = sequence_;
  try {
    mode_->set_associated_data(raw.first(5));
    mode_->start(nonce());
    mode_->finish(body);
  } catch (const Botan::Invalid_Authentication_Tag&) {
    mode_->reset();
    sequence_ = before;
    return std::nullopt;
  }
  while (!body.empty() && body.back() == 0) body.pop_back();
  if (body.empty()) return std::nullopt;
  return body;
}

template <class T>
result<void> quic_session<T>::start(std::span<const std::byte> parameters,
                                    std::chrono::system_clock::time_point now) {
  const auto raw = detail::octets(parameters);
  parameters_.assign(raw.begin(), raw.end());
  const auto& policy = *this->context_.state().policy;
  const auto suites = quic_policy<>(policy).ciphersuite_list(Botan::TLS::Version_Code::TLS_V13);
  if (!policy.allow_tls13() || suites.empty())
    return fail_with(error(error_category::usage, "no_cipher_suite",
                           "HTTP/3 needs TLS 1.3 with AES-GCM or ChaCha20-Poly1305, which the "
                           "tls_options do not allow"));
  auto started = base::template start<quic_policy<>>(now);
  if (!started) return started;
  return emit();
}

template <class T>
std::unexpected<error> quic_session<T>::end(std::uint8_t alert, std::string_view reason,
                                            std::string message) {
  alert_ = alert;
  return fail_with(error(error_category::tls, reason, std::move(message)));
}

template <class T>
std::unexpected<error> quic_session<T>::fail_with(error why) {
  for (auto& each : secrets_) Botan::zap(each);
  if (this->failure_) return std::unexpected(*this->failure_);
  return this->stop(std::move(why));
}

template <class T>
result<void> quic_session<T>::take(quic_level at, std::span<const std::byte> data) {
  if (this->failure_) return std::unexpected(*this->failure_);
  if (at != level_)
    return end(10, "wrong_level", "the server sent a TLS message at the wrong encryption level");
  pending_.append(data);
  while (pending_.size() >= 4) {
    const auto all = detail::octets(std::span<const std::byte>(pending_.data()));
    const std::size_t size = 4 + (std::size_t{all[1]} << 16 | std::size_t{all[2]} << 8 | all[3]);
    if (size > largest_message)
      return end(80, "handshake_too_large",
                 "the server's TLS message is longer than 128 KiB; its chain of certificates may "
                 "be too long");
    if (pending_.size() < size) break;
    const quic_level before = level_;
    auto taken = take_message(pending_.data().first(size));
    if (!taken) return taken;
    pending_.consume(size);
    if (level_ != before && !pending_.empty())
      return end(10, "bytes_left", "the server sent bytes behind the last TLS message of a level");
  }
  return {};
}

template <class T>
result<void> quic_session<T>::take_message(std::span<const std::byte> message) {
  const auto type = std::to_integer<int>(message[0]);
  // QUIC forbids KeyUpdate (RFC 9001, 6), which Botan would follow, and requests for certificates
  // after the handshake (4.4). Only tickets are left.
  if (level_ == quic_level::application && type != 4)
    return end(10, "unexpected_message",
               "the server sent a TLS message of type " + std::to_string(type) +
                   " after the handshake, which QUIC forbids (RFC 9001, 6)");
  if (level_ == quic_level::initial) {
    if (type != 2)
      return end(10, "unexpected_message",
                 "the server's first TLS message has type " + std::to_string(type) +
                     ", and is no ServerHello");
    if (auto learnt = learn_suite(message); !learnt) return learnt;
  }
  auto fed = feed(message);
  auto emitted = emit();
  if (!fed) {
    for (auto& each : secrets_) Botan::zap(each);
    return fed;
  }
  if (!emitted) return emitted;
  return advance();
}

// ServerHello (RFC 8446, 4.1.3): version, 32 random bytes, the session identifier, the suite.
template <class T>
result<void> quic_session<T>::learn_suite(std::span<const std::byte> server_hello) {
  const auto raw = detail::octets(server_hello);
  constexpr std::size_t identifier = 4 + 2 + 32;
  if (raw.size() > identifier && raw.size() >= identifier + 3 + raw[identifier]) {
    const std::size_t at = identifier + 1 + raw[identifier];
    suite_ = find_quic_suite(static_cast<std::uint16_t>(raw[at] << 8 | raw[at + 1]));
  }
  if (suite_) return {};
  return end(47, "suite_not_offered", "the server chose a cipher suite that was not offered");
}

// Botan refuses bytes behind the last message of a level in one record, so a record has one
// message, or a part of one.
template <class T>
result<void> quic_session<T>::feed(std::span<const std::byte> message) {
  while (!message.empty()) {
    const auto part = message.first(std::min(message.size(), maximum_plaintext));
    message = message.subspan(part.size());
    if (level_ == quic_level::initial) {
      const std::array<std::uint8_t, 5> header{22, 3, 3,
                                               static_cast<std::uint8_t>(part.size() >> 8),
                                               static_cast<std::uint8_t>(part.size())};
      records_.append(std::as_bytes(std::span(header)));
      records_.append(part);
    } else {
      to_botan_->seal(record_type::handshake, part, records_);
    }
    auto received = this->receive(records_);
    if (!received) return pass(std::move(received));
    if (!received->empty() || !records_.empty())
      return end(80, "tls_library", "Botan did not take a TLS message as a whole");
  }
  return {};
}

template <class T>
result<void> quic_session<T>::emit() {
  while (!this->outgoing.empty()) {
    const auto all = std::span<const std::byte>(this->outgoing.data());
    const auto header = record_header::read(all);
    if (!header || all.size() < record_header::size + header->length)
      return end(80, "tls_library", "Botan wrote a part of a TLS record");
    const auto record = all.first(record_header::size + header->length);
    auto emitted = emit_one(record);
    if (!emitted) return emitted;
    this->outgoing.consume(record.size());
  }
  return {};
}

template <class T>
result<void> quic_session<T>::emit_one(std::span<const std::byte> record) {
  auto type = static_cast<record_type>(record[0]);
  std::span<const std::byte> text = record.subspan(record_header::size);
  secret_bytes inner;
  quic_level at = quic_level::initial;
  if (type == record_type::application_data) {
    at = quic_level::handshake;
    if (!suite_ || secrets_[client_handshake].empty())
      return end(80, "tls_library", "Botan wrote a protected TLS record before it has keys");
    if (!from_botan_) from_botan_.emplace(cipher(client_handshake, Botan::Cipher_Dir::Decryption));
    auto opened = from_botan_->open(record);
    if (!opened && !secrets_[client_0].empty()) {
      // Botan has changed its keys behind the Finished message.
      from_botan_.emplace(cipher(client_0, Botan::Cipher_Dir::Decryption));
      opened = from_botan_->open(record);
      at = quic_level::application;
    }
    if (!opened) return end(80, "tls_library", "a TLS record of Botan cannot be opened");
    inner = *std::move(opened);
    type = static_cast<record_type>(inner.back());
    inner.pop_back();
    text = std::as_bytes(std::span(inner));
  }
  if (type == record_type::alert && text.size() == 2) {
    alert_ = std::to_integer<std::uint8_t>(text[1]);
    return {};
  }
  if (type != record_type::handshake || at == quic_level::application || done())
    return end(80, "tls_library",
               "Botan wrote a TLS record of type " + std::to_string(static_cast<int>(type)) +
                   ", which QUIC does not carry");
  auto told = events_.crypto(at, text);
  if (!told) return fail_with(std::move(told).error());
  return {};
}

template <class T>
result<void> quic_session<T>::advance() {
  if (!unknown_label_.empty())
    return end(80, "tls_library", "Botan made an unexpected secret: " + unknown_label_);
  const bool handshake_keys =
      !secrets_[client_handshake].empty() && !secrets_[server_handshake].empty();
  if (level_ == quic_level::initial && handshake_keys) return enter_handshake();
  if (level_ == quic_level::handshake && this->activated) return enter_application();
  if (level_ == quic_level::initial && this->activated)
    return end(80, "tls_library", "Botan ended a TLS handshake that made no keys");
  return {};
}

template <class T>
result<void> quic_session<T>::enter_handshake() {
  level_ = quic_level::handshake;
  to_botan_.emplace(cipher(server_handshake, Botan::Cipher_Dir::Encryption));
  auto told =
      events_.secrets(level_, *suite_, secrets_[server_handshake], secrets_[client_handshake]);
  if (!told) return fail_with(std::move(told).error());
  return {};
}

template <class T>
result<void> quic_session<T>::enter_application() {
  if (!peer_parameters_)
    return end(109, "no_transport_parameters",
               "the server sent no QUIC transport parameters (RFC 9001, 8.2)");
  if (this->info.alpn.empty())  // Botan accepts this; QUIC does not (RFC 9001, 8.1)
    return end(120, "no_application_protocol",
               "the server did not agree on an application protocol (ALPN)");
  if (secrets_[client_0].empty() || secrets_[server_0].empty() || this->info.protocol != "TLS 1.3")
    return end(80, "tls_library", "Botan ended a TLS handshake without its secrets");
  level_ = quic_level::application;
  to_botan_.emplace(cipher(server_0, Botan::Cipher_Dir::Encryption));
  from_botan_.emplace(cipher(client_0, Botan::Cipher_Dir::Decryption));
  auto told = events_.peer_parameters(std::as_bytes(std::span(*peer_parameters_)));
  if (told) told = events_.secrets(level_, *suite_, secrets_[server_0], secrets_[client_0]);
  for (auto& each : secrets_) Botan::zap(each);
  if (!told) return fail_with(std::move(told).error());
  return {};
}

template <class T>
result<void> quic_session<T>::conclude_revocation() {
  auto concluded = base::conclude_revocation();
  if (!concluded) (void)emit();  // only the alert is needed
  return concluded;
}

template <class T>
void quic_session<T>::tls_modify_extensions(Botan::TLS::Extensions& extensions,
                                            Botan::TLS::Connection_Side side,
                                            Botan::TLS::Handshake_Type message) {
  base::tls_modify_extensions(extensions, side, message);
  // Botan also calls it for the second ClientHello, which has the extensions of the first one.
  if (message != Botan::TLS::Handshake_Type::ClientHello || extensions.has(parameters_code)) return;
  extensions.add(std::make_unique<detail::transport_parameters<>>(parameters_code, parameters_));
  // The pre-shared key has to be the last extension (RFC 8446, 4.2.11).
  static constexpr auto last = Botan::TLS::Extension_Code::PresharedKey;
  if (!extensions.has(last)) return;
  const auto put_last = []<class Extensions>(Extensions& all) {
    static constexpr Botan::TLS::Extension_Code order[] = {last};
    if constexpr (requires { all.reorder(order); }) {
      all.reorder(order);
    } else {
      auto taken = all.take(last);
      all.add(std::move(taken));
    }
  };
  put_last(extensions);
}

template <class T>
void quic_session<T>::tls_examine_extensions(const Botan::TLS::Extensions& extensions,
                                             Botan::TLS::Connection_Side side,
                                             Botan::TLS::Handshake_Type message) {
  if (side != Botan::TLS::Connection_Side::Server ||
      message != Botan::TLS::Handshake_Type::EncryptedExtensions)
    return;
  auto* found = dynamic_cast<Botan::TLS::Unknown_Extension*>(extensions.get(parameters_code));
  if (found) peer_parameters_ = found->value();
}

template <class T>
void quic_session<T>::tls_ssl_key_log_data(std::string_view label,
                                           std::span<const std::uint8_t> client_random,
                                           std::span<const std::uint8_t> secret) const {
  base::tls_ssl_key_log_data(label, client_random, secret);
  static constexpr std::string_view labels[secrets] = {
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"};
  const auto known = std::ranges::find(labels, label);
  if (known != std::end(labels)) {
    auto& kept = secrets_[static_cast<std::size_t>(known - std::begin(labels))];
    if (kept.empty() && !done())
      kept.assign(secret.begin(), secret.end());
    else
      unknown_label_ = label;  // the same secret twice
  } else if (label.find("EXPORTER") == label.npos) {
    unknown_label_ = label;
  }
}

#if defined(COHTTPS_SEPARATE_COMPILATION)
template class record_cipher<>;  // a server of the tests uses it in another unit
#endif

}  // namespace cohttps::tls
