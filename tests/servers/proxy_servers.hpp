// Real proxies on loopback, for as long as the object lives.
#pragma once

#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <cohttps/url/percent_encoding.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <certificate_authority.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <netdb.h>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace cohttps::testing {

enum class proxy_program {
  tinyproxy,   ///< HTTP; Basic
  squid,       ///< HTTP and HTTPS; Digest
  danted,      ///< SOCKS4 and SOCKS5; no passwords, and not SOCKS4a
  microsocks,  ///< SOCKS5; a password
};

constexpr std::string_view to_string(proxy_program p) noexcept {
  constexpr std::string_view names[] = {"tinyproxy", "squid", "danted", "microsocks"};
  return names[static_cast<std::size_t>(p)];
}

/// One proxy, which asks for a user name and password when it is given some. It connects to
/// anything.
class proxy_server {
 public:
  struct account {
    std::string user;
    std::string password;
  };

  /// Skips the test where the program is not installed; throws what it says when it does not start.
  explicit proxy_server(proxy_program what, std::optional<account> allowed = {})
      : what_(what), account_(std::move(allowed)), program_(find(to_string(what))) {
    if (program_.empty())
      SKIP("there is no " << to_string(what) << " on this machine; tools/setup test installs it");
    // Squid and Dante give root's rights away before they read all of their files.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    for (int attempt = 1; !start(); ++attempt)  // somebody may have taken a port meanwhile
      if (attempt == 3)
        throw std::runtime_error(std::string(to_string(what)) + " does not start: " + log());
  }

  /// For `proxy::parse`, with the account. An https proxy is named by what its certificate says.
  std::string url(std::string_view scheme) const {
    return account_ ? url(scheme, *account_) : bare_url(scheme);
  }
  std::string url(std::string_view scheme, const account& as) const {
    const auto encoded = [](std::string_view s) {
      return percent_encode(s, percent_encode_set::component);
    };
    return std::string(scheme) + "://" + encoded(as.user) + ':' + encoded(as.password) + '@' +
           bare_url(scheme).substr(scheme.size() + 3);
  }
  std::string bare_url(std::string_view scheme) const {
    return std::string(scheme) + (scheme == "https" ? "://localhost:" + std::to_string(ports_[1])
                                                    : "://127.0.0.1:" + std::to_string(ports_[0]));
  }

  /// Signs the certificate of the https proxy.
  const std::string& root_pem() const { return root_.certificate_pem(); }
  std::string log() const { return folder_.read("out") + folder_.read("err"); }

 private:
  /// Empty when there is none.
  static std::filesystem::path find(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders((path ? std::string(path) : "") + ":/usr/sbin:/usr/local/sbin");
    for (std::string folder; std::getline(folders, folder, ':');)
      if (auto file = std::filesystem::path(folder) / name; ::access(file.c_str(), X_OK) == 0)
        return file;
    return {};
  }

  /// Readable by whoever the proxy becomes.
  std::string file(const std::string& name, std::string_view text) const {
    const auto written = folder_.write(name, text);
    std::filesystem::permissions(written, std::filesystem::perms(0644));
    return written.string();
  }

  std::vector<std::string> command() const {
    const std::string port = std::to_string(ports_[0]), program = program_.string();
    switch (what_) {
      case proxy_program::tinyproxy:
        return {program, "-d", "-c",
                file("conf",
                     "Port " + port + "\nListen 127.0.0.1\nTimeout 30\n" +
                         (account_ ? "BasicAuth " + account_->user + ' ' + account_->password + '\n'
                                   : ""))};
      case proxy_program::squid:
        return {program, "-N",
                "-d",    "1",
                "-n",    "cohttps" + port,
                "-f",    file("conf", squid_configuration(port))};
      case proxy_program::danted:
        if (account_) throw std::runtime_error("danted takes the system's accounts alone");
        return {program, "-p", (folder_.path() / "pid").string(), "-f",
                file("conf", "logoutput: stderr\ninternal: 127.0.0.1 port = " + port +
                                 "\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n"
                                 "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
                                 "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n")};
      case proxy_program::microsocks: {
        std::vector<std::string> words{program, "-i", "127.0.0.1", "-p", port};
        if (account_) words.insert(words.end(), {"-u", account_->user, "-P", account_->password});
        return words;
      }
    }
    return {};
  }

  std::string squid_configuration(const std::string& port) const {
    const auto issued = root_.issue({.dns = {"localhost"}});
    std::string rules = "http_access allow all\n";
    if (account_)
      rules = "auth_param digest program /usr/lib/squid/digest_file_auth " +
              file("accounts", account_->user + ':' + account_->password + '\n') +
              "\nauth_param digest realm test\nauth_param digest children 1 startup=1 idle=1\n"
              "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n";
    return "http_port 127.0.0.1:" + port + "\nhttps_port 127.0.0.1:" + std::to_string(ports_[1]) +
           " tls-cert=" + file("proxy.pem", issued.chain_pem) +
           " tls-key=" + file("proxy.key", issued.key_pem) +
           "\npid_filename none\ncache deny all\naccess_log none\ncache_log /dev/null\n"
           "cache_store_log none\nmemory_cache_shared off\npinger_enable off\n"
           "coredump_dir none\nshutdown_lifetime 0 seconds\n" +
           rules;
  }

  /// False when a port is no longer free.
  bool start() {
    ports_ = free_ports<2>();
    process_.emplace(command(), folder_.path() / "out", folder_.path() / "err");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!accepts(ports_[0]))
      if (process_->wait(std::chrono::milliseconds(5)) || std::chrono::steady_clock::now() > end) {
        process_.reset();
        return false;
      }
    return true;
  }

  proxy_program what_;
  std::optional<account> account_;
  std::filesystem::path program_;
  certificate_authority root_;
  temporary_folder folder_;
  std::array<std::uint16_t, 2> ports_{};
  std::optional<child_process> process_;  // ends before its folder goes
};

/// Whether "localhost" has 127.0.0.1 as its first address, the only one that microsocks tries.
inline bool localhost_is_ipv4() {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) return false;
  const bool first = found->ai_family == AF_INET;
  ::freeaddrinfo(found);
  return first;
}

}  // namespace cohttps::testing
