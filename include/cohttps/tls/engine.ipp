// Definitions for engine.hpp.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/tls/revocation/revocation.hpp>
#include <cohttps/tls/session.hpp>
#include <cohttps/tls/session_hooks.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::tls {

COHTTPS_DEF engine::engine(tls_context context, std::string host, std::uint16_t port,
                           std::vector<std::string> alpn)
    : session_(new session<>(std::move(context), std::move(host), port, std::move(alpn))) {}

COHTTPS_DEF void engine::destroy::operator()(session<>* of) const noexcept { delete of; }

COHTTPS_DEF result<void> engine::start(std::chrono::system_clock::time_point now) {
  return session_->start(now);
}

COHTTPS_DEF result<std::span<const std::byte>> engine::receive(buffer& ciphertext) {
  return session_->receive(ciphertext);
}

COHTTPS_DEF result<void> engine::send(std::span<const std::byte> plaintext) {
  return session_->send(plaintext);
}

COHTTPS_DEF buffer& engine::outgoing() noexcept { return session_->outgoing; }

COHTTPS_DEF bool engine::handshake_done() const noexcept { return session_->activated; }

COHTTPS_DEF bool engine::peer_closed() const noexcept { return session_->peer_closed; }

COHTTPS_DEF void engine::close() noexcept { session_->close(); }

COHTTPS_DEF result<void> engine::end_of_stream() { return session_->end_of_stream(); }

COHTTPS_DEF result<std::vector<std::byte>> engine::channel_binding() {
  return session_->channel_binding();
}

COHTTPS_DEF revocation_check* engine::revocation() { return session_->revocation(); }

COHTTPS_DEF result<void> engine::conclude_revocation() { return session_->conclude_revocation(); }

COHTTPS_DEF void engine::release_memory() noexcept {
  session_->outgoing.release();
  session_->release_client();
}

COHTTPS_DEF bool engine::withheld_tls13() const noexcept { return session_->withheld_tls13(); }

COHTTPS_DEF const tls_info& engine::info() const noexcept { return session_->info; }

}  // namespace cohttps::tls
