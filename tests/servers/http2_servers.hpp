// Servers that speak HTTP/2, as a system has them: each serves two files over TLS.
#pragma once

#include "servers/network_programs.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <certificate_authority.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// Files and a certificate that the servers of one test share.
class http2_site {
 public:
  http2_site() {
    // h2o becomes nobody where root starts it.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    const auto issued = root_.issue({.dns = {"localhost", "www.test"}, .ip = {"127.0.0.1"}});
    std::vector<std::string> names{"localhost"};  // 15,000 bytes and more
    for (int i = 0; i < 400; ++i)
      names.push_back("name-" + std::to_string(i) + ".of.many.localhost");
    const auto many = root_.issue({.dns = names});
    folder_.write("root.pem", root_.certificate_pem());
    folder_.write("site.key", issued.key_pem);
    folder_.write("site.pem", issued.chain_pem);
    folder_.write("both.pem", issued.chain_pem + issued.key_pem);
    folder_.write("large.key", many.key_pem);
    folder_.write("large.pem", many.chain_pem);
    folder_.write("site/small.txt", small);
    folder_.write("site/large.bin", large);
  }

  const temporary_folder& folder() const { return folder_; }
  std::string path(std::string_view name) const { return (folder_.path() / name).string(); }
  const std::string& root_pem() const { return root_.certificate_pem(); }
  issued_certificate client_certificate() const {
    return root_.issue({.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}});
  }

  const std::string small = "a small file\n";
  const std::string large = [] {
    std::string out(8 * 1024 * 1024, '\0');
    std::uint32_t state = 12345;
    for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return out;
  }();

 private:
  certificate_authority root_;
  temporary_folder folder_;
};

/// One of them, by its name, for as long as the object lives. Skips the test where it is not
/// installed.
class http2_server {
 public:
  /// `more` goes into nginx's configuration of the server.
  http2_server(const http2_site& site, std::string_view name, std::string more = {})
      : site_(site), port_(free_port()), more_(std::move(more)) {
    if (name == "nginx") start_nginx();
    if (name == "nghttpd") start_nghttpd({site.path("site.key"), site.path("site.pem")});
    if (name == "nghttpd without TLS") start_nghttpd({"--no-tls"});
    if (name == "apache2") start_apache();
    if (name == "h2o") start_h2o();
    if (name == "haproxy") start_haproxy();
    if (name == "node") start_node();
    if (name == "caddy") start_caddy();
    process_->wait_until([&] { return accepts(port_); });
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path) const {
    return "https://localhost:" + std::to_string(port_) + std::string(path);
  }

 private:
  void run(const std::string& name, const std::vector<std::string>& command) {
    process_.emplace(site_.folder(), name, command);
  }
  std::string port_text() const { return std::to_string(port_); }
  std::string file(const std::string& name, std::string_view text) const {
    return site_.folder().write(name, text).string();
  }

  void start_nginx() {
    run("nginx", nginx("127.0.0.1:" + port_text() +
                       " ssl http2; ssl_certificate site.pem; ssl_certificate_key site.key;"));
  }
  std::vector<std::string> nginx(const std::string& listen) const {
    file("temporary/empty", "");
    return {installed("nginx"), "-p", site_.folder().path().string() + "/", "-c",
            file("nginx.conf", R"(daemon off;
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
  server { listen )" + listen + more_ +
                                   R"( root site; }
}
)")};
  }

  void start_nghttpd(const std::vector<std::string>& rest) {
    std::vector<std::string> command{installed("nghttpd"), "-d", site_.path("site"), port_text()};
    command.insert(rest.size() == 1 ? command.begin() + 1 : command.end(), rest.begin(),
                   rest.end());
    run("nghttpd", command);
  }

  void start_apache() {
    const auto program = installed("apache2");
    std::string modules;
    for (const std::string name : {"mpm_event", "authz_core", "ssl", "http2"})
      modules += "LoadModule " + name + "_module /usr/lib/apache2/modules/mod_" + name + ".so\n";
    run("apache2", {program, "-X", "-f", file("apache.conf", modules + R"(
ServerName localhost
ServerRoot )" + site_.folder().path().string() + R"(
PidFile apache.pid
ErrorLog apache.log
Mutex file:)" + site_.folder().path().string() + R"(
Listen 127.0.0.1:)" + port_text() + R"(
DocumentRoot )" + site_.path("site") + R"(
Protocols h2
SSLEngine on
SSLCertificateFile site.pem
SSLCertificateKeyFile site.key
)")});
  }

  void start_h2o() {
    run("h2o",
        {installed("h2o"), "-c",
         file("h2o.conf",
              "hosts:\n  localhost:\n    listen:\n"
              "      host: 127.0.0.1\n      port: " +
                  port_text() + "\n      ssl:\n        certificate-file: " +
                  site_.path("site.pem") + "\n        key-file: " + site_.path("site.key") +
                  "\n    paths:\n      /:\n        file.dir: " + site_.path("site") + "\n")});
  }

  /// In front of nginx, as it serves no files of its own.
  void start_haproxy() {
    const auto program = installed("haproxy");
    const std::uint16_t behind = free_port();
    behind_.emplace(site_.folder(), "behind", nginx("127.0.0.1:" + std::to_string(behind) + ";"));
    behind_->wait_until([&] { return accepts(behind); });
    run("haproxy", {program, "-db", "-f",
                    file("haproxy.cfg", R"(defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen site
  bind 127.0.0.1:)" + port_text() + " ssl crt " +
                                            site_.path("both.pem") + R"( alpn h2
  server s 127.0.0.1:)" + std::to_string(behind) +
                                            "\n")});
  }

  /// Also answers POST with what it gets, as it comes, and the trailer field x-size; over HTTP/1.1
  /// too. Takes CONNECT with a protocol, and sends back what comes. Answers "/pings" after 700 ms
  /// with how many PINGs have come meanwhile.
  void start_node() {
    run("node", {installed("node"), file("server.js", R"(
const http2 = require('http2'), fs = require('fs');
const folder = process.argv[2] + '/';
const server = http2.createSecureServer({
  allowHTTP1: true, settings: {enableConnectProtocol: true}, key: fs.readFileSync(folder + 'site.key'), cert: fs.readFileSync(folder + 'site.pem')});
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  if (headers[':method'] === 'CONNECT') {
    stream.respond({':status': 200, 'x-protocol': headers[':protocol']});
    stream.pipe(stream);
    return;
  }
  if (headers[':path'] === '/pings') {
    let pings = 0;
    stream.session.on('ping', () => { ++pings; });
    setTimeout(() => { stream.respond({':status': 200}); stream.end(String(pings)); }, 700);
    return;
  }
  if (headers[':method'] === 'POST') {
    stream.respond({':status': 200}, {waitForTrailers: true});
    let size = 0;
    stream.on('data', part => { size += part.length; });
    stream.on('wantTrailers', () => stream.sendTrailers({'x-size': String(size)}));
    stream.pipe(stream);
    return;
  }
  const path = folder + 'site' + headers[':path'];
  if (!fs.existsSync(path)) { stream.respond({':status': 404}, {endStream: true}); return; }
  const head = {':status': 200, 'content-length': fs.statSync(path).size};
  if (headers[':method'] === 'HEAD') stream.respond(head, {endStream: true});
  else stream.respondWithFile(path, head);
});
server.on('request', (request, response) => {
  if (request.httpVersionMajor !== 1) return;
  response.writeHead(200, {trailer: 'x-size'});
  let size = 0;
  request.on('data', part => { size += part.length; });
  request.on('end', () => response.addTrailers({'x-size': String(size)}));
  request.pipe(response);
});
server.on('connect', () => {});  // else it is refused
process.on('uncaughtException', why => console.error(why));
server.listen(Number(process.argv[3]), '127.0.0.1');
)"),
                 site_.folder().path().string(), port_text()});
  }

  void start_caddy() {
    run("caddy", {installed("caddy"), "run", "--adapter", "caddyfile", "--config",
                  file("Caddyfile",
                       "{\n  admin off\n  auto_https off\n  storage file_system " +
                           site_.path("caddy") + "\n}\nhttps://localhost:" + port_text() +
                           ", https://www.test:" + port_text() + " {\n  bind 127.0.0.1\n  tls " +
                           site_.path("site.pem") + " " + site_.path("site.key") + "\n  root * " +
                           site_.path("site") + "\n  file_server\n}\n")});
  }

  const http2_site& site_;
  std::uint16_t port_;
  std::string more_;
  std::optional<running_program> behind_;
  std::optional<running_program> process_;
};

}  // namespace cohttps::testing
