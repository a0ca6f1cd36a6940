// A real haproxy on loopback, for as long as the object lives.
#pragma once

#include "servers/network_programs.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <array>
#include <certificate_authority.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// What it does for those who connect.
enum class entrance {
  impatient,  ///< ends TLS; closes connections that are idle for 50 ms, and all those to servers
  closing,    ///< ends TLS; answers with Connection: close
  old,        ///< ends TLS; in front of the server that the constructor calls old
  relay,      ///< carries bytes to the server with TLS
};

class haproxy {
 public:
  /// Ports of 127.0.0.1: a server of http, one of https, and one more of http. Skips the test where
  /// haproxy is not installed.
  haproxy(std::uint16_t http, std::uint16_t https, std::uint16_t old) {
    const auto issued = root_.issue({.dns = {"localhost"}});
    const auto certificate = folder_.write("site.pem", issued.chain_pem + issued.key_pem).string();
    const std::string program = installed("haproxy");
    ports_ = free_ports<4>();
    const auto frontend = [&](entrance e, std::string_view rest) {
      const bool tls = e != entrance::relay;
      return "listen " + std::to_string(static_cast<int>(e)) +
             "\n  bind 127.0.0.1:" + std::to_string(port(e)) +
             (tls ? " ssl crt " + certificate + " alpn http/1.1" : "") + "\n  mode " +
             (tls ? "http" : "tcp") + "\n" + std::string(rest);
    };
    const auto server = [](std::uint16_t at) {
      return "  server s 127.0.0.1:" + std::to_string(at) + "\n";
    };
    const auto file = folder_.write(
        "haproxy.cfg",
        "global\n  maxconn 500\ndefaults\n  retries 0\n  timeout connect 5s\n  timeout client 20s\n"
        "  timeout server 20s\n" +
            frontend(
                entrance::impatient,
                "  option http-server-close\n  timeout http-keep-alive 50ms\n" + server(http)) +
            frontend(entrance::closing, "  option httpclose\n" + server(http)) +
            frontend(entrance::old, server(old)) + frontend(entrance::relay, server(https)));
    process_.emplace(folder_, "haproxy", std::vector<std::string>{program, "-db", "-f", file});
    process_->wait_until([&] { return accepts(port(entrance::impatient)); });
  }

  std::uint16_t port(entrance e) const { return ports_.at(static_cast<std::size_t>(e)); }
  std::string url(entrance e, std::string_view path) const {
    return "https://localhost:" + std::to_string(port(e)) + std::string(path);
  }
  /// Signs the certificate of those that end TLS.
  const std::string& root_pem() const { return root_.certificate_pem(); }

 private:
  certificate_authority root_;
  temporary_folder folder_;
  std::array<std::uint16_t, 4> ports_{};
  std::optional<running_program> process_;  // ends before its folder goes
};

}  // namespace cohttps::testing
