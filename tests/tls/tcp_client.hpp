// An engine on a blocking socket, for real servers on loopback.
#pragma once

#include "servers/peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/engine.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>
#include <vector>

namespace cohttps::testing {

class tcp_client {
 public:
  tcp_client(tls_context context, std::uint16_t port, std::string host = "localhost",
             std::vector<std::string> alpn = {"http/1.1"})
      : engine(std::move(context), std::move(host), port, std::move(alpn)), socket_(tcp_socket()) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!connect_to(socket_, port)) throw_errno("connect");
  }

  /// Whether the handshake came about.
  bool connect() {
    if (!check(engine.start(std::chrono::system_clock::now()))) return false;
    flush();
    while (!failure && !engine.handshake_done()) {
      read_some();
      flush();
    }
    return !failure;
  }
  /// Sends `request` and reads up to the end of the connection, or until `last` has come.
  std::string exchange(std::string_view request, std::string_view last) {
    if (!check(engine.send(std::as_bytes(std::span(request))))) return {};
    flush();
    while (!failure && !engine.peer_closed() &&
           plaintext.text().find(last) == std::string_view::npos) {
      read_some();
      flush();
    }
    return std::string(plaintext.text());
  }
  void close() {
    engine.close();
    flush();
    socket_.close();
  }

  /// Whether the server asked for a share of another group (HelloRetryRequest; RFC 8446, 4.1.3).
  bool was_asked_again() const {
    static constexpr std::string_view random{
        "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
        "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c",
        32};
    return handshake_.find(random) != std::string::npos;
  }

  tls::engine engine;
  buffer plaintext;
  std::optional<error> failure;

 private:
  bool check(result<void> outcome) {
    if (!outcome) failure = outcome.error();
    return outcome.has_value();
  }
  void flush() {
    while (!engine.outgoing().empty()) {
      const auto out = engine.outgoing().data();
      const auto sent = ::send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      engine.outgoing().consume(static_cast<std::size_t>(sent));
    }
  }
  void read_some() {
    const auto room = incoming_.prepare(16 * 1024);
    const auto got = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (got <= 0) {
      if (!check(engine.end_of_stream())) return;
      failure.emplace(error_category::peer_closed, "closed", "the server closed the connection");
      return;
    }
    if (!engine.handshake_done())
      handshake_.append(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(got));
    incoming_.commit(static_cast<std::size_t>(got));
    while (true) {
      const auto data = engine.receive(incoming_);
      if (!data) failure = data.error();
      if (!data || data->empty()) return;
      plaintext.append(*data);
    }
  }

  descriptor socket_;
  buffer incoming_;
  std::string handshake_;  // as the server sent it
};

}  // namespace cohttps::testing
