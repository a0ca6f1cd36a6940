// What the tests of tls/ share: an authority, contexts that trust it, and a wire between an engine
// and a server.
#pragma once

#include "tls_server_peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/tls/group.hpp>

#include <algorithm>
#include <certificate_authority.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Made once a program: keys are what takes time.
inline const certificate_authority& test_authority() {
  static const certificate_authority authority;
  return authority;
}
inline const issued_certificate& localhost_certificate() {
  static const issued_certificate certificate =
      test_authority().issue({.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}});
  return certificate;
}

/// Whether this Botan was built with post-quantum key exchange.
inline bool has_hybrid() { return tls::group_named("X25519MLKEM768").has_value(); }

/// Trusts the PEM given, by default the test authority, and nothing else.
inline tls_context context_trusting(const std::string& pem = test_authority().certificate_pem(),
                                    tls_version minimum = tls_version::v1_2) {
  return tls_context::create({.system_roots = false, .root_pem = pem, .minimum_version = minimum})
      .value();
}

/// Gives `bytes` to `engine`, after what is left over in `incoming`, and takes out all plaintext.
inline result<void> receive_all(tls::engine& engine, buffer& incoming,
                                std::span<const std::byte> bytes, buffer& plaintext) {
  incoming.append(bytes);
  while (true) {
    const auto opened = engine.receive(incoming);
    if (!opened) return std::unexpected(opened.error());
    if (opened->empty()) return {};
    plaintext.append(*opened);
  }
}

/// An engine and a server with a wire between them that carries `split` bytes at a time.
struct wire {
  tls::engine client;
  tls_server_peer& server;
  std::size_t split = 16384;
  buffer incoming = {};                   ///< of a record that is not whole yet
  buffer plaintext = {};                  ///< that reached the client
  std::vector<std::byte> to_server = {};  ///< all that the client ever sent
  std::optional<error> failure = {};      ///< of the engine
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();

  result<void> receive(std::span<const std::byte> bytes) {
    return receive_all(client, incoming, bytes, plaintext);
  }

  bool start() { return check(client.start(now)); }

  /// Carries bytes both ways until nobody has any left, or the engine failed.
  void shuttle() {
    for (bool moved = true; moved && !failure;) {
      moved = false;
      while (!client.outgoing().empty()) moved = carry_up();
      while (!server.outgoing.empty() && !failure) moved = carry_down();
    }
    while (!client.outgoing().empty()) carry_up();  // the alert
  }

  /// Whether the handshake came about.
  bool connect() {
    if (start()) shuttle();
    return !failure && client.handshake_done();
  }

  bool check(result<void> outcome) {
    if (!outcome) failure = outcome.error();
    return outcome.has_value();
  }

 private:
  bool carry_up() {
    const auto part = client.outgoing().data().first(std::min(split, client.outgoing().size()));
    to_server.insert(to_server.end(), part.begin(), part.end());
    server.receive(part);
    client.outgoing().consume(part.size());
    return true;
  }
  bool carry_down() {
    const auto part = server.outgoing.data().first(std::min(split, server.outgoing.size()));
    const std::vector<std::byte> copy(part.begin(), part.end());
    server.outgoing.consume(copy.size());
    check(receive(copy));
    return true;
  }
};

inline wire make_wire(tls_server_peer& server, std::string host = "localhost",
                      tls_context context = context_trusting(),
                      std::vector<std::string> alpn = {"http/1.1"}, std::size_t split = 16384) {
  return {tls::engine(std::move(context), std::move(host), 443, std::move(alpn)), server, split};
}

}  // namespace cohttps::testing
