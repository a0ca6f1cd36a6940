// Definitions for session.hpp.
#pragma once

#include <cohttps/tls/session.hpp>

namespace cohttps::tls {

template <class T>
bool session<T>::withheld_tls13() const noexcept {
  return !activated && sessions_ && sessions_->offered_tls12() &&
         context_.state().policy->allow_tls13();
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
  outgoing.append(std::as_bytes(data));
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

template <class T>
std::unique_ptr<Botan::KDF> session<T>::tls12_protocol_specific_kdf(std::string_view hash) const {
  const bool old = hash == "MD5" || hash == "SHA-1";  // RFC 5246, 5: SHA-256 replaces them
  auto prf = Botan::KDF::create_or_throw("TLS-12-PRF(" + std::string(old ? "SHA-256" : hash) + ')');
  if (!std::exchange(exporting_, false)) return prf;
  return std::make_unique<empty_context_prf>(std::move(prf));
}

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

template <class T>
std::unique_ptr<Botan::PK_Key_Agreement_Key> session<T>::tls12_generate_ephemeral_ecdh_key(
    Botan::TLS::Group_Params group, Botan::RandomNumberGenerator& random,
    Botan::EC_Point_Format format) {
  name_group(group);
  return Callbacks::tls12_generate_ephemeral_ecdh_key(group, random, format);
}

template <class T>
void session<T>::name_group(Botan::TLS::Group_Params group) {
  group_ = group;
  info.group = name_of(group);
}

}  // namespace cohttps::tls
