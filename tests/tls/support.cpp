// Definitions for support.hpp.
#include "support.hpp"

#include <algorithm>
#include <utility>

namespace cohttps::testing {

result<void> receive_all(tls::engine& engine, buffer& incoming, std::span<const std::byte> bytes,
                         buffer& plaintext) {
  incoming.append(bytes);
  while (true) {
    const auto opened = engine.receive(incoming);
    if (!opened) return std::unexpected(opened.error());
    if (opened->empty()) return {};
    plaintext.append(*opened);
  }
}

void wire::shuttle() {
  for (bool moved = true; moved && !failure;) {
    moved = false;
    while (!client.outgoing().empty()) moved = carry_up();
    while (!server.outgoing.empty() && !failure) moved = carry_down();
  }
  while (!client.outgoing().empty()) carry_up();  // the alert
}

bool wire::connect() {
  if (start()) shuttle();
  return !failure && client.handshake_done();
}

bool wire::check(result<void> outcome) {
  if (!outcome) failure = outcome.error();
  return outcome.has_value();
}

bool wire::carry_up() {
  const auto part = client.outgoing().data().first(std::min(split, client.outgoing().size()));
  to_server.insert(to_server.end(), part.begin(), part.end());
  server.receive(part);
  client.outgoing().consume(part.size());
  return true;
}

bool wire::carry_down() {
  const auto part = server.outgoing.data().first(std::min(split, server.outgoing.size()));
  const std::vector<std::byte> copy(part.begin(), part.end());
  server.outgoing.consume(copy.size());
  check(receive(copy));
  return true;
}

wire make_wire(tls_server_peer& server, std::string host, tls_context context,
               std::vector<std::string> alpn, std::size_t split) {
  return {tls::engine(std::move(context), std::move(host), 443, std::move(alpn)), server, split};
}

}  // namespace cohttps::testing
