// A peer whose TLS is OpenSSL's, for as long as the object lives.
#pragma once

#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <certificate_authority.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace cohttps::testing {

/// `openssl s_server -www` with what `arguments` say, on a port of its own.
class openssl_server {
 public:
  explicit openssl_server(std::vector<std::string> arguments,
                          const issued_certificate& certificate = localhost_certificate())
      : port_(free_port()) {
    folder_.write("key.pem", certificate.key_pem);
    folder_.write("chain.pem", certificate.chain_pem);
    std::vector<std::string> command{program(), "s_server",
                                     "-accept", "127.0.0.1:" + std::to_string(port_),
                                     "-key",    (folder_.path() / "key.pem").string(),
                                     "-cert",   (folder_.path() / "chain.pem").string(),
                                     "-www"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    process_.emplace(command, folder_.path() / "out", folder_.path() / "err");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!accepts(port_))
      if (process_->wait(std::chrono::milliseconds(2)) || std::chrono::steady_clock::now() > end)
        throw std::runtime_error("openssl does not start: " + folder_.read("err"));
  }
  std::uint16_t port() const { return port_; }

  static std::string program() {
    for (const auto* path : {"/usr/bin/openssl", "/usr/local/bin/openssl"})
      if (std::filesystem::exists(path)) return path;
    SKIP("there is no openssl on this machine");
    return {};
  }

 private:
  temporary_folder folder_;
  std::uint16_t port_;
  std::optional<child_process> process_;
};

}  // namespace cohttps::testing
