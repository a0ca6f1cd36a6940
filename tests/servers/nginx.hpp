// A real server: nginx with certificates and files of its own, for as long as the object lives.
#pragma once

#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <certificate_authority.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace cohttps::testing {

/// What listens, each on a port of its own.
enum class site {
  plain,           ///< http
  ecdsa_12,        ///< TLS 1.2 alone
  ecdsa_13,        ///< TLS 1.3 alone
  rsa_12,          ///< the same with a certificate of RSA with 2048 bits
  rsa_13,          ///<
  both,            ///< TLS 1.2 and 1.3
  leaf_only,       ///< does not send the intermediate certificate
  three_requests,  ///< closes each connection after three
  short_idle,      ///< closes connections that are idle for 10 ms
  mutual,          ///< demands a certificate of the client
};
inline constexpr std::size_t site_count = 10;

/// Sites serve: /small.txt, /large.bin and /missing; /ssi/page.html (chunked) and
/// /unframed/page.html (until the close), which show the argument `name`; /trailer, /moved, /loop,
/// /empty, /closing, /slow; /uploads/ takes PUT and DELETE, /form and /unread POST, /small-only and
/// /rude up to 1 KiB of it. The field x-connection has nginx's number of the connection and of the
/// request on it, x-tls its view of the protocol and cipher, x-client whom the client proved to be.
class nginx {
 public:
  /// Empty when there is none.
  static std::filesystem::path program() {
    const char* path = std::getenv("PATH");
    std::istringstream folders((path ? std::string(path) : "") +
                               ":/usr/sbin:/usr/local/sbin:/opt/homebrew/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
      auto candidate = std::filesystem::path(folder) / "nginx";
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
  }

  /// Throws what nginx says when it does not start. Without `continues` it continues no TLS
  /// session.
  explicit nginx(bool continues = true) : continues_(continues) {
    write_files();
    for (int attempt = 1; !start(); ++attempt)  // somebody may have taken a port meanwhile
      if (attempt == 3) throw std::runtime_error("nginx does not start: " + log());
  }

  std::string url(site s, std::string_view path, std::string_view host = "localhost") const {
    return (s == site::plain ? "http://" : "https://") + std::string(host) + ':' +
           std::to_string(port(s)) + std::string(path);
  }
  std::uint16_t port(site s) const { return ports_.at(static_cast<std::size_t>(s)); }

  /// That the site `mutual` accepts.
  issued_certificate client_certificate(const std::string& name) const {
    return root_.issue({.common_name = name, .usages = {"1.3.6.1.5.5.7.3.2"}});
  }
  const std::string& root_pem() const { return root_.certificate_pem(); }
  std::filesystem::path root_file() const { return folder_.path() / "root.pem"; }
  const temporary_folder& folder() const { return folder_; }
  std::string log() const { return folder_.read("error.log") + folder_.read("nginx.err"); }

  const std::string small = "a small file\n";
  const std::string large = noise(8 * 1024 * 1024);
  const std::string page = std::string(100'000, 'x') + "\nname: ";  ///< then the name

 private:
  /// Bytes without a pattern, the same each time.
  static std::string noise(std::size_t size) {
    std::string out(size, '\0');
    std::uint64_t state = 88172645463325252;
    for (char& c : out) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      c = static_cast<char>(state >> 56);
    }
    return out;
  }

  void write_files() {
    folder_.write("root.pem", root_.certificate_pem());
    const auto intermediate = root_.intermediate();
    const auto write = [&](const std::string& name, key_kind key) {
      const auto issued =
          intermediate.issue({.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}, .key = key});
      folder_.write(name + ".key", issued.key_pem);
      folder_.write(name + ".pem", issued.chain_pem);
      folder_.write(name + "_leaf.key", issued.key_pem);
      folder_.write(name + "_leaf.pem", issued.certificate_pem);
    };
    write("ecdsa", key_kind::p256);
    write("rsa", key_kind::rsa_2048);
    folder_.write("site/small.txt", small);
    folder_.write("site/large.bin", large);
    folder_.write("site/ssi/page.html", page + "<!--# echo var=\"arg_name\" -->");
    folder_.write("site/uploads/first", "");
    folder_.write("temporary/empty", "");
  }

  static std::string replaced(std::string text, std::string_view what, const std::string& with) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
      text.replace(at, what.size(), with);
    return text;
  }

  static bool has_ipv6_loopback() {
    const int socket = ::socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    const bool has =
        socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    if (socket >= 0) ::close(socket);
    return has;
  }

  std::string configuration() const {
    std::string servers;
    const auto serve = [&](site s, const std::string& lines) {
      const std::string how = s == site::plain ? ";\n" : " ssl;\n  ";
      const std::string at = std::to_string(port(s));
      servers += "server {\n  listen 127.0.0.1:" + at + how;
      // Where "localhost" is that as well.
      if (has_ipv6_loopback()) servers += "listen [::1]:" + at + how;
      servers += lines + "\n  include site.conf;\n}\n";
    };
    const auto tls = [](const std::string& versions, const std::string& certificate) {
      return "ssl_protocols " + versions + "; ssl_certificate " + certificate +
             ".pem; ssl_certificate_key " + certificate + ".key;";
    };
    const std::string old = "TLSv1.2", current = "TLSv1.3", any = "TLSv1.2 TLSv1.3";
    serve(site::plain, "");
    serve(site::ecdsa_12, tls(old, "ecdsa"));
    serve(site::ecdsa_13, tls(current, "ecdsa"));
    serve(site::rsa_12, tls(old, "rsa"));
    serve(site::rsa_13, tls(current, "rsa"));
    serve(site::both, tls(any, "ecdsa"));
    serve(site::leaf_only, tls(any, "ecdsa_leaf"));
    serve(site::three_requests, tls(any, "ecdsa") + " keepalive_requests 3;");
    serve(site::short_idle, tls(any, "ecdsa") + " keepalive_timeout 10ms;");
    serve(site::mutual,
          tls(any, "ecdsa") + " ssl_client_certificate root.pem; ssl_verify_client on;");
    return R"(daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  types { text/plain txt; text/html html; }
  default_type application/octet-stream;
  keepalive_requests 100000;
  add_header x-connection "$connection/$connection_requests" always;
  add_header x-tls "$ssl_protocol $ssl_cipher" always;
  add_header x-client "$ssl_client_s_dn" always;
)" + std::string(continues_ ? "" : "  ssl_session_tickets off;\n  ssl_session_cache off;\n") +
           servers + "}\n";
  }

  std::string locations() const {
    return replaced(R"(root site;
location = /moved { return 301 /small.txt; }
location = /loop { return 302 /loop; }
location = /empty { return 204; }
location = /closing { keepalive_timeout 0; return 200 "the last one"; }
location = /slow { limit_rate 20k; alias site/large.bin; }
location = /trailer { add_trailer x-checksum 1234; alias site/small.txt; }
location /ssi/ { ssi on; }
location /unframed/ { ssi on; chunked_transfer_encoding off; alias site/ssi/; }
location /uploads/ { client_max_body_size 32m; dav_methods PUT DELETE; }
location = /unread { client_max_body_size 32m; return 200 "never read"; }
location = /small-only { client_max_body_size 1k; return 200 "small"; }
location = /rude { client_max_body_size 1k; lingering_close off; return 200 "small"; }
location = /form {
  client_body_in_single_buffer on;
  proxy_pass http://127.0.0.1:@plain@/taken;
  proxy_hide_header x-connection;
  proxy_hide_header x-tls;
  add_header x-connection "$connection/$connection_requests";
  add_header x-body $request_body;
}
location = /taken { return 200 "taken"; }
)",
                    "@plain@", std::to_string(port(site::plain)));
  }

  /// False when a port is no longer free.
  bool start() {
    ports_ = free_ports<site_count>();
    folder_.write("nginx.conf", configuration());
    folder_.write("site.conf", locations());
    process_.emplace(
        std::vector<std::string>{program().string(), "-p", folder_.path().string() + "/", "-c",
                                 (folder_.path() / "nginx.conf").string()},
        folder_.path() / "nginx.out", folder_.path() / "nginx.err");
    // It writes its id when it has all ports.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const std::string id = std::to_string(process_->id()) + "\n";
    while (folder_.read("nginx.pid") != id || !accepts(port(site::plain)))
      if (process_->wait(std::chrono::milliseconds(2)) || std::chrono::steady_clock::now() > end) {
        process_.reset();
        return false;
      }
    return true;
  }

  bool continues_;
  certificate_authority root_;
  temporary_folder folder_;
  std::array<std::uint16_t, site_count> ports_{};
  std::optional<child_process> process_;  // ends before its folder goes
};

/// The one that all tests of a program share. Skips the test where nginx is not installed.
inline nginx& web_server() {
  if (nginx::program().empty())
    SKIP("there is no nginx on this machine; tools/setup test installs it");
  static nginx server;
  return server;
}

}  // namespace cohttps::testing
