// Definitions for quic_handshake.hpp.
#pragma once

#include <cohttps/tls/quic/quic_handshake.hpp>
#include <cohttps/tls/quic/quic_session.hpp>
#include <cohttps/tls/session_hooks.hpp>

namespace cohttps::tls {

COHTTPS_DEF quic_handshake::quic_handshake(tls_context context, std::string host,
                                           std::uint16_t port, std::vector<std::string> alpn,
                                           quic_handshake_events& events)
    : session_(new quic_session<void>(std::move(context), std::move(host), port, std::move(alpn),
                                      events)) {}

COHTTPS_DEF void quic_handshake::destroy::operator()(quic_session<void>* of) const noexcept {
  delete of;
}

COHTTPS_DEF result<void> quic_handshake::start(std::span<const std::byte> parameters,
                                               std::chrono::system_clock::time_point now) {
  return session_->start(parameters, now);
}

COHTTPS_DEF result<void> quic_handshake::receive(quic_level at, std::span<const std::byte> data) {
  return session_->take(at, data);
}

COHTTPS_DEF std::uint8_t quic_handshake::alert() const noexcept { return session_->alert(); }

COHTTPS_DEF bool quic_handshake::done() const noexcept { return session_->done(); }

COHTTPS_DEF revocation_check* quic_handshake::revocation() { return session_->revocation(); }

COHTTPS_DEF result<void> quic_handshake::conclude_revocation() {
  return session_->conclude_revocation();
}

COHTTPS_DEF const tls_info& quic_handshake::info() const noexcept { return session_->info; }

}  // namespace cohttps::tls
