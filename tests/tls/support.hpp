// A wire between an engine and a server.
#pragma once

#include "certificates.hpp"
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

/// Gives `bytes` to `engine`, after what is left over in `incoming`, and takes out all plaintext.
result<void> receive_all(tls::engine& engine, buffer& incoming, std::span<const std::byte> bytes,
                         buffer& plaintext);

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
  void shuttle();

  /// Whether the handshake came about.
  bool connect();

  bool check(result<void> outcome);

 private:
  bool carry_up();
  bool carry_down();
};

wire make_wire(tls_server_peer& server, std::string host = "localhost",
               tls_context context = context_trusting(),
               std::vector<std::string> alpn = {"http/1.1"}, std::size_t split = 16384);

}  // namespace cohttps::testing
