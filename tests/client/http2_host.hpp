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

  std::size_t requests() const;

  memory_network::server plain();
  memory_network::server tls(const issued_certificate& certificate,
                             tls_server_options options = {.alpn = {"h2"}});

 private:
  std::shared_ptr<bool> there_ = std::make_shared<bool>(true);

  task<void> serve(memory_stream s, std::unique_ptr<tls_server_peer> tls);
};

}  // namespace cohttps::testing
