// The implementation of `engine`: Botan's TLS client and its callbacks.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/alerts.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/channel_binding.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/group.hpp>
#include <cohttps/tls/identity/client_identity_state.hpp>
#include <cohttps/tls/key_log.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/record/record_layer.hpp>
#include <cohttps/tls/resumption/session_cache.hpp>
#include <cohttps/tls/revocation/revocation.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/host_name.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/dl_group.h>
#include <botan/exceptn.h>
#include <botan/kdf.h>
#include <botan/ocsp.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <botan/rng.h>
#include <botan/secmem.h>
#include <botan/symkey.h>
#include <botan/tls_alert.h>
#include <botan/tls_algos.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_ciphersuite.h>
#include <botan/tls_client.h>
#include <botan/tls_exceptn.h>
#include <botan/tls_policy.h>
#include <botan/tls_server_info.h>
#include <botan/tls_session.h>
#include <botan/tls_version.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cohttps::tls {

/// Owns Botan's client, calls it, and turns its exceptions into errors. A session has to stay at
/// one address, because Botan keeps a pointer to its callbacks. `quic_session` changes what differs
/// over QUIC.
template <class>
class session : public Botan::TLS::Callbacks {
 public:
  session(tls_context context, std::string host, std::uint16_t port, std::vector<std::string> alpn)
      : context_(std::move(context)), host_(std::move(host)), port_(port), alpn_(std::move(alpn)) {
    if (host_.ends_with('.')) host_.pop_back();  // a server name has no trailing dot (RFC 6066, 3)
  }

  /// `Policy` is made from the context's policy.
  template <class Policy = client_policy>
  result<void> start(std::chrono::system_clock::time_point now);
  result<std::span<const std::byte>> receive(buffer& ciphertext);
  result<void> send(std::span<const std::byte> plaintext);
  void close() noexcept;
  void release_client() noexcept;
  result<void> end_of_stream();
  result<std::vector<std::byte>> channel_binding();
  revocation_check* revocation();
  result<void> conclude_revocation();
  bool withheld_tls13() const noexcept;

  buffer outgoing;
  tls_info info;
  bool activated = false;
  bool peer_closed = false;

 protected:
  using alert_type = Botan::TLS::AlertType;
  static constexpr int maximum_warnings = 8;
  // The limit for all messages together. Newer versions of Botan also limit each message.
  static constexpr std::size_t maximum_handshake = 256 * 1024;

  // Calls `call`, and makes an error and an alert of an exception.
  template <class F>
  result<void> guarded(F&& call);
  template <class F>
  result<void> explained(F&& call);
  std::unexpected<error> stop(error why);
  [[noreturn]] void refuse(error why);
  void overlook(error why);
  result<void> check_first(std::span<const std::byte> bytes);
  result<std::size_t> check_record(std::span<const std::byte> bytes);
  result<void> open(std::span<std::byte> record);
  result<void> open_record(std::span<std::byte> record);
  result<void> give_botan(std::span<const std::byte> record);
  void begin_records();
  bool seals_records() const noexcept { return records_ && records_->seals(); }
  void send_records(std::span<const std::byte> plaintext);
  void send_by_botan(std::span<const std::byte> plaintext);
  [[gnu::cold]] std::span<const std::byte> compare_first_record(
      std::span<const std::byte> plaintext);
  [[gnu::cold]] void update_botan();
  [[gnu::cold]] void take_alert(std::span<const std::byte> content);
  [[gnu::cold]] void send_own_alert(alert_type alert) noexcept;
  void log_updates();
  [[noreturn]] void send_and_throw(alert_type alert, const char* why);
  void check_alpn();
  std::string_view versions() const;
  bool asks_issuers() const;
  alert_scene scene() const;
  error refused_by_botan(alert_type alert, std::string_view what) const;

  // The callbacks of Botan. They must not call Botan, and their spans are valid until they return.
  void tls_emit_data(std::span<const std::uint8_t> data) override;
  void tls_record_received(std::uint64_t sequence, std::span<const std::uint8_t> data) override;
  void tls_alert(Botan::TLS::Alert alert) override;
  void tls_inspect_handshake_msg(const Botan::TLS::Handshake_Message& message) override;
  void tls_session_established(const Botan::TLS::Session_Summary& summary) override;
  void tls_session_activated() override { activated = true; }
  bool tls_peer_closed_connection() override { return false; }  // the client may still send
  bool tls_should_persist_resumption_information(const Botan::TLS::Session&) override;
  void tls_verify_cert_chain(const std::vector<Botan::X509_Certificate>& chain,
                             const std::vector<std::optional<Botan::OCSP::Response>>& staples,
                             const std::vector<Botan::Certificate_Store*>&, Botan::Usage_Type,
                             std::string_view, const Botan::TLS::Policy&) override;
  bool tls_verify_message(const Botan::Public_Key& key, std::string_view padding,
                          Botan::Signature_Format format, const std::vector<std::uint8_t>& message,
                          const std::vector<std::uint8_t>& signature) override;
  std::vector<std::uint8_t> tls_sign_message(const Botan::Private_Key& key,
                                             Botan::RandomNumberGenerator& random,
                                             std::string_view padding,
                                             Botan::Signature_Format format,
                                             const std::vector<std::uint8_t>& message) override;
  std::chrono::system_clock::time_point tls_current_timestamp() override { return now_; }
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0)
  std::unique_ptr<Botan::KDF> tls12_protocol_specific_kdf(std::string_view hash) const override;
#endif
  void tls_modify_extensions(Botan::TLS::Extensions& extensions, Botan::TLS::Connection_Side side,
                             Botan::TLS::Handshake_Type message) override;
  void tls_ssl_key_log_data(std::string_view label, std::span<const std::uint8_t> client_random,
                            std::span<const std::uint8_t> secret) const override;
  // The summary of TLS 1.2 does not name the group. It is the group of the last generated key.
  std::unique_ptr<Botan::PK_Key_Agreement_Key> tls_generate_ephemeral_key(
      const std::variant<Botan::TLS::Group_Params, Botan::DL_Group>& group,
      Botan::RandomNumberGenerator& random) override;
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
  std::unique_ptr<Botan::PK_Key_Agreement_Key> tls12_generate_ephemeral_ecdh_key(
      Botan::TLS::Group_Params group, Botan::RandomNumberGenerator& random,
      Botan::EC_Point_Format format) override;
#endif
  void name_group(Botan::TLS::Group_Params group);

  tls_context context_;
  std::shared_ptr<const client_identity_state> identity_state_;
  std::string host_;
  std::uint16_t port_;
  std::vector<std::string> alpn_;
  std::chrono::system_clock::time_point now_;
  std::shared_ptr<session_link<>> sessions_;
  std::optional<Botan::TLS::Client> client_;
  std::optional<error> failure_;
  std::optional<error> pending_;     // the reason for a callback's exception, or the peer's alert
  std::string withheld_;             // why the client did not send its certificate
  std::string warning_;              // the last warning alert
  int warnings_ = 0;                 // the number of warning alerts
  buffer plaintext_;                 // the data that Botan decrypted from the current record
  std::span<const std::byte> data_;  // a view of it, or of what was decrypted here
  // From Botan's callback, until the record layer has them.
  mutable Botan::secure_vector<std::uint8_t> client_secret_, server_secret_;
  mutable std::vector<std::uint8_t> client_random_;  // only for key logs
  std::optional<record_layer> records_;  // of TLS 1.3; none: Botan opens and seals all records
  unsigned logged_reading_ = 0, logged_writing_ = 0;  // generations of keys
  bool own_records_ = true;                           // false over QUIC, which has no records
  std::optional<Botan::X509_Certificate> leaf_;       // the server's own certificate
  certificate_chain verified_path_;
  // False when the server's path has no pinned key. A resumed session leaves it true, because only
  // sessions of hosts with a pinned key are kept.
  bool pinned_ = true;
  std::optional<revocation_check> revocation_;
  std::string cipher_, hash_;       // Botan's names
  std::size_t handshake_size_ = 0;  // the total size of the handshake's records
  std::optional<Botan::TLS::Group_Params> group_;
  bool is_tls13_ = false;
  bool speaks_tls13_ = false;   // known before the handshake is done
  bool unique_secret_ = false;  // TLS 1.3, or TLS 1.2 with an extended master secret
  mutable bool exporting_ = false;
  bool receiving_ = false;
  bool received_any_ = false;
  bool closed_ = false;
};

template <class T>
template <class Policy>
result<void> session<T>::start(std::chrono::system_clock::time_point now) {
  if (failure_) return std::unexpected(*failure_);
  if (client_ || records_) return {};
  now_ = now;
  const bool is_address = parse_ip(host_).has_value();
  if (!is_address && !is_host_name(host_))
    return stop(error(error_category::usage, "bad_host",
                      '"' + ascii::printable(host_, 255) +
                          "\" is neither a host name in ASCII form nor an address"));
  return guarded([&] {
    const auto& shared = context_.state();
    // The pointer does not own the callbacks: the client is a member of this session.
    const std::shared_ptr<Botan::TLS::Callbacks> callbacks(std::shared_ptr<void>(), this);
    identity_state_ = context_.who().get();
    sessions_ = std::make_shared<session_link<>>(identity_state_->sessions, host_, port_, alpn_,
                                                 now_, shared.random);
    std::shared_ptr<const client_policy> policy =
        shared.policy->expecting(sessions_->expected_group());
    if constexpr (!std::is_same_v<Policy, client_policy>)
      policy = std::make_shared<const Policy>(*policy);
    // The client sends no server name for an address (RFC 6066, 3).
    client_.emplace(callbacks, sessions_, identity_state_->credentials, policy, shared.random,
                    Botan::TLS::Server_Information(is_address ? std::string() : host_, port_),
                    policy->latest_supported_version(false), alpn_);
  });
}

// All bytes from the peer pass through here. Botan gets one record at a time, so the data of a
// record is returned before the next record can fail.
template <class T>
result<std::span<const std::byte>> session<T>::receive(buffer& ciphertext) {
  if (failure_) return std::unexpected(*failure_);
  if (!client_ && !records_)
    return fail(error_category::usage, "not_started", "the handshake was not started");
  plaintext_.clear();
  while (!peer_closed && !ciphertext.empty()) {
    if (!std::exchange(received_any_, true))
      if (auto records = check_first(ciphertext.data()); !records) return pass(std::move(records));
    const auto size = check_record(ciphertext.data());
    if (!size) return std::unexpected(size.error());
    if (*size > ciphertext.size()) return {};
    if (!activated && (handshake_size_ += *size) > maximum_handshake)
      return stop(error(error_category::tls, "handshake_too_large",
                        "the server's TLS handshake is longer than 256 KiB; its chain of "
                        "certificates may be too long"));
    data_ = {};
    auto opened = open(ciphertext.data().first(*size));
    ciphertext.consume(*size);
    if (!opened) return pass(std::move(opened));
    if (!data_.empty()) return data_;
  }
  if (peer_closed) ciphertext.clear();  // bytes after close_notify are ignored
  return {};
}

// Returns the size of the first record in `bytes`, with its header. While the header is incomplete,
// it returns the size of a header.
template <class T>
result<std::size_t> session<T>::check_record(std::span<const std::byte> bytes) {
  const auto header = record_header::read(bytes);
  if (!header) return record_header::size;
  const std::size_t limit = activated && is_tls13_ ? maximum_ciphertext_13 : maximum_ciphertext_12;
  const bool fits = header->length <= limit;
  if (header->known_type() && fits) return record_header::size + header->length;
  return pass(guarded([&] {
    if (fits) send_and_throw(alert_type::UnexpectedMessage, "a record of unknown type");
    send_and_throw(alert_type::RecordOverflow, "a record longer than the protocol allows");
  }));
}

template <class T>
void session<T>::send_and_throw(alert_type alert, const char* why) {
  if (!records_) client_->send_fatal_alert(alert);  // `guarded` sends it otherwise
  throw Botan::TLS::TLS_Exception(alert, why);
}

// Botan gets all records if the keys do not fit the first one.
template <class T>
result<void> session<T>::open(std::span<std::byte> record) {
  if (records_ && !records_->proven() && !records_->fits(record)) records_.reset();
  return records_ ? open_record(record) : give_botan(record);
}

template <class T>
result<void> session<T>::open_record(std::span<std::byte> record) {
  return guarded([&] {
    const auto inside = records_->open(record);
    if (!inside) throw Botan::TLS::TLS_Exception(inside.error().alert, inside.error().what);
    if (inside->type == record_type::application_data) [[likely]] {
      data_ = inside->content;
    } else if (inside->type == record_type::alert) {
      take_alert(inside->content);
    } else {
      const auto tickets = records_->take_tickets();
      if (!tickets.empty()) client_->received_data(tickets);
      log_updates();
    }
  });
}

template <class T>
result<void> session<T>::give_botan(std::span<const std::byte> record) {
  receiving_ = true;
  const bool was_activated = activated;
  auto outcome = guarded([&] {
    client_->received_data(detail::octets(record));
    if (activated && !was_activated) {
      check_alpn();
      if (context_.state().binds_channels)
        info.channel_binding = channel_binding().value_or(std::vector<std::byte>());
      begin_records();
    }
  });
  receiving_ = false;
  if (activated) {
    Botan::zap(client_secret_);
    Botan::zap(server_secret_);
  }
  if (outcome && peer_closed && !activated)
    return stop(error(error_category::tls, "peer_closed",
                      "the server ended the connection in the TLS handshake (alert close_notify)")
                    .alert("close_notify"));
  data_ = plaintext_.data();
  return outcome;
}

template <class T>
result<void> session<T>::send(std::span<const std::byte> plaintext) {
  if (failure_) return std::unexpected(*failure_);
  if (!activated)
    return fail(error_category::usage, "handshake_not_done", "the TLS handshake is not done yet");
  if (closed_ || (!seals_records() && !client_->is_active()))
    return fail(error_category::peer_closed, "connection_closed",
                closed_ && !peer_closed ? "the TLS connection was closed here"
                                        : "the server closed the connection");
  return guarded([&] {
    if (records_ && !records_->compared() && !plaintext.empty())
      plaintext = compare_first_record(plaintext);
    seals_records() ? send_records(plaintext) : send_by_botan(plaintext);
  });
}

template <class T>
void session<T>::send_records(std::span<const std::byte> plaintext) {
  records_->send(plaintext, outgoing);
  log_updates();
}

template <class T>
void session<T>::send_by_botan(std::span<const std::byte> plaintext) {
  // Botan copies its whole input, so it gets at most 64 KiB at a time.
  constexpr std::size_t piece = 4 * maximum_plaintext;
  if (records_ && records_->update_due() && !plaintext.empty()) update_botan();
  for (; !plaintext.empty(); plaintext = plaintext.subspan(std::min(piece, plaintext.size())))
    client_->send(detail::octets(plaintext.first(std::min(piece, plaintext.size()))));
}

template <class T>
void session<T>::close() noexcept {
  if (!client_ && !records_) return;
  if (failure_ || std::exchange(closed_, true)) return;
  try {
    if (seals_records())
      records_->send_alert(alert_type::CloseNotify, outgoing);
    else
      client_->close();
  } catch (const std::exception&) {
    // The connection ends anyway, so the error does not matter.
  }
}

template <class T>
template <class F>
result<void> session<T>::guarded(F&& call) {
  try {
    return explained(call);
  } catch (const std::bad_alloc&) {  // there is no memory for the explanation
    send_own_alert(alert_type::InternalError);
    return stop(out_of_memory());
  }
}

template <class T>
template <class F>
result<void> session<T>::explained(F&& call) {
  try {
    call();
    if (pending_) return stop(std::move(*pending_));
    return {};
  } catch (const Botan::TLS::TLS_Exception& e) {
    send_own_alert(e.type());
    return stop(pending_ ? std::move(*pending_) : refused_by_botan(e.type(), e.what()));
  } catch (const Botan::Invalid_Authentication_Tag& e) {
    send_own_alert(alert_type::BadRecordMac);
    return stop(sent_alert(alert_type::BadRecordMac, e.what(), scene()));
  } catch (const Botan::Decoding_Error& e) {
    send_own_alert(alert_type::DecodeError);
    return stop(refused_by_botan(alert_type::DecodeError, e.what()));
  } catch (const std::exception& e) {
    send_own_alert(alert_type::InternalError);
    return stop(pending_ ? std::move(*pending_)
                         : sent_alert(alert_type::InternalError, e.what(), scene()));
  }
}

template <class T>
std::unexpected<error> session<T>::stop(error why) {
  if (sessions_) sessions_->forget();
  failure_ = why.during(activated ? phase::none : phase::handshake);
  return std::unexpected(*failure_);
}

// Called in a callback. Botan catches the exception, sends the alert and throws it on to `guarded`.
template <class T>
void session<T>::refuse(error why) {
  const auto type = alert_named(why.alert());
  pending_ = std::move(why);
  throw Botan::TLS::TLS_Exception(type, pending_->message());
}

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/session.ipp>
#endif
