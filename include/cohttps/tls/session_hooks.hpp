// The larger functions of `session`: Botan's callbacks, channel binding and revocation.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/alerts.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/channel_binding.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/group.hpp>
#include <cohttps/tls/key_log.hpp>
#include <cohttps/tls/session.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/explain.hpp>

#include <botan/ocsp.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <botan/rng.h>
#include <botan/symkey.h>
#include <botan/tls_alert.h>
#include <botan/tls_algos.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_ciphersuite.h>
#include <botan/tls_extensions.h>
#include <botan/tls_messages.h>
#include <botan/tls_session.h>
#include <botan/tls_version.h>
#include <botan/version.h>
#include <botan/x509cert.h>
#if __has_include(<botan/tls_messages_12.h>)
#include <botan/tls_messages_12.h>  // older versions have these in tls_messages.h
#endif
#if __has_include(<botan/tls_messages_13.h>)
#include <botan/tls_messages_13.h>
#endif

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

template <class T>
void session<T>::tls_record_received(std::uint64_t, std::span<const std::uint8_t> data) {
  // Botan before 3.11.1 accepts data that no key protects (CVE-2026-34582).
  if (!activated || !receiving_)
    refuse(error(error_category::tls, "early_data",
                 "we refused data that the server sent before the TLS handshake was done")
               .alert("unexpected_message"));
  plaintext_.append(std::as_bytes(data));
}

// Keeps the messages that later errors need: the request for a client certificate, and the server's
// certificate, which Botan may refuse before it calls `tls_verify_cert_chain`.
template <class T>
void session<T>::tls_inspect_handshake_msg(const Botan::TLS::Handshake_Message& message) {
  if (activated) return;
  using namespace Botan::TLS;
  if (message.type() == Handshake_Type::EncryptedExtensions) {
    speaks_tls13_ = true;
  } else if (message.type() == Handshake_Type::CertificateRequest && identity_state_->identity) {
    if (const auto* request = dynamic_cast<const Certificate_Request_12*>(&message))
      withheld_ = identity_state_->identity->why_withheld(request->acceptable_CAs());
    if (const auto* request = dynamic_cast<const Certificate_Request_13*>(&message))
      withheld_ = identity_state_->identity->why_withheld(request->acceptable_CAs());
  } else if (message.type() == Handshake_Type::Certificate && !leaf_) {
    if (const auto* sent = dynamic_cast<const Certificate_12*>(&message); sent && !sent->empty())
      leaf_ = sent->cert_chain().front();
    if (const auto* sent = dynamic_cast<const Certificate_13*>(&message);
        sent && !sent->empty() && sent->has_certificate_chain())
      leaf_ = sent->leaf();
  }
}

// Botan's errors about certificates do not name the certificate, so this makes errors that do.
template <class T>
error session<T>::refused_by_botan(alert_type alert, std::string_view what) const {
  if (!activated && alert == alert_type::BadCertificate)
    if (auto unable = refuse_unable_to_sign(leaf_)) return *std::move(unable);
  if (!activated && what.find("subject_public_key failed") != what.npos)
    return refuse_unreadable_key(what, speaks_tls13_);
  return sent_alert(alert, what, scene());
}

// Botan sends no server name that contains an underscore, but there are hosts with such names.
template <class T>
void session<T>::tls_modify_extensions(Botan::TLS::Extensions& extensions,
                                       Botan::TLS::Connection_Side,
                                       Botan::TLS::Handshake_Type message) {
  using code = Botan::TLS::Extension_Code;
  if (message != Botan::TLS::Handshake_Type::ClientHello || parse_ip(host_) ||
      extensions.has(code::ServerNameIndication))
    return;
  extensions.add(std::make_unique<Botan::TLS::Server_Name_Indicator>(host_));
  // The pre-shared key has to be the last extension (RFC 8446, 4.2.11).
  if (!extensions.has(code::PresharedKey)) return;
  const auto put_last = []<class Extensions>(Extensions& all) {
    static constexpr code order[] = {code::PresharedKey};
    if constexpr (requires { all.reorder(order); })
      all.reorder(order);
    else
      all.remove_extension(code::PresharedKey);  // older versions of Botan make a full handshake
  };
  put_last(extensions);
}

// Passes all secrets to the key logs (RFC 9850). Keeps only those of the record layer.
template <class T>
void session<T>::tls_ssl_key_log_data(std::string_view label,
                                      std::span<const std::uint8_t> client_random,
                                      std::span<const std::uint8_t> secret) const {
  const auto& logs = context_.state().key_logs;
  for (const auto& log : logs) log(key_log_line(label, client_random, secret));
  if (!logs.empty()) client_random_.assign(client_random.begin(), client_random.end());
  if (label == "CLIENT_TRAFFIC_SECRET_0") client_secret_.assign(secret.begin(), secret.end());
  if (label == "SERVER_TRAFFIC_SECRET_0") server_secret_.assign(secret.begin(), secret.end());
}

template <class T>
std::vector<std::uint8_t> session<T>::tls_sign_message(const Botan::Private_Key& key,
                                                       Botan::RandomNumberGenerator& random,
                                                       std::string_view padding,
                                                       Botan::Signature_Format format,
                                                       const std::vector<std::uint8_t>& message) {
  const auto& identity = identity_state_->identity;
  if (!identity || !identity->signs_elsewhere())
    return Callbacks::tls_sign_message(key, random, padding, format, message);
  auto signature = identity->sign(padding, message);
  if (!signature) refuse(std::move(signature).error().alert("internal_error"));
  return *std::move(signature);
}

template <class T>
void session<T>::tls_alert(Botan::TLS::Alert alert) {
  if (alert.type() == alert_type::CloseNotify) {
    peer_closed = true;
  } else if (alert.is_fatal()) {
    pending_ = received_alert(alert, scene());
  } else {
    warning_ = alert.type_string();
    // The client does not answer warnings, and a peer could send them for ever.
    if (++warnings_ > maximum_warnings)
      refuse(error(error_category::tls, "too_many_alerts",
                   "the server sent more than " + std::to_string(maximum_warnings) +
                       " warning alerts " + std::string(scene().where()) + ", the last one " +
                       warning_)
                 .alert("unexpected_message"));
  }
}

template <class T>
void session<T>::tls_verify_cert_chain(
    const std::vector<Botan::X509_Certificate>& chain,
    const std::vector<std::optional<Botan::OCSP::Response>>& staples,
    const std::vector<Botan::Certificate_Store*>&, Botan::Usage_Type, std::string_view,
    const Botan::TLS::Policy&) {
  const auto& shared = context_.state();
  const auto verified = shared.chains->verify(chain, host_, now_, shared.roots, staples);
  const auto wrong = verified ? (*verified)->unpinned : std::optional(verified.error());
  const auto& report = shared.chains->pin_report();
  if (shared.accept_any_certificate) {
    if (wrong) overlook(*wrong);
    if (verified || chain.empty()) return;
    // The error of the chain must not hide that the certificate is for another host.
    const auto named = verify_host(chain.front(), host_);
    if (!named && named.error().reason() != wrong->reason()) overlook(named.error());
    return;
  }
  if (wrong) {
    if (!verified || !report) refuse(*wrong);
    report(host_);
    overlook(*wrong);
  }
  info.staple = (*verified)->staple;
  info.verified = true;
  pinned_ = !wrong;
  verified_path_ = (*verified)->path;
}

template <class T>
void session<T>::tls_session_established(const Botan::TLS::Session_Summary& summary) {
  sessions_->set_resumed(summary.was_resumption());
  if (summary.was_resumption() && sessions_->offered()) info.verified = true;
  // If Botan ever skips `tls_verify_cert_chain`, the connection fails here.
  if (!info.verified && !context_.state().accept_any_certificate)
    refuse(error(error_category::tls, "not_verified",
                 "we refused a TLS handshake in which no certificate was verified")
               .alert("bad_certificate"));
  unique_secret_ = summary.supports_extended_master_secret();
  is_tls13_ = summary.version() == Botan::TLS::Version_Code::TLS_V13;
  cipher_ = summary.ciphersuite().cipher_algo();
  hash_ = summary.ciphersuite().prf_algo();
  info.protocol = is_tls13_ ? "TLS 1.3" : "TLS 1.2";
  info.cipher_suite = "TLS_" + summary.ciphersuite().to_string();  // Botan's name has no prefix
  // Only TLS 1.3 has these parameters.
  if (const auto group = summary.kex_parameters()) {
    group_ = Botan::TLS::Group_Params::from_string(*group);
    info.group = group_ ? name_of(*group_) : *group;
  }
  if (group_) sessions_->learn(*group_);
  info.resumed = summary.was_resumption();
  if (info.resumed && info.verified && asks_issuers()) {
    const auto& shared = context_.state();
    auto path = shared.chains->path_of(summary.peer_certs(), now_, shared.roots);
    if (!path) refuse(std::move(path).error());
    verified_path_ = *std::move(path);
  }
  for (const auto& certificate : summary.peer_certs())
    info.peer_chain.push_back(context_.state().summaries->of(certificate));
}

// RFC 9266. With TLS 1.2 its section 4 requires that there is no renegotiation, which this client
// never allows, and an extended master secret.
template <class T>
result<std::vector<std::byte>> session<T>::channel_binding() try {
  if (failure_) return std::unexpected(*failure_);
  if (!activated)
    return fail(error_category::usage, "no_channel_binding",
                "there is no channel binding before the TLS handshake is done");
  if (!unique_secret_)
    return fail(error_category::usage, "no_channel_binding",
                "the channel binding tls-exporter needs TLS 1.3, or a server whose TLS 1.2 has the "
                "extended master secret (RFC 7627), which this server lacks");
  if (!client_) {  // gone
    if (!info.channel_binding.empty()) return info.channel_binding;
    return fail(error_category::usage, "no_channel_binding",
                "the channel binding of a kept connection needs tls_options::channel_binding");
  }
  exporting_ = !is_tls13_;
  const auto key =
      client_->key_material_export(channel_binding_label, "", channel_binding_size).bits_of();
  if (std::exchange(exporting_, false))
    return fail(error_category::usage, "no_channel_binding",
                "the channel binding tls-exporter of TLS 1.2 needs a newer Botan than " +
                    Botan::short_version_string());
  const auto bytes = std::as_bytes(std::span(key));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
} catch (const std::exception&) {  // closed in both directions: Botan has no keys any more
  exporting_ = false;
  return fail(error_category::peer_closed, "connection_closed", "the TLS connection was closed");
}

template <class T>
revocation_check* session<T>::revocation() {
  if (!activated || failure_ || !asks_issuers()) return nullptr;
  const auto& shared = context_.state();
  if (!revocation_)
    revocation_.emplace(verified_path_, shared.revocation, info.staple == revocation_status::good,
                        now_, shared.revocations);
  return &*revocation_;
}

template <class T>
result<void> session<T>::conclude_revocation() {
  if (failure_) return std::unexpected(*failure_);
  if (!revocation_) return {};
  auto outcome = revocation_->outcome();
  for (const error& each : revocation_->overlooked()) overlook(each);
  revocation_.reset();
  if (outcome) {
    info.revocation = *outcome;
    return {};
  }
  const auto alert = alert_named(outcome.error().alert());
  if (records_) {
    send_own_alert(alert);
  } else {
    auto told = guarded([&] { client_->send_fatal_alert(alert); });
    (void)told;  // the connection ends even if sending fails
  }
  activated = false;
  return stop(std::move(outcome).error());
}

}  // namespace cohttps::tls
