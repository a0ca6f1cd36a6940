// The server's side of TLS over QUIC, for tests: CRYPTO data goes in and comes out.
#pragma once

#include "tls/tls_server_peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/quic/quic_session.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Botan's server between records and CRYPTO data, as `quic_session` is for clients.
class quic_tls_server {
 public:
  struct piece {
    tls::quic_level at;
    std::vector<std::byte> data;
  };

  quic_tls_server(const issued_certificate& certificate, tls_server_options how)
      : peer(certificate, std::move(how)) {}

  /// Takes the client's CRYPTO data. False when the server refused it.
  bool receive(tls::quic_level at, std::span<const std::byte> data) {
    buffer record;
    if (at == tls::quic_level::initial) {
      const std::array<std::uint8_t, 5> header{22, 3, 3,
                                               static_cast<std::uint8_t>(data.size() >> 8),
                                               static_cast<std::uint8_t>(data.size())};
      record.append(std::as_bytes(std::span(header)));
      record.append(data);
    } else {
      if (!to_botan_)
        to_botan_.emplace(*suite, peer.secrets.at("CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
                          Botan::Cipher_Dir::Encryption);
      to_botan_->seal(tls::record_type::handshake, data, record);
    }
    const bool taken = peer.receive(record.data());
    emit();
    return taken;
  }

  /// The next CRYPTO data for the client, in order.
  std::vector<piece> take() { return std::exchange(outgoing_, {}); }

  const tls::quic_suite* suite = nullptr;  ///< known from the ServerHello on
  std::optional<std::uint8_t> alert;       ///< that the server sent
  tls_server_peer peer;

 private:
  void emit() {
    while (!peer.outgoing.empty()) {
      const auto all = std::span<const std::byte>(peer.outgoing.data());
      const auto header = tls::record_header::read(all);
      const auto record = all.first(5 + header->length);
      take_record(header->type, record);
      peer.outgoing.consume(record.size());
    }
  }
  void take_record(tls::record_type type, std::span<const std::byte> record) {
    auto text = record.subspan(5);
    auto at = tls::quic_level::initial;
    tls::secret_bytes inner;
    if (type == tls::record_type::change_cipher_spec) return;
    if (type == tls::record_type::application_data) {
      at = application_ ? tls::quic_level::application : tls::quic_level::handshake;
      if (!from_botan_) use("SERVER_HANDSHAKE_TRAFFIC_SECRET");
      auto opened = from_botan_->open(record);
      if (!opened) {
        application_ = true;
        at = tls::quic_level::application;
        use("SERVER_TRAFFIC_SECRET_0");
        opened = from_botan_->open(record);
      }
      if (!opened) throw std::runtime_error("a record of Botan's server cannot be opened");
      inner = *std::move(opened);
      type = static_cast<tls::record_type>(inner.back());
      inner.pop_back();
      text = std::as_bytes(std::span(inner));
    }
    if (type == tls::record_type::alert) {
      alert = std::to_integer<std::uint8_t>(text[1]);
      return;
    }
    if (!suite && text[0] == std::byte{2}) {
      const std::size_t suite_at = 39 + std::to_integer<std::size_t>(text[38]);
      suite = tls::find_quic_suite(
          static_cast<std::uint16_t>(std::to_integer<unsigned>(text[suite_at]) << 8 |
                                     std::to_integer<unsigned>(text[suite_at + 1])));
    }
    outgoing_.push_back({at, {text.begin(), text.end()}});
  }
  void use(const std::string& label) {
    from_botan_.emplace(*suite, peer.secrets.at(label), Botan::Cipher_Dir::Decryption);
  }

  std::optional<tls::record_cipher<>> to_botan_, from_botan_;
  bool application_ = false;
  std::vector<piece> outgoing_;
};

}  // namespace cohttps::testing
