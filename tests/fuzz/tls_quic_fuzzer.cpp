// libFuzzer target: a handshake over QUIC in which the server's CRYPTO data is cut, moved to
// another level, changed, and followed by other bytes. It may end with the keys that the server
// has, or with an error.
#include "tls/quic_tls_server.hpp"

#include <cohttps/tls/quic/quic_handshake.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using tls::quic_level;

namespace {

struct listener final : tls::quic_handshake_events {
  result<void> crypto(quic_level at, std::span<const std::byte> data) override {
    sent.push_back({at, {data.begin(), data.end()}});
    return {};
  }
  result<void> secrets(quic_level at, const tls::quic_suite&, std::span<const std::uint8_t> server,
                       std::span<const std::uint8_t>) override {
    if (at == quic_level::application) secret.assign(server.begin(), server.end());
    return {};
  }
  result<void> peer_parameters(std::span<const std::byte>) override { return {}; }
  std::vector<quic_tls_server::piece> sent;
  std::vector<std::uint8_t> secret;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const certificate_authority authority;
  static const auto certificate = authority.issue({.dns = {"example.com"}});
  static const tls_context context({.system_roots = false,
                                    .root_pem = authority.certificate_pem(),
                                    .session_resumption = false});
  std::size_t at = 0;
  const auto byte = [&]() -> std::size_t { return at < size ? data[at++] : 0; };
  tls_server_options how;
  how.tls12 = false;
  how.alpn = {"h3"};
  how.quic_parameters = [] { return std::vector<std::uint8_t>{1, 2, 3}; };
  listener events;
  quic_tls_server server(certificate, how);
  tls::quic_handshake client(context, "example.com", 443, {"h3"}, events);
  auto outcome = client.start({}, std::chrono::system_clock::now());
  while (outcome && !events.sent.empty()) {
    for (const auto& piece : std::exchange(events.sent, {}))
      (void)server.receive(piece.at, piece.data);
    for (auto& piece : server.take()) {
      switch (byte() % 8) {
        case 1:
          piece.data[(byte() << 8 | byte()) % piece.data.size()] ^= static_cast<std::byte>(byte());
          break;
        case 2:
          piece.data.resize((byte() << 8 | byte()) % piece.data.size());
          break;
        case 3:
          piece.at = static_cast<quic_level>(byte() % 3);
          break;
        case 4:
          for (std::size_t n = byte() % 64; n > 0; --n)
            piece.data.push_back(static_cast<std::byte>(byte()));
          break;
        case 5:
          piece.data.assign(1 + byte(), static_cast<std::byte>(byte()));
          break;
        default:
          break;
      }
      const std::span<const std::byte> all(piece.data);
      const std::size_t part = 1 + byte() * 16;
      for (std::size_t i = 0; i < all.size() && outcome; i += part)
        outcome = client.receive(piece.at, all.subspan(i, std::min(part, all.size() - i)));
      if (!outcome) break;
    }
  }
  if (!outcome && client.alert() == 0) std::abort();
  if (!events.secret.empty() && events.secret != server.peer.secrets["SERVER_TRAFFIC_SECRET_0"])
    std::abort();
  return 0;
}
