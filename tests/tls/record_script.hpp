// A server's records after the handshake as a list of steps, and what an engine makes of them with
// the record reader and without.
#pragma once

#include "record_forge.hpp"
#include "tls_server_peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/engine.hpp>

#include <algorithm>
#include <certificate_authority.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

struct record_step {
  enum kind : std::uint8_t {
    data,          ///< `size` bytes of it
    ticket,        ///< a NewSessionTicket
    half_ticket,   ///< the first `size` bytes of one, the rest in a record of its own
    begun_ticket,  ///< the first `size` bytes of one, and no more of it
    rekey,         ///< a KeyUpdate; asks for one in return when `size` is odd
    fake_rekey,    ///< one after which the server goes on with its old keys
    alert,         ///< of level 1 when `size` is odd, else 2, and description `size` / 2
    inner_type,    ///< content of the type `size`
    zeros,         ///< `size` zeros and nothing else
    long_inner,    ///< 16386 bytes and more inside
    replay,        ///< the record before it once more
    skip,          ///< a record that is lost
    plain,         ///< a record without protection, of type 20 + `size` % 4
    version,       ///< a record of version 3.`size`
    cut,           ///< the record before it loses its last bytes, and the stream ends
    last_kind = cut,
  };
  kind what = data;
  std::size_t size = 0;
  std::size_t padding = 0;
  std::optional<std::size_t> tamper = {};  ///< the bit of the record that is turned over
};

/// What came of it.
struct record_outcome {
  std::string data;
  std::string error;  ///< reason and alert
  bool closed = false;
  std::vector<std::string> alerts;  ///< that reached the server
  std::string end;                  ///< of the stream

  bool operator==(const record_outcome&) const = default;
};

inline const issued_certificate& script_certificate() {
  static const certificate_authority authority;
  static const issued_certificate made = authority.issue({.dns = {"localhost"}});
  return made;
}

/// Cuts after the number of bytes that `split(n)` gives for the nth piece. The client sends data
/// before the server does, or nothing.
template <class Split>
record_outcome run_script(const std::vector<record_step>& steps, const std::string& cipher,
                          bool in_place, Split split, bool client_first = true) {
  static const auto reading =
      tls_context::create({.system_roots = false, .danger = tls::danger::accept_any_certificate{}})
          .value();
  static const auto plainly = tls_context::create({.system_roots = false,
                                                   .record_layer = false,
                                                   .danger = tls::danger::accept_any_certificate{}})
                                  .value();
  tls_server_peer server(script_certificate(), {.ciphers = {cipher}});
  tls::engine client(in_place ? reading : plainly, "localhost", 443, {});
  const auto up = [&] {
    server.receive(client.outgoing().data());
    client.outgoing().clear();
  };
  if (!client.start(std::chrono::system_clock::now())) throw std::runtime_error("no start");
  while (!client.handshake_done() || !client.outgoing().empty()) {
    up();
    if (!client.receive(server.outgoing)) throw std::runtime_error("no handshake");
  }

  if (client_first) {
    if (!client.send(std::as_bytes(std::span("go", 2)))) throw std::runtime_error("no sending");
    up();
    if (server.received != "go") throw std::runtime_error("nothing came");
    server.received.clear();
  }

  record_forge forge(cipher, server.traffic_secret);
  octets stream;
  octets last;
  for (const auto& step : steps) {
    const std::size_t size = std::min<std::size_t>(step.size, 16384);
    const std::size_t room = 16640 - 16 - 1;
    const auto seal = [&](int type, std::string_view content) {
      return forge.seal(type, content,
                        std::min(step.padding, room - std::min(room, content.size())));
    };
    const std::string message = new_session_ticket();
    const std::size_t part = 1 + size % (message.size() - 1);
    octets record;
    octets more;
    switch (step.what) {
      case record_step::data:
        record = seal(23, std::string(size, static_cast<char>('a' + size % 26)));
        break;
      case record_step::ticket:
        record = seal(22, message);
        break;
      case record_step::half_ticket:
        record = seal(22, message.substr(0, part));
        more = seal(22, message.substr(part));
        break;
      case record_step::begun_ticket:
        record = seal(22, message.substr(0, part));
        break;
      case record_step::rekey:
        record = seal(22, key_update(size % 2));
        forge.update();
        break;
      case record_step::fake_rekey:
        record = seal(22, key_update(size % 2));
        break;
      case record_step::alert:
        record =
            seal(21, std::string{static_cast<char>(size % 2 ? 1 : 2), static_cast<char>(size / 2)});
        break;
      case record_step::inner_type:
        record = seal(static_cast<int>(size % 256), "content");
        break;
      case record_step::zeros:
        record = forge.seal_inner(std::string(size, '\0'));
        break;
      case record_step::long_inner:
        record = forge.seal_inner(std::string(16386 + size % 238, '\x17'));
        break;
      case record_step::replay:
        record = last;
        break;
      case record_step::skip:
        seal(23, "lost");
        continue;
      case record_step::plain:
        record = octets{std::byte(20 + size % 4),
                        std::byte{3},
                        std::byte{3},
                        std::byte{0},
                        std::byte{1},
                        std::byte{1}};
        break;
      case record_step::version:
        record = forge.seal_inner("data\x17", 0x0300 | static_cast<int>(size % 256));
        break;
      case record_step::cut:
        stream.resize(stream.size() -
                      std::min(stream.size(), last.empty() ? 0 : 1 + size % last.size()));
        break;
    }
    if (step.tamper && !record.empty())
      record[*step.tamper / 8 % record.size()] ^= std::byte(1 << *step.tamper % 8);
    stream.insert(stream.end(), record.begin(), record.end());
    stream.insert(stream.end(), more.begin(), more.end());
    last = record;
    if (step.what == record_step::cut) break;
  }

  record_outcome out;
  buffer incoming;
  std::size_t pieces = 0;
  for (std::span<const std::byte> left(stream); !left.empty() && out.error.empty();) {
    const auto piece = left.first(std::clamp<std::size_t>(split(pieces++), 1, left.size()));
    left = left.subspan(piece.size());
    incoming.append(piece);
    while (true) {
      const auto data = client.receive(incoming);
      if (!data) out.error = std::string(data.error().reason()) + ' ' + data.error().alert();
      if (!data || data->empty()) break;
      out.data.append(reinterpret_cast<const char*>(data->data()), data->size());
    }
    if (!client.outgoing().empty()) up();
  }
  out.closed = client.peer_closed();
  if (const auto end = client.end_of_stream(); !end) out.end = end.error().reason();
  // What the client sends afterwards shows whether both have the same keys.
  if (client.send(std::as_bytes(std::span("ok", 2)))) up();
  out.data += '|' + server.received;
  out.alerts = server.alerts;
  return out;
}

}  // namespace cohttps::testing
