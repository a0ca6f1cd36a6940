// Definitions for session.hpp.
#pragma once

#include <cohttps/tls/session.hpp>

namespace cohttps::tls {

template <class T>
bool session<T>::withheld_tls13() const noexcept {
  return !activated && sessions_ && sessions_->offered_tls12() &&
         context_.state().policy->allow_tls13();
}

// The first byte of a record is its type, 20 to 23 (RFC 8446, 5.1). Text does not start with such a
// byte.
template <class T>
result<void> session<T>::check_first(std::span<const std::byte> bytes) {
  const auto type = std::to_integer<int>(bytes[0]);
  if (type >= 20 && type <= 23) return {};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return stop(error(error_category::tls, "not_tls",
                    "the server does not speak TLS on port " + std::to_string(port_) +
                        ": its answer starts with \"" +
                        ascii::printable(text.substr(0, text.find_first_of("\r\n"))) + '"' +
                        (text.starts_with("HTTP/") ? ", which is plain HTTP" : "")));
}

// The server may choose only an offered protocol (RFC 7301, 3.2). Older versions of Botan accept
// any.
template <class T>
void session<T>::check_alpn() {
  info.alpn = client_->application_protocol();
  if (info.alpn.empty() || std::ranges::find(alpn_, info.alpn) != alpn_.end()) return;
  client_->send_fatal_alert(alert_type::IllegalParameter);
  activated = false;
  throw Botan::TLS::TLS_Exception(alert_type::IllegalParameter,
                                  "Server selected an ALPN protocol not offered by the client");
}

template <class T>
void session<T>::begin_records() {
  if (!own_records_ || !context_.state().own_records || client_secret_.empty() ||
      server_secret_.empty() || !is_tls13_ || !record_layer::supports(cipher_))
    return;
  try {
    records_.emplace(cipher_, hash_, client_secret_, server_secret_);
  } catch (const std::exception&) {
    records_.reset();  // Botan opens and seals all records
  }
}

template <class T>
result<void> session<T>::end_of_stream() {
  if (failure_) return std::unexpected(*failure_);
  if (!activated)
    return stop(error(
        error_category::tls, "peer_closed",
        received_any_
            ? "the server closed the connection in the TLS handshake" +
                  (warning_.empty() ? std::string() : " after the alert " + warning_) +
                  (withheld_.empty() ? std::string() : ": " + withheld_)
            : "the server closed the connection without an answer to the TLS handshake: it may not "
              "speak TLS on port " +
                  std::to_string(port_) + ", or refuses this client"));
  if (peer_closed) return {};
  return fail(
      error_category::peer_closed, "truncated",
      "the connection ended without the TLS close_notify, so what came last may be missing");
}

template <class T>
void session<T>::overlook(error why) {
  info.overlooked.push_back(std::move(why).during(phase::handshake));
}

template <class T>
std::string_view session<T>::versions() const {
  return context_.state().policy->allow_tls12() ? "TLS 1.2 or 1.3" : "TLS 1.3";
}

template <class T>
bool session<T>::asks_issuers() const {
  return context_.state().revocation != revocation_mode::staple && info.verified;
}

template <class T>
alert_scene session<T>::scene() const {
  return {activated, versions(), host_, alpn_, withheld_};
}

template <class T>
void session<T>::tls_emit_data(std::span<const std::uint8_t> data) {
  if (seals_records()) return;  // its nonce is that of another record
  outgoing.append(std::as_bytes(data));
}

// Makes Botan seal the first data, and compares.
template <class T>
std::span<const std::byte> session<T>::compare_first_record(std::span<const std::byte> plaintext) {
  const auto first = plaintext.first(std::min(plaintext.size(), maximum_plaintext));
  const std::size_t before = outgoing.size();
  if (records_->update_due()) client_->update_traffic_keys(false);
  client_->send(detail::octets(first));
  const bool same = records_->compare_first(first, outgoing.data().subspan(before));
  logged_writing_ = records_->writing().generation();
  if (!same && !records_->proven()) records_.reset();
  return plaintext.subspan(first.size());
}

template <class T>
void session<T>::update_botan() {
  client_->update_traffic_keys(false);
  records_->update_sent();
}

// RFC 8446, 6. The level of an alert is that of TLS 1.2, and has to fit.
template <class T>
void session<T>::take_alert(std::span<const std::byte> content) {
  const auto raw = detail::octets(content);
  const Botan::TLS::Alert alert(Botan::secure_vector<std::uint8_t>(raw.begin(), raw.end()));
  const bool closure =
      alert.type() == alert_type::CloseNotify || alert.type() == alert_type::UserCanceled;
  if (!closure && !alert.is_fatal())
    throw Botan::TLS::TLS_Exception(alert_type::DecodeError, "an error alert that is not fatal");
  if (alert.is_fatal()) closed_ = true;
  tls_alert(alert);
}

// Sends the alert for an exception. Where Botan opens all records, it has already sent it.
template <class T>
void session<T>::send_own_alert(alert_type alert) noexcept {
  if (!records_ || std::exchange(closed_, true)) return;
  try {
    if (seals_records())
      records_->send_alert(alert, outgoing);
    else
      client_->send_fatal_alert(alert);
  } catch (const std::exception&) {
    // The connection ends anyway, so the error does not matter.
  }
}

template <class T>
void session<T>::log_updates() {
  const auto& logs = context_.state().key_logs;
  if (logs.empty()) [[likely]]
    return;
  const auto log_new = [&](const record_protection& keys, unsigned& logged, const char* label) {
    if (std::exchange(logged, keys.generation()) == keys.generation()) return;
    const auto name = label + std::to_string(keys.generation());
    for (const auto& log : logs) log(key_log_line(name, client_random_, keys.secret()));
  };
  log_new(records_->reading(), logged_reading_, "SERVER_TRAFFIC_SECRET_");
  log_new(records_->writing(), logged_writing_, "CLIENT_TRAFFIC_SECRET_");
}

// The connection then consists of its keys. Tickets that come later are lost.
template <class T>
void session<T>::release_client() noexcept {
  if (!client_ || !seals_records() || records_->inside_message() || revocation_) return;
  records_->drop_tickets();
  client_.reset();
  leaf_.reset();
  verified_path_ = {};
}

template <class T>
bool session<T>::tls_should_persist_resumption_information(const Botan::TLS::Session&) {
  return info.verified && pinned_;
}

template <class T>
bool session<T>::tls_verify_message(const Botan::Public_Key& key, std::string_view padding,
                                    Botan::Signature_Format format,
                                    const std::vector<std::uint8_t>& message,
                                    const std::vector<std::uint8_t>& signature) {
  return context_.state().signatures->verify(key, padding, format, message, signature);
}

#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0)
template <class T>
std::unique_ptr<Botan::KDF> session<T>::tls12_protocol_specific_kdf(std::string_view hash) const {
  const bool old = hash == "MD5" || hash == "SHA-1";  // RFC 5246, 5: SHA-256 replaces them
  auto prf = Botan::KDF::create_or_throw("TLS-12-PRF(" + std::string(old ? "SHA-256" : hash) + ')');
  if (!std::exchange(exporting_, false)) return prf;
  return std::make_unique<empty_context_prf>(std::move(prf));
}
#endif

template <class T>
std::unique_ptr<Botan::PK_Key_Agreement_Key> session<T>::tls_generate_ephemeral_key(
    const std::variant<Botan::TLS::Group_Params, Botan::DL_Group>& group,
    Botan::RandomNumberGenerator& random) {
  if (const auto* named = std::get_if<Botan::TLS::Group_Params>(&group)) {
    name_group(*named);
  } else {  // the server chooses the group (RFC 5246, 7.4.3)
    group_.reset();
    info.group = "dh" + std::to_string(std::get<Botan::DL_Group>(group).p_bits());
  }
  return Callbacks::tls_generate_ephemeral_key(group, random);
}

#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
template <class T>
std::unique_ptr<Botan::PK_Key_Agreement_Key> session<T>::tls12_generate_ephemeral_ecdh_key(
    Botan::TLS::Group_Params group, Botan::RandomNumberGenerator& random,
    Botan::EC_Point_Format format) {
  name_group(group);
  return Callbacks::tls12_generate_ephemeral_ecdh_key(group, random, format);
}
#endif

template <class T>
void session<T>::name_group(Botan::TLS::Group_Params group) {
  group_ = group;
  info.group = name_of(group);
}

}  // namespace cohttps::tls
