// Definitions for http2_host.hpp.
#include "client/http2_host.hpp"

#include "tls/tls_server_peer.hpp"

namespace cohttps::testing {

std::size_t http2_host::requests() const {
  std::size_t n = 0;
  for (const served& s : connections) n += s.peer.requests.size();
  return n;
}

memory_network::server http2_host::plain() {
  return [this](memory_stream s) { return serve(std::move(s), nullptr); };
}

memory_network::server http2_host::tls(const issued_certificate& certificate,
                                       tls_server_options options) {
  return [this, certificate, options](memory_stream s) {
    return serve(std::move(s), std::make_unique<tls_server_peer>(certificate, options));
  };
}

task<void> http2_host::serve(memory_stream s, std::unique_ptr<tls_server_peer> tls) {
  served& mine = connections.emplace_back(settings);
  struct closing {
    std::shared_ptr<bool> there;  // the network may outlive the host, and this with it
    served& of;
    ~closing() {
      if (*there) of.stream = nullptr;
    }
  } guard{there_, mine};
  mine.peer.early = early;
  mine.peer.on_request = [&](http2_server_peer&, http2_request& r) { answer(mine, r); };
  if (!tls) mine.stream = &s;
  std::vector<std::byte> in(16 * 1024);
  while (true) {
    if (!tls || tls->established) {
      std::string out = mine.peer.send();
      for (std::string_view rest = out; tls && !rest.empty();) {
        const auto record = rest.substr(0, record_size);
        tls->send(record);
        rest.remove_prefix(record.size());
      }
      if (!tls) {
        // What a client that has left had to say is read all the same.
        (void)co_await write_all(s, std::move(out));
      }
    }
    if (tls) {
      std::string out(tls->outgoing.text());
      tls->outgoing.clear();
      const bool told = co_await write_all(s, std::move(out));
      if (!told) co_return;
    }
    if (mine.closes) co_return;
    auto got = co_await s.read_some(in, {});
    if (!got || *got == 0) co_return;
    if (tls) {
      if (!tls->receive(std::span(in).first(*got))) co_return;
      const std::string plain = std::exchange(tls->received, {});
      if (!plain.empty() && !mine.peer.receive(std::as_bytes(std::span(plain)))) co_return;
    } else if (!mine.peer.receive(std::span<const std::byte>(in).first(*got))) {
      co_return;
    }
  }
}

}  // namespace cohttps::testing
