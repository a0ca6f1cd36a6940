// A host in memory that speaks HTTP/2, by nghttp2's server, with or without TLS.
#pragma once

#include "client/support.hpp"
#include "http2/server_peer.hpp"
#include "tls/tls_server_peer.hpp"

#include <cohttps/testing/memory_network.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// A client that knows beforehand that servers speak HTTP/2.
inline client_options prior_knowledge() {
  return {.allow_plaintext = true, .versions = http_versions::http_2};
}

class http2_host {
 public:
  /// One connection; there for as long as the host is.
  struct served {
    explicit served(std::vector<nghttp2_settings_entry> settings) : peer(std::move(settings)) {}
    http2_server_peer peer;
    memory_stream* stream = nullptr;  // null once it is closed
    /// Sends what there is, where no read is waited for.
    void push() {
      const std::string bytes = peer.send();
      if (stream) (void)stream->try_write(std::as_bytes(std::span(bytes)));
    }
    bool closes = false;  ///< once what there is has been sent
  };

  std::vector<nghttp2_settings_entry> settings;
  std::function<void(served&, http2_request&)> answer = [](served& s, http2_request& r) {
    s.peer.respond(r.id, {{":status", "200"}}, "answer to " + r[":path"]);
  };
  bool early = false;                  ///< answers at the head of the request
  std::size_t record_size = SIZE_MAX;  ///< bytes in a record of TLS
  std::list<served> connections;

  http2_host() = default;
  http2_host(const http2_host&) = delete;
  http2_host& operator=(const http2_host&) = delete;
  ~http2_host() { *there_ = false; }

  std::size_t requests() const {
    std::size_t n = 0;
    for (const served& s : connections) n += s.peer.requests.size();
    return n;
  }

  memory_network::server plain() {
    return [this](memory_stream s) { return serve(std::move(s), nullptr); };
  }
  memory_network::server tls(const issued_certificate& certificate,
                             tls_server_options options = {.alpn = {"h2"}}) {
    return [this, certificate, options](memory_stream s) {
      return serve(std::move(s), std::make_unique<tls_server_peer>(certificate, options));
    };
  }

 private:
  std::shared_ptr<bool> there_ = std::make_shared<bool>(true);

  static task<bool> write(memory_stream& s, std::string bytes) {
    auto rest = std::as_bytes(std::span(bytes));
    while (!rest.empty()) {
      auto taken = co_await s.write_some(rest, {});
      if (!taken) co_return false;
      rest = rest.subspan(*taken);
    }
    co_return true;
  }

  task<void> serve(memory_stream s, std::unique_ptr<tls_server_peer> tls) {
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
          (void)co_await write(s, std::move(out));
        }
      }
      if (tls) {
        std::string out(tls->outgoing.text());
        tls->outgoing.clear();
        const bool told = co_await write(s, std::move(out));
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
};

}  // namespace cohttps::testing
