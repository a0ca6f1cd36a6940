// Servers that speak HTTP/3: each serves the files of an `http2_site` over QUIC.
#pragma once

#include "servers/http2_servers.hpp"
#include "servers/network_programs.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <servers/programs.hpp>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Where `tools/setup test` has put a program of a newer system. Skips the test where it is not.
inline std::string newer(std::string_view name) {
  const auto variable = [](const char* which) -> std::filesystem::path {
    const char* value = std::getenv(which);
    return value ? value : "";
  };
  auto cache = variable("XDG_CACHE_HOME");
  if (cache.empty()) cache = variable("HOME") / ".cache";
  const auto file = cache / "cohttps" / "http3-peers" / "bin" / name;
  if (::access(file.c_str(), X_OK) != 0)
    SKIP("there is no " << name << " with HTTP/3 in " << file.parent_path().string()
                        << "; tools/setup test puts it there");
  return file.string();
}

/// One of them, by its name ("caddy", "nginx", "aioquic"), for as long as the object lives.
class http3_server {
 public:
  /// `ways` of nginx are directives, and those of aioquic the words of http3_server.py. Both know
  /// "large-chain", a certificate of more than 15,000 bytes.
  http3_server(const http2_site& site, std::string_view name, std::vector<std::string> ways = {},
               std::string address = "127.0.0.1")
      : site_(site), address_(std::move(address)), port_(free_port()) {
    if (name == "nginx") start_nginx(ways);
    if (name == "aioquic") start_aioquic(ways);
    if (name == "caddy") {
      caddy_.emplace(site, "caddy");
      port_ = caddy_->port();
    }
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path) const {
    return "https://localhost:" + std::to_string(port_) + std::string(path);
  }

 private:
  void start_nginx(const std::vector<std::string>& ways) {
    const bool v6 = address_.find(':') != address_.npos;
    const std::string at = (v6 ? "[" + address_ + "]" : address_) + ":" + std::to_string(port_);
    const std::string folder = site_.folder().path().string();
    std::string more, certificate = "site";
    for (const auto& each : ways)
      if (each == "large-chain")
        certificate = "large";
      else
        more += "    " + each + ";\n";
    for (const char* each : {"nginx-http3/empty", "site/up/empty"}) site_.folder().write(each, "");
    site_.folder().write("nginx-http3.log", "");
    const auto file = site_.folder().write("nginx-http3.conf", R"(daemon off;
master_process off;
pid nginx-http3.pid;
error_log nginx-http3.log info;
events { worker_connections 1024; }
http {
  access_log off;
  client_max_body_size 0;
  keepalive_requests 100000;
  client_body_temp_path nginx-http3/body;
  proxy_temp_path nginx-http3/proxy;
  fastcgi_temp_path nginx-http3/fastcgi;
  uwsgi_temp_path nginx-http3/uwsgi;
  scgi_temp_path nginx-http3/scgi;
  server {
    listen )" + at + R"( quic;
    listen )" + at + R"( ssl;
    ssl_certificate )" + certificate + R"(.pem;
    ssl_certificate_key )" + certificate + R"(.key;
    root site;
    add_header alt-svc 'h3=":)" + std::to_string(port_) + R"("; ma=60';
)" + more + R"(    location /up/ { dav_methods PUT; }
  }
}
)");
    process_.emplace(
        site_.folder(), "nginx-http3",
        std::vector<std::string>{newer("nginx-http3"), "-p", folder + "/", "-c", file.string()});
    process_->wait_until([&] {
      return site_.folder().read("nginx-http3.log").find("built by") != std::string::npos;
    });
  }

  void start_aioquic(const std::vector<std::string>& ways) {
    std::vector<std::string> command{
        newer("python-aioquic"), std::string(COHTTPS_SERVERS_FOLDER) + "/http3_server.py", address_,
        std::to_string(port_), site_.folder().path().string()};
    command.insert(command.end(), ways.begin(), ways.end());
    process_.emplace(site_.folder(), "aioquic", command);
    process_->wait_until([&] { return process_->out().find("ready") != std::string::npos; });
  }

  const http2_site& site_;
  std::string address_;
  std::uint16_t port_;
  std::optional<http2_server> caddy_;
  std::optional<running_program> process_;
};

}  // namespace cohttps::testing
