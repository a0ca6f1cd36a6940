// A server of HTTP/3 in memory: streams and frames are written by hand, so that a test can write
// any.
#pragma once

#include "http3/quic_server.hpp"

#include <cohttps/client.hpp>
#include <cohttps/http3.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <certificate_authority.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// A number as QUIC writes it (RFC 9000, 16).
inline std::string varint(std::uint64_t n) {
  const int bits = n < 64 ? 0 : n < 16384 ? 1 : n < (1u << 30) ? 2 : 3;
  std::string out;
  for (int i = (1 << bits) - 1; i >= 0; --i) out += static_cast<char>(n >> (8 * i));
  out[0] = static_cast<char>(out[0] | bits << 6);
  return out;
}
inline std::string frame(std::uint64_t type, std::string_view payload) {
  return varint(type) + varint(payload.size()) + std::string(payload);
}

/// An integer with a prefix (RFC 9204, 4.1.1).
inline std::string prefixed(int bits, unsigned first, std::size_t n) {
  const std::size_t most = (std::size_t{1} << bits) - 1;
  if (n < most) return {static_cast<char>(first | n)};
  std::string out{static_cast<char>(first | most)};
  for (n -= most; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
  return out + static_cast<char>(n);
}

using field_list = std::vector<std::pair<std::string, std::string>>;

/// A field section of literals alone (RFC 9204, 4.5.6).
inline std::string section(const field_list& lines) {
  std::string out(2, '\0');
  for (const auto& [name, value] : lines)
    out += prefixed(3, 0x20, name.size()) + name + prefixed(7, 0, value.size()) + value;
  return out;
}
inline std::string head(const field_list& lines) { return frame(0x1, section(lines)); }
inline std::string data_frame(std::string_view data) { return frame(0x0, data); }
/// The beginning of the control stream: its type, and SETTINGS.
inline std::string control() { return varint(0) + frame(0x4, ""); }

/// The frames of one stream, read back. The last one may be incomplete.
struct frames_read {
  std::string content;
  std::vector<std::string> sections;  // of fields, encoded
};
inline frames_read read_frames(std::string_view bytes) {
  frames_read out;
  const auto number = [&]() -> std::optional<std::uint64_t> {
    if (bytes.empty()) return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::size_t size = std::size_t{1} << (first >> 6);
    if (bytes.size() < size) return std::nullopt;
    std::uint64_t n = first & 63;
    for (std::size_t i = 1; i < size; ++i) n = n << 8 | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(size);
    return n;
  };
  while (true) {
    const auto type = number();
    const auto length = number();
    if (!type || !length) return out;
    const auto size = std::min<std::uint64_t>(*length, bytes.size());
    if (*type == 0) out.content += bytes.substr(0, size);
    if (*type == 1) out.sections.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

/// Serves `example.com` in a network of its own. `answer` is called for each complete request.
class http3_site {
 public:
  using server = quic_server_connection;

  http3_site() {
    script.on_handshake = [this](server& to) {
      ++connections;
      last = &to;
      control_stream = to.open_unidirectional();
      to.send(control_stream, control_bytes, false);
    };
    script.on_stream = [this](server& from, std::int64_t id, std::string_view data, bool ends) {
      from.credit(id, data.size());
      if ((id & 3) != 0) return;
      auto& all = from.received[id];
      all += data;
      if (begun) begun(from, id);
      if (!ends) return;
      ++requests;
      if (answer) answer(from, id, all);
    };
    script.on_reset = [this](server&, std::int64_t, std::uint64_t code) { resets.push_back(code); };
    listen_at("example.com", 443);
  }

  /// Serves HTTP/3 at another place as well.
  void listen_at(std::string_view host, std::uint16_t port) {
    network.listen_datagrams(host, port, [this](memory_datagram_socket socket) -> task<void> {
      return serve(std::move(socket));
    });
  }

  client_options options() const {
    client_options o;
    o.tls = tls_context({.system_roots = false, .root_pem = authority().certificate_pem()});
    o.versions = http_versions::http_3;
    o.http3 = make_http3<memory_transport>();
    return o;
  }

  static const certificate_authority& authority() {
    static const certificate_authority one;
    return one;
  }
  static const issued_certificate& certificate() {
    static const auto one = authority().issue({.dns = {"example.com"}});
    return one;
  }

  memory_network network;
  quic_script script;
  std::string control_bytes = control();
  std::function<void(server&, std::int64_t, const std::string&)> answer = [](server& to,
                                                                             std::int64_t id,
                                                                             const std::string&) {
    to.send(id, head({{":status", "200"}, {"content-type", "text/plain"}}) + data_frame("hello"),
            true);
  };
  std::function<void(server&, std::int64_t)> begun = {};  ///< data of a request has come
  std::size_t connections = 0;
  std::size_t requests = 0;
  std::int64_t control_stream = -1;
  server* last = nullptr;  ///< the last connection
  std::vector<std::uint64_t> resets;
  std::vector<ngtcp2_ccerr> closed;  ///< what clients said at the end of connections

 private:
  task<void> serve(memory_datagram_socket socket) {
    auto connection = std::make_unique<server>(network, certificate(), script);
    auto* mine = connection.get();
    mine->migrates_from = last;
    all_.push_back(std::move(connection));
    co_await mine->serve(std::move(socket));
    if (mine->closed) closed.push_back(*mine->closed);
  }

  std::vector<std::unique_ptr<server>> all_;
};

}  // namespace cohttps::testing
