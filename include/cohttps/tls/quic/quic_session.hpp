// TLS 1.3 over QUIC (RFC 9001, 4): translates between Botan's records and CRYPTO frames.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/quic/quic_handshake_events.hpp>
#include <cohttps/tls/quic/quic_suite.hpp>
#include <cohttps/tls/session.hpp>

#include <botan/aead.h>
#include <botan/tls_alert.h>
#include <botan/tls_extensions.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// The context's policy with what QUIC requires: TLS 1.3 alone, its suites without CCM, and no
/// messages that only middleboxes need (RFC 9001, 4.2 and 8.4).
template <class = void>
class quic_policy final : public client_policy {
 public:
  explicit quic_policy(const client_policy& of) : client_policy(of) {}

  bool allow_tls12() const override { return false; }
  bool allow_ssl_key_log_file() const override { return true; }
  bool tls_13_middlebox_compatibility_mode() const override { return false; }
  std::vector<std::uint16_t> ciphersuite_list(version wanted) const override {
    auto codes = client_policy::ciphersuite_list(wanted);
    std::erase_if(codes, [](std::uint16_t code) { return !find_quic_suite(code); });
    return codes;
  }
};

/// One direction of the protection of the records between Botan and this client. Such records never
/// leave the process.
template <class = void>
class record_cipher {
 public:
  record_cipher(const quic_suite& suite, std::span<const std::uint8_t> secret,
                Botan::Cipher_Dir direction);

  /// Appends the record of one fragment to `to`.
  void seal(record_type type, std::span<const std::byte> fragment, buffer& to);

  /// Returns the content of a record, with its type behind it; nothing if it is not authentic.
  std::optional<secret_bytes> open(std::span<const std::byte> record);

 private:
  std::array<std::uint8_t, 12> nonce() noexcept;

  std::unique_ptr<Botan::AEAD_Mode> mode_;
  secret_bytes iv_;
  std::uint64_t sequence_ = 0;
};

/// Botan's client between records and CRYPTO frames.
///
/// ```
///   CRYPTO of the server:  Initial  ── plaintext record ──────────────────────▶ Botan
///                          Handshake ─ sealed with SERVER_HANDSHAKE_... ──────▶
///                          1-RTT  ──── sealed with SERVER_TRAFFIC_SECRET_0 ───▶
///   CRYPTO of the client:  Initial ◀── plaintext record ──────────────────────  Botan
///                          Handshake ◀ opened with CLIENT_HANDSHAKE_... ──────
/// ```
/// It accepts nothing else: a message at another level, a label of a secret that it does not know,
/// or another record of Botan ends the handshake.
template <class T = void>
class quic_session final : public session<T> {
  using base = session<T>;
  using alert_type = Botan::TLS::AlertType;

 public:
  quic_session(tls_context context, std::string host, std::uint16_t port,
               std::vector<std::string> alpn, quic_handshake_events& events)
      : base(std::move(context), std::move(host), port, std::move(alpn)), events_(events) {
    this->own_records_ = false;
  }

  result<void> start(std::span<const std::byte> parameters,
                     std::chrono::system_clock::time_point now);
  result<void> take(quic_level at, std::span<const std::byte> data);
  result<void> conclude_revocation();

  std::uint8_t alert() const noexcept { return alert_.value_or(80); }  // internal_error
  bool done() const noexcept { return level_ == quic_level::application; }

 private:
  static constexpr std::size_t largest_message = 128 * 1024;
  static constexpr auto parameters_code = static_cast<Botan::TLS::Extension_Code>(0x39);

  /// The secrets that Botan logs, in this order.
  enum which_secret : std::uint8_t {
    client_handshake,
    server_handshake,
    client_0,
    server_0,
    secrets
  };

  std::unexpected<error> end(std::uint8_t alert, std::string_view reason, std::string message);
  std::unexpected<error> fail_with(error why);
  result<void> take_message(std::span<const std::byte> message);
  result<void> learn_suite(std::span<const std::byte> server_hello);
  result<void> feed(std::span<const std::byte> message);
  result<void> emit();
  result<void> emit_one(std::span<const std::byte> record);
  result<void> advance();
  result<void> enter_handshake();
  result<void> enter_application();
  record_cipher<> cipher(which_secret which, Botan::Cipher_Dir direction) const {
    return {*suite_, secrets_[which], direction};
  }

  void tls_modify_extensions(Botan::TLS::Extensions& extensions, Botan::TLS::Connection_Side side,
                             Botan::TLS::Handshake_Type message) override;
  void tls_examine_extensions(const Botan::TLS::Extensions& extensions,
                              Botan::TLS::Connection_Side side,
                              Botan::TLS::Handshake_Type message) override;
  void tls_ssl_key_log_data(std::string_view label, std::span<const std::uint8_t> client_random,
                            std::span<const std::uint8_t> secret) const override;

  quic_handshake_events& events_;
  std::vector<std::uint8_t> parameters_;  // ours
  std::optional<std::vector<std::uint8_t>> peer_parameters_;
  mutable std::array<secret_bytes, secrets> secrets_;  // from Botan's const callback
  mutable std::string unknown_label_;
  const quic_suite* suite_ = nullptr;
  quic_level level_ = quic_level::initial;
  buffer pending_;  // CRYPTO data of the peer, up to a whole message
  buffer records_;  // for Botan
  std::optional<record_cipher<>> to_botan_, from_botan_;
  std::optional<std::uint8_t> alert_;  // that Botan sent or that this class chose
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/quic/quic_session.ipp>
#endif
