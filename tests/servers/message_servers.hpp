// Real servers that know what is in a message, on loopback, for as long as the object lives.
#pragma once

#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <cohttps/client.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/run.hpp>

#include <botan/hash.h>
#include <botan/hex.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <certificate_authority.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace cohttps::testing {

enum class message_program {
  httpbin,  ///< Python's httpbin over Werkzeug
  node,     ///< echo_server.js
  apache,   ///< files, uploads, passwords; see `message_server::apache`
  caddy,    ///< files, codings, redirections
};

constexpr std::string_view to_string(message_program p) noexcept {
  constexpr std::string_view names[] = {"httpbin", "node", "apache2", "caddy"};
  return names[static_cast<std::size_t>(p)];
}

/// One server for http and https, with files of its own in `site()`: small.txt, and text.txt, which
/// is worth compressing. Its accounts are "me" with the password "open sesame".
class message_server {
 public:
  /// Skips the test where the program is not installed; throws what it says when it does not start.
  explicit message_server(message_program what) : what_(what), program_(find(what)) {
    if (program_.empty())
      SKIP("there is no " << to_string(what) << " on this machine; tools/setup test installs it");
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    for (int attempt = 1; !start(); ++attempt)  // somebody may have taken a port meanwhile
      if (attempt == 3)
        throw std::runtime_error(std::string(to_string(what)) + " does not start: " + log());
  }

  std::string url(std::string_view path, bool secure = true) const {
    return (secure ? "https://localhost:" : "http://localhost:") +
           std::to_string(ports_[secure ? 1 : 0]) + std::string(path);
  }
  const std::string& root_pem() const { return root_.certificate_pem(); }
  std::string root_file() const { return file("root.pem", root_pem()); }
  const temporary_folder& folder() const { return folder_; }
  std::string log() const { return folder_.read("out") + folder_.read("err"); }

  /// A client that trusts it, and gives up on what hangs.
  client_options options() const {
    return {.tls = tls_context({.system_roots = false, .root_pem = root_pem()}),
            .allow_plaintext = true,
            .timeout = std::chrono::seconds(20)};
  }

  const std::string small = "a small file\n";
  const std::string text = [] {
    std::string lines;
    for (int i = 0; i < 20'000; ++i) lines += "line " + std::to_string(i) + " of a text\n";
    return lines;
  }();

 private:
  static std::filesystem::path find(message_program what) {
    const auto name = what == message_program::httpbin ? "python3" : to_string(what);
    for (const char* folder : {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"}) {
      auto file = std::filesystem::path(folder) / name;
      if (::access(file.c_str(), X_OK) != 0) continue;
      if (what == message_program::httpbin) {
        child_process has({file.string(), "-c", "import httpbin"});
        if (has.wait(std::chrono::seconds(20)) != 0) continue;
      }
      return file;
    }
    return {};
  }

  /// Readable by whoever the server becomes.
  std::string file(const std::string& name, std::string_view content) const {
    const auto written = folder_.write(name, content);
    std::filesystem::permissions(written.parent_path(), std::filesystem::perms(0777));
    std::filesystem::permissions(written, std::filesystem::perms(0644));
    // What has just been changed gets no strong ETag.
    std::filesystem::last_write_time(
        written, std::filesystem::last_write_time(written) - std::chrono::hours(1));
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    return written.string();
  }

  std::vector<std::string> command() const {
    const std::string program = program_.string();
    const std::string plain = std::to_string(ports_[0]), secure = std::to_string(ports_[1]);
    const auto issued = root_.intermediate().issue({.dns = {"localhost"}, .ip = {"127.0.0.1"}});
    const auto certificate = file("server.pem", issued.chain_pem);
    const auto key = file("server.key", issued.key_pem);
    file("site/small.txt", small);
    file("site/text.txt", text);
    file("site/uploads/first", "");
    switch (what_) {
      case message_program::httpbin:
        return {program, "-c", R"(
import sys, threading
from werkzeug.serving import WSGIRequestHandler, make_server
from httpbin import app
WSGIRequestHandler.protocol_version = 'HTTP/1.1'
plain, secure, certificate, key = sys.argv[1:]
servers = [make_server('127.0.0.1', int(plain), app, threaded=True),
           make_server('127.0.0.1', int(secure), app, threaded=True, ssl_context=(certificate, key))]
threads = [threading.Thread(target=s.serve_forever) for s in servers]
for t in threads: t.start()
)", plain, secure, certificate, key};
      case message_program::node:
        return {program, COHTTPS_SERVERS_FOLDER "/echo_server.js", plain, secure, certificate, key};
      case message_program::apache:
        return {program, "-X",
                "-d",    folder_.path().string(),
                "-f",    file("apache.conf", apache(plain, secure, certificate, key))};
      case message_program::caddy:
        return {program,     "run",      "--adapter",
                "caddyfile", "--config", file("Caddyfile", caddy(plain, secure, certificate, key))};
    }
    return {};
  }

  static std::string hex(const char* hash, std::string_view text) {
    const auto function = Botan::HashFunction::create_or_throw(hash);
    function->update(text);
    return Botan::hex_encode(function->final(), false);
  }
  static std::string sha1_base64(std::string_view text) {
    const auto function = Botan::HashFunction::create_or_throw("SHA-1");
    function->update(text);
    const auto sum = function->final_stdvec();
    return to_base64({reinterpret_cast<const char*>(sum.data()), sum.size()});
  }

  /// /basic and /digest ask for the account, /uploads takes files (WebDAV), /coded/deflate and
  /// /coded/br are compressed.
  std::string apache(const std::string& plain, const std::string& secure,
                     const std::string& certificate, const std::string& key) const {
    file("site/basic/file.txt", "for Basic\n");
    file("site/digest/file.txt", "for Digest\n");
    file("site/gzip/text.txt", text);
    file("site/br/text.txt", text);
    const auto basic = file("accounts/basic", "me:{SHA}" + sha1_base64("open sesame") + "\n");
    const auto digest =
        file("accounts/digest", "me:a realm:" + hex("MD5", "me:a realm:open sesame") + "\n");
    std::filesystem::create_directories(folder_.path() / "locks");
    std::filesystem::permissions(folder_.path() / "locks", std::filesystem::perms(0777));
    std::string conf;
    for (const char* module : {"mpm_event", "authz_core", "authz_user", "authn_core", "authn_file",
                               "auth_basic", "auth_digest", "mime", "deflate", "filter", "brotli",
                               "headers", "socache_shmcb", "ssl", "dav", "dav_fs", "alias"})
      conf += "LoadModule " + std::string(module) + "_module /usr/lib/apache2/modules/mod_" +
              module + ".so\n";
    const std::string root = folder_.path().string();
    return conf + (::geteuid() == 0 ? "User www-data\nGroup www-data\n" : "") +
           "ServerName localhost\nPidFile " + root + "/pid\nErrorLog " + root +
           "/err\nListen 127.0.0.1:" + plain + "\nListen 127.0.0.1:" + secure +
           " https\nDocumentRoot " + root + "/site\nDavLockDB " + root +
           "/locks/dav\nTypesConfig /dev/null\nAddType text/plain .txt\nMutex file:" + root +
           "/locks\n<VirtualHost 127.0.0.1:" + secure + ">\nSSLEngine on\nSSLCertificateFile " +
           certificate + "\nSSLCertificateKeyFile " + key + R"(
</VirtualHost>
<Location "/basic">
  AuthType Basic
  AuthName "a realm"
  AuthUserFile ")" +
           basic + R"("
  Require valid-user
</Location>
<Location "/digest">
  AuthType Digest
  AuthName "a realm"
  AuthDigestProvider file
  AuthUserFile ")" +
           digest + R"("
  Require valid-user
</Location>
<Location "/uploads">
  Dav On
</Location>
<Location "/gzip">
  SetOutputFilter DEFLATE
</Location>
<Location "/br">
  SetOutputFilter BROTLI_COMPRESS
</Location>
Redirect 301 /moved /small.txt
)";
  }

  /// /coded is compressed, /go/301 to /go/308 redirect to /small.txt.
  std::string caddy(const std::string& plain, const std::string& secure,
                    const std::string& certificate, const std::string& key) const {
    file("site/coded/text.txt", text);
    const std::string root = folder_.path().string();
    std::string site = "  root * " + root + "/site\n  encode /coded/* zstd gzip\n";
    for (const char* status : {"301", "302", "303", "307", "308"})
      site += "  redir /go/" + std::string(status) + " /small.txt " + status + "\n";
    site += "  header x-server caddy\n  file_server\n";
    return "{\n  admin off\n  auto_https off\n  storage file_system " + root +
           "/caddy\n}\nhttp://localhost:" + plain + " {\n  bind 127.0.0.1\n" + site +
           "}\nhttps://localhost:" + secure + " {\n  bind 127.0.0.1\n  tls " + certificate + ' ' +
           key + '\n' + site + "}\n";
  }

  /// False when a port is no longer free.
  bool start() {
    ports_ = free_ports<2>();
    process_.emplace(command(), folder_.path() / "out", folder_.path() / "err");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ready())
      if (process_->wait(std::chrono::milliseconds(5)) || std::chrono::steady_clock::now() > end) {
        process_.reset();
        return false;
      }
    return true;
  }

  bool ready() const {
    // Apache listens before it has read all of its files, and writes its id when it has.
    if (what_ == message_program::apache && folder_.read("pid").empty()) return false;
    return accepts(ports_[0]) && accepts(ports_[1]);
  }

  message_program what_;
  std::filesystem::path program_;
  certificate_authority root_;
  temporary_folder folder_;
  std::array<std::uint16_t, 2> ports_{};
  std::optional<child_process> process_;  // ends before its folder goes
};

/// The one of its kind that all tests of a program share.
template <message_program What>
message_server& message_server_of() {
  static message_server server(What);
  return server;
}

/// One request by a client and a loop of its own.
inline result<response> ask(const client_options& options, const method& verb,
                            const std::string& url, content body = {},
                            const request_options& how = {}) {
  const auto work = [&]() -> task<result<response>> {
    client c(options);
    co_return co_await c.try_send(verb, url, std::move(body), how);
  };
  return run(work());
}
/// The same, which has to succeed.
inline response expect_answer(result<response> outcome) {
  if (!outcome) FAIL(outcome.error().what());
  return *std::move(outcome);
}
inline nlohmann::json json_of(const response& r) {
  CAPTURE(r.text());
  return nlohmann::json::parse(r.text());
}

}  // namespace cohttps::testing
