// Programs that end TLS, each with a library of its own behind it, started with a certificate and
// rules of a test's choice.
#pragma once

#include "servers/network_programs.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "tls/tls_server_peer.hpp"

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>

#include <certificate_authority.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cohttps::testing {

/// What a server is told.
struct tls_peer_setup {
  issued_certificate certificate;
  bool tls13 = true;                      ///< that alone; false: TLS 1.2 alone
  std::string group = {};                 ///< the only one that it takes; "secp384r1" or empty
  std::string client_authority = {};      ///< PEM: clients have to prove who they are
  std::vector<std::uint8_t> staple = {};  ///< OCSP answer, for those that take one from a file
  std::size_t record_size = 0;            ///< of what it sends, for those that can be told
};

/// How to start one, and what it can.
struct tls_peer_kind {
  std::string_view name;
  bool tls13 = true;   ///< all do
  bool renews = true;  ///< gives a new ticket to who comes with one of TLS 1.3
  bool mutual = true;  ///< can ask for a certificate
  bool picks_group = true;
  bool staples = false;   ///< out of a file
  bool sizes = false;     ///< of records can be told
  std::string_view alpn;  ///< what it agrees to when "h2" and "http/1.1" are offered
};

inline constexpr tls_peer_kind tls_peer_kinds[] = {
    {.name = "nginx", .staples = true, .sizes = true, .alpn = "http/1.1"},
    {.name = "apache2", .alpn = "http/1.1"},
    {.name = "haproxy", .staples = true, .alpn = "h2"},
    {.name = "lighttpd", .renews = false, .staples = true, .alpn = "h2"},
    {.name = "caddy", .alpn = "h2"},
    {.name = "h2o", .renews = false, .mutual = false, .picks_group = false, .alpn = "h2"},
    {.name = "openssl", .staples = true, .sizes = true, .alpn = ""},
    {.name = "gnutls-serv", .staples = true, .sizes = true, .alpn = ""},
    {.name = "node", .renews = false, .alpn = "http/1.1"},
    {.name = "stunnel", .alpn = ""},
    {.name = "Botan", .staples = true, .alpn = "http/1.1"},
};

class tls_peer {
 public:
  /// Skips the test where the program is not installed.
  tls_peer(const tls_peer_kind& kind, tls_peer_setup setup)
      : kind_(kind), setup_(std::move(setup)) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    folder_.write("chain.pem", setup_.certificate.chain_pem);
    folder_.write("key.pem", setup_.certificate.key_pem);
    folder_.write("above.pem",
                  setup_.certificate.chain_pem.substr(setup_.certificate.certificate_pem.size()));
    folder_.write("both.pem", setup_.certificate.chain_pem + setup_.certificate.key_pem);
    folder_.write("site/small.txt", "a small file\n");
    folder_.write("ca.pem", setup_.client_authority);
    if (!setup_.staple.empty()) {
      const std::string_view answer(reinterpret_cast<const char*>(setup_.staple.data()),
                                    setup_.staple.size());
      folder_.write("staple.der", answer);
      folder_.write("both.pem.ocsp", answer);
    }
    if (kind.name == "Botan") {
      start_botan();
      return;
    }
    for (int attempt = 1;; ++attempt) try {
        port_ = free_port();
        process_.emplace(folder_, std::string(kind.name), command());
        process_->wait_until([&] { return accepts(port_); });
        return;
      } catch (const std::runtime_error&) {  // somebody may have taken the port meanwhile
        process_.reset();
        if (attempt == 2) throw;
      }
  }

  std::uint16_t port() const { return port_; }
  /// Asks for something; the answer has `expected()` in it, and then the connection ends.
  static constexpr std::string_view request =
      "GET /small.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string_view expected() const {
    return kind_.name == "openssl"       ? "</BODY></HTML>"
           : kind_.name == "gnutls-serv" ? "GnuTLS"
                                         : "a small file";
  }

 private:
  using words = std::vector<std::string>;

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  bool mutual() const { return !setup_.client_authority.empty(); }
  std::string version(std::string_view prefix) const {
    return std::string(prefix) + (setup_.tls13 ? "1.3" : "1.2");
  }
  bool picks() const { return !setup_.group.empty(); }

  words command() {
    const std::string at = std::to_string(port_);
    if (kind_.name == "nginx") return nginx_command(at);
    if (kind_.name == "apache2") return apache_command(at);
    if (kind_.name == "haproxy") return haproxy_command(at);
    if (kind_.name == "lighttpd") return lighttpd_command(at);
    if (kind_.name == "caddy") return caddy_command(at);
    if (kind_.name == "h2o") return h2o_command(at);
    if (kind_.name == "openssl") return openssl_command(at);
    if (kind_.name == "gnutls-serv") return gnutls_command(at);
    if (kind_.name == "node") return node_command(at);
    return stunnel_command(at);
  }

  words nginx_command(const std::string& at) {
    folder_.write(
        "nginx.conf",
        "daemon off; master_process off; pid nginx.pid; error_log stderr warn;\n"
        "events {}\nhttp { access_log off; client_body_temp_path t; proxy_temp_path t; "
        "fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\nserver { listen "
        "127.0.0.1:" +
            at + " ssl; root site; ssl_protocols " + version("TLSv") +
            "; ssl_certificate chain.pem; ssl_certificate_key key.pem;" +
            (picks() ? " ssl_ecdh_curve " + setup_.group + ";" : "") +
            (mutual() ? " ssl_verify_client on; ssl_client_certificate ca.pem;" : "") +
            (setup_.staple.empty() ? "" : " ssl_stapling on; ssl_stapling_file staple.der;") +
            (setup_.record_size ? " ssl_buffer_size " + std::to_string(setup_.record_size) + ";"
                                : "") +
            " } }\n");
    return {installed("nginx"),
            "-p",
            folder_.path().string() + "/",
            "-c",
            path("nginx.conf"),
            "-e",
            "stderr"};
  }
  words apache_command(const std::string& at) {
    std::string modules;
    for (const auto* name : {"mpm_event", "authz_core", "ssl", "socache_shmcb"})
      modules += std::string("LoadModule ") + name + "_module /usr/lib/apache2/modules/mod_" +
                 name + ".so\n";
    folder_.write(
        "apache.conf",
        modules + "ServerRoot " + folder_.path().string() +
            "\nServerName localhost\nUser www-data\nGroup www-data\nPidFile apache.pid\n"
            "DefaultRuntimeDir .\nErrorLog apache.log\nListen 127.0.0.1:" +
            at + "\nDocumentRoot " + path("site") + "\nSSLSessionCache shmcb:" + path("cache") +
            "(512000)\nSSLEngine on\nSSLProtocol "
            "-all +" +
            version("TLSv") + "\nSSLCertificateFile chain.pem\nSSLCertificateKeyFile key.pem\n" +
            (picks() ? "SSLOpenSSLConfCmd Curves " + setup_.group + "\n" : "") +
            (mutual() ? "SSLCACertificateFile ca.pem\nSSLVerifyClient require\n" : ""));
    return {installed("apache2"), "-D", "FOREGROUND", "-f", path("apache.conf")};
  }
  words haproxy_command(const std::string& at) {
    folder_.write("haproxy.cfg",
                  "defaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout "
                  "connect 5s\nfrontend f\n  bind 127.0.0.1:" +
                      at + " ssl crt " + path("both.pem") + " alpn h2,http/1.1 ssl-min-ver " +
                      version("TLSv") + " ssl-max-ver " + version("TLSv") +
                      (picks() ? " curves " + setup_.group : "") +
                      (mutual() ? " ca-file " + path("ca.pem") + " verify required" : "") +
                      "\n  http-request return status 200 content-type text/plain string \"a "
                      "small file\"\n");
    return {installed("haproxy"), "-db", "-f", path("haproxy.cfg")};
  }
  words lighttpd_command(const std::string& at) {
    folder_.write(
        "lighttpd.conf",
        "server.modules = (\"mod_openssl\")\nserver.document-root = \"" + path("site") +
            "\"\nserver.bind = \"127.0.0.1\"\nserver.port = " + at + "\nserver.errorlog = \"" +
            path("log") + "\"\nserver.upload-dirs = (\"" + folder_.path().string() +
            "\")\nssl.engine = \"enable\"\nssl.pemfile = \"" + path("chain.pem") +
            "\"\nssl.privkey = \"" + path("key.pem") +
            "\"\nssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"" + version("TLSv") +
            "\", \"MaxProtocol\" => \"" + version("TLSv") + "\"" +
            (picks() ? ", \"Groups\" => \"" + setup_.group + "\"" : "") + ")\n" +
            (setup_.staple.empty() ? "" : "ssl.stapling-file = \"" + path("staple.der") + "\"\n") +
            (mutual() ? "ssl.ca-file = \"" + path("ca.pem") +
                            "\"\nssl.verifyclient.activate = \"enable\"\n"
                            "ssl.verifyclient.enforce = \"enable\"\n"
                      : ""));
    return {installed("lighttpd"), "-D", "-f", path("lighttpd.conf")};
  }
  words caddy_command(const std::string& at) {
    const std::string v = setup_.tls13 ? "tls1.3" : "tls1.2";
    folder_.write(
        "caddy.json",
        R"({"admin":{"disabled":true},"logging":{"logs":{"default":{"level":"ERROR"}}},"storage":{"module":"file_system","root":")" +
            path("caddy") + R"("},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:)" + at +
            R"("],"automatic_https":{"disable":true},"routes":[{"handle":[{"handler":"file_server","root":")" +
            path("site") + R"("}]}],"tls_connection_policies":[{"protocol_min":")" + v +
            R"(","protocol_max":")" + v + "\"" +
            (picks() ? R"(,"curves":[")" + setup_.group + "\"]" : "") +
            (mutual()
                 ? R"(,"client_authentication":{"mode":"require_and_verify","trusted_ca_certs_pem_files":[")" +
                       path("ca.pem") + "\"]}"
                 : "") +
            R"(}]}}},"tls":{"certificates":{"load_files":[{"certificate":")" + path("chain.pem") +
            R"(","key":")" + path("key.pem") + R"("}]}}}})");
    return {installed("caddy"), "run", "--config", path("caddy.json")};
  }
  words h2o_command(const std::string& at) {
    folder_.write(
        "h2o.conf",
        std::string(::geteuid() == 0 ? "user: root\n" : "") +
            "num-threads: 1\nhosts:\n  default:\n    listen:\n      host: 127.0.0.1\n"
            "      port: " +
            at + "\n      ssl:\n        certificate-file: " + path("chain.pem") +
            "\n        key-file: " + path("key.pem") + "\n        minimum-version: " +
            version("TLSv") + "\n        maximum-version: " + version("TLSv") +
            "\n        ocsp-update-interval: 0\n    paths:\n      /:\n        file.dir: " +
            path("site") + "\n");
    return {installed("h2o"), "-c", path("h2o.conf")};
  }
  words openssl_command(const std::string& at) {
    words all{installed("openssl"),
              "s_server",
              "-www",
              "-accept",
              "127.0.0.1:" + at,
              "-cert",
              path("chain.pem"),
              "-cert_chain",
              path("above.pem"),
              "-key",
              path("key.pem"),
              setup_.tls13 ? "-tls1_3" : "-tls1_2"};
    if (picks()) all.insert(all.end(), {"-groups", setup_.group});
    if (mutual())
      all.insert(all.end(), {"-CAfile", path("ca.pem"), "-Verify", "3", "-verify_return_error"});
    if (!setup_.staple.empty()) all.insert(all.end(), {"-status_file", path("staple.der")});
    if (setup_.record_size)
      all.insert(all.end(), {"-max_send_frag", std::to_string(setup_.record_size)});
    return all;
  }
  words gnutls_command(const std::string& at) {
    words all{installed("gnutls-serv"),
              "--http",
              "-p",
              at,
              "--x509certfile",
              path("chain.pem"),
              "--x509keyfile",
              path("key.pem"),
              "--priority",
              "NORMAL:-VERS-ALL:+VERS-" + version("TLS") +
                  (picks() ? ":-GROUP-ALL:+GROUP-SECP384R1" : "")};
    if (mutual())
      all.insert(all.end(),
                 {"--require-client-cert", "--verify-client-cert", "--x509cafile", path("ca.pem")});
    if (!setup_.staple.empty())
      all.insert(all.end(),
                 {"--ocsp-response", path("staple.der"), "--ignore-ocsp-response-errors"});
    if (setup_.record_size)
      all.insert(all.end(), {"--recordsize", std::to_string(setup_.record_size)});
    return all;
  }
  words node_command(const std::string& at) {
    const std::string v = version("TLSv");
    folder_.write(
        "server.js",
        "const fs = require('fs');\nrequire('https').createServer({key: "
        "fs.readFileSync('" +
            path("key.pem") + "'), cert: fs.readFileSync('" + path("chain.pem") +
            "'), minVersion: '" + v + "', maxVersion: '" + v + "'" +
            (picks() ? ", ecdhCurve: '" + setup_.group + "'" : "") +
            (mutual() ? ", requestCert: true, rejectUnauthorized: true, ca: fs.readFileSync('" +
                            path("ca.pem") + "')"
                      : "") +
            "}, (q, r) => r.end('a small file\\n')).listen(" + at + ", '127.0.0.1');\n");
    return {installed("node"), path("server.js")};
  }
  words stunnel_command(const std::string& at) {
    behind_ = std::make_unique<peer>([](accepted& caller) {
      caller.receive_head();
      caller.send("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\na small file\n");
    });
    folder_.write("stunnel.conf",
                  "foreground = yes\npid =\nsyslog = no\n[s]\naccept = 127.0.0.1:" + at +
                      "\nconnect = 127.0.0.1:" + std::to_string(behind_->port()) +
                      "\ncert = " + path("chain.pem") + "\nkey = " + path("key.pem") +
                      "\nsslVersion = " + version("TLSv") + "\n" +
                      (picks() ? "curves = " + setup_.group + "\n" : "") +
                      (mutual() ? "CAfile = " + path("ca.pem") + "\nverifyChain = yes\n" : ""));
    return {installed("stunnel"), path("stunnel.conf")};
  }

  void start_botan() {
    tls_server_options how{.tls12 = !setup_.tls13,
                           .tls13 = setup_.tls13,
                           .alpn = {"http/1.1"},
                           .require_client_certificate = mutual(),
                           .staple = setup_.staple};
    how.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
        std::make_shared<Botan::System_RNG>());
    if (picks()) how.groups = {Botan::TLS::Group_Params_Code::SECP384R1};
    behind_ = std::make_unique<peer>([how, this](accepted& caller) {
      tls_server_peer server(setup_.certificate, how);
      for (std::string in = caller.receive(); !in.empty(); in = caller.receive()) {
        const bool fine = server.receive(std::as_bytes(std::span(in)));
        const bool asked = server.received.find("\r\n\r\n") != std::string::npos;
        if (asked) server.send("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\na small file\n");
        if (asked) server.close();
        caller.send(server.outgoing.text());
        server.outgoing.clear();
        if (!fine || asked) return;
      }
    });
    port_ = behind_->port();
  }

  tls_peer_kind kind_;
  tls_peer_setup setup_;
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<peer> behind_;
  std::optional<running_program> process_;  // ends before its folder goes
};

}  // namespace cohttps::testing
