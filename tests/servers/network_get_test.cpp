// The options of the example `get` for proxies, sockets, limits and retries.
#include "servers/client_support.hpp"
#include "servers/network_programs.hpp"
#include "servers/programs.hpp"
#include "servers/proxy_servers.hpp"

#include <cohttps/core/base64.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Trusting the web server's authority.
program_outcome run_get(std::vector<std::string> arguments) {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  auto& server = web_server();
  arguments.insert(arguments.begin(),
                   {COHTTPS_GET_PROGRAM, "--cacert", server.root_file().string()});
  running_program get(server.folder(), "get", arguments);
  return get.end();
}

bool contains(const program_outcome& r, std::string_view part) {
  return (r.out + r.err).find(part) != std::string::npos;
}

const std::string secret = "s3cr3t:p@ss/w%rd";  // the characters that URLs and headers use

/// No output may have it, in whatever form it has been on the way.
void check_silence(const program_outcome& r) {
  CHECK_FALSE(contains(r, "s3cr3t"));
  CHECK_FALSE(contains(r, "w%rd"));
  CHECK_FALSE(contains(r, "w%25rd"));
  CHECK_FALSE(contains(r, to_base64("somebody:" + secret)));
}

}  // namespace

TEST_CASE("get: -x and -U lead through proxies, and no output has the password") {
  auto& server = web_server();
  descriptor_balance balance;
  const std::string secure = server.url(site::both, "/small.txt"),
                    unencrypted = server.url(site::plain, "/small.txt");
  const struct {
    proxy_program program;
    std::string scheme;
    bool password;
  } cases[] = {
      {proxy_program::tinyproxy, "http", false},   {proxy_program::squid, "http", true},
      {proxy_program::danted, "socks4", false},    {proxy_program::microsocks, "socks5h", true},
      {proxy_program::microsocks, "socks5", true},
  };
  for (const auto& c : cases) {
    if (std::string_view(c.scheme) == "socks5h" && !localhost_is_ipv4()) continue;
    DYNAMIC_SECTION(to_string(c.program) << " by " << c.scheme) {
      std::optional<proxy_server::account> account;
      // Squid's file of passwords takes no colon.
      const std::string password = c.program == proxy_program::squid ? "s3cr3t-p@ss" : secret;
      if (c.password) account = {"somebody", password};
      const proxy_server proxy(c.program, account);
      const auto bare = proxy.bare_url(c.scheme);
      for (const auto& url : {secure, unencrypted}) {
        CAPTURE(url);
        std::vector<std::vector<std::string>> ways{{"-v", "-x", proxy.url(c.scheme)}};
        if (c.password) ways.push_back({"-v", "-x", bare, "-U", "somebody:" + password});
        if (c.password) ways.push_back({"-v", "-U", "somebody:" + password, "--proxy", bare});
        for (auto way : ways) {
          way.insert(way.end(), {"--allow-plaintext", url});
          const auto r = run_get(way);
          CAPTURE(r.err);
          CHECK(r.code == 0);
          CHECK(r.out == server.small);
          CHECK(contains(r, ", the proxy " + bare));
          check_silence(r);
        }
        if (!c.password) continue;
        for (const char* how : {"-v", "--json"}) {
          const auto refused = run_get(
              {how, "--allow-plaintext", "-x", bare, "-U", "somebody:s3cr3t-but-wrong", url});
          CHECK(refused.code == 67);
          CHECK(contains(refused, "proxy"));
          check_silence(refused);
        }
      }
    }
  }
}

TEST_CASE("get: --noproxy and --proxy-env say what goes through a proxy") {
  auto& server = web_server();
  descriptor_balance balance;
  peer proxy([](accepted& near) {
    near.receive_head();
    near.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  const auto url = server.url(site::both, "/small.txt");
  const auto proxy_url = "http://somebody:s3cr3t@127.0.0.1:" + std::to_string(proxy.port());
  const auto through = run_get({"-v", "-x", proxy_url, url});
  CAPTURE(through.err);
  CHECK(through.code == 7);
  CHECK(proxy.connections() == 1);
  check_silence(through);
  for (const char* hosts : {"localhost", "example.com,localhost", "*", "127.0.0.0/8,localhost"}) {
    CAPTURE(hosts);
    const auto direct = run_get({"-v", "-x", proxy_url, "--noproxy", hosts, url});
    CHECK(direct.code == 0);
    CHECK(direct.out == server.small);
    CHECK(proxy.connections() == 1);
    check_silence(direct);
  }
  CHECK(run_get({"-x", proxy_url, "--noproxy", "example.com", url}).code == 7);
  CHECK(proxy.connections() == 2);

  ::setenv("https_proxy", proxy_url.c_str(), 1);
  ::unsetenv("no_proxy");
  ::unsetenv("NO_PROXY");
  CHECK(run_get({url}).code == 0);  // the environment is not asked unless told so
  CHECK(proxy.connections() == 2);
  const auto by_environment = run_get({"-v", "--proxy-env", url});
  ::unsetenv("https_proxy");
  CHECK(by_environment.code == 7);
  CHECK(proxy.connections() == 3);
  check_silence(by_environment);
}

TEST_CASE("get: proxies that are not there, not proxies, or not well written") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto url = server.url(site::both, "/small.txt");
  const refusing_port closed;
  const auto nobody = "127.0.0.1:" + closed.text();
  std::uint16_t silent_port = 0;
  const descriptor silent = bound_socket(silent_port, 16);
  const peer garbage([](accepted& near) {
    near.receive();
    near.send("220 mail ready\r\n\r\n");
  });
  const auto garbage_at = "127.0.0.1:" + std::to_string(garbage.port());
  const struct {
    int code;
    std::string proxy;
  } cases[] = {
      {7, "http://somebody:s3cr3t@" + nobody},
      {7, "socks5://somebody:s3cr3t@" + nobody},
      {8, "http://somebody:s3cr3t@" + garbage_at},
      {8, "socks5h://somebody:s3cr3t@" + garbage_at},
      {35, "https://somebody:s3cr3t@" + garbage_at},
      {28, "http://somebody:s3cr3t@127.0.0.1:" + std::to_string(silent_port)},
      {28, "socks5://somebody:s3cr3t@127.0.0.1:" + std::to_string(silent_port)},
      {2, "gopher://somebody:s3cr3t@" + nobody},
      {2, "http://somebody:s3cr3t@[bad"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.proxy);
    for (const char* how : {"-v", "--json"}) {
      const auto r = run_get({how, "--connect-timeout", "0.5", "-x", c.proxy, url});
      CAPTURE(r.out, r.err);
      CHECK(r.code == c.code);
      CHECK(r.took < 5s);
      check_silence(r);
    }
  }
}

TEST_CASE("get: --connect-timeout limits TLS as well, and nothing else") {
  auto& server = web_server();
  descriptor_balance balance;
  std::uint16_t silent_port = 0;
  const descriptor silent = bound_socket(silent_port, 16);  // takes connections, never answers
  const auto r =
      run_get({"--connect-timeout", "0.5", "https://127.0.0.1:" + std::to_string(silent_port)});
  CHECK(r.code == 28);
  CHECK(r.took >= 500ms);
  CHECK(r.took < 3s);
  peer slow([](accepted& near) {
    near.receive_head();
    std::this_thread::sleep_for(700ms);  // more than the limit
    near.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
  });
  CHECK(run_get({"--connect-timeout", "0.5", "--allow-plaintext", slow.url()}).out == "late");
  CHECK(run_get({"--connect-timeout", "0", server.url(site::both, "/")}).code == 2);
  CHECK(run_get({"--connect-timeout", "soon", server.url(site::both, "/")}).code == 2);
}

TEST_CASE("get: --retry waits as the server asks, and tries no more than it may") {
  web_server();
  descriptor_balance balance;
  std::atomic<int> refusals = 1;
  peer busy([&](accepted& near) {
    near.receive_head();
    if (refusals-- > 0)
      near.send(
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n"
          "Connection: close\r\n\r\nbusy");
    else
      near.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfree");
  });
  const auto again = run_get({"--retry", "2", "--allow-plaintext", busy.url()});
  CHECK(again.code == 0);
  CHECK(again.out == "free");
  CHECK(again.took >= 1s);
  CHECK(again.took < 4s);
  CHECK(busy.connections() == 2);

  refusals = 1;
  const auto once = run_get({"--allow-plaintext", busy.url()});
  CHECK(once.out == "busy");
  CHECK(once.took < 1s);
  CHECK(busy.connections() == 3);

  refusals = 5;
  const auto given_up = run_get({"--retry", "1", "-i", "--allow-plaintext", busy.url()});
  CHECK(given_up.code == 0);
  CHECK(contains(given_up, "HTTP/1.1 503"));
  CHECK(busy.connections() == 5);

  // POST might do its work twice.
  const auto post = run_get({"--retry", "1", "-d", "x", "--allow-plaintext", busy.url()});
  CHECK(post.out == "busy");
  CHECK(busy.connections() == 6);

  const auto nobody = "http://127.0.0.1:" + std::to_string(free_port());
  CHECK(run_get({"--retry", "1", "--allow-plaintext", nobody}).code == 7);
}

TEST_CASE("get: --interface names the address that a server sees") {
  web_server();
  descriptor_balance balance;
  peer telling([](accepted& near) {
    near.receive_head();
    sockaddr_in from{};
    socklen_t size = sizeof from;
    ::getpeername(near.get(), reinterpret_cast<sockaddr*>(&from), &size);
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
    near.send("HTTP/1.0 200 OK\r\n\r\n" + std::string(text));
  });
  CHECK(run_get({"--allow-plaintext", telling.url()}).out == "127.0.0.1");
#if defined(__linux__)  // where all of 127.0.0.0/8 is this machine
  const auto bound = run_get({"--interface", "127.0.0.2", "--allow-plaintext", telling.url()});
  CHECK(bound.code == 0);
  CHECK(bound.out == "127.0.0.2");
#endif
  // One that this machine does not have (RFC 5737), and an interface that it does not have.
  const auto foreign = run_get({"--interface", "192.0.2.1", "--allow-plaintext", telling.url()});
  CHECK(foreign.code != 0);
  CHECK(contains(foreign, "192.0.2.1"));
  const auto unknown = run_get({"--interface", "nothere0", "--allow-plaintext", telling.url()});
  CHECK(unknown.code != 0);
  CHECK(contains(unknown, "nothere0"));
}

TEST_CASE("get: --unix-socket reaches a server that has no port") {
  web_server();
  descriptor_balance balance;
  const certificate_authority root;
  const auto issued = root.issue({.dns = {"unix.test"}});
  const temporary_folder folder;
  folder.write("site.pem", issued.chain_pem);
  folder.write("site.key", issued.key_pem);
  folder.write("temporary/empty", "");
  const auto root_file = folder.write("root.pem", root.certificate_pem()).string();
  std::string configuration =
      "daemon off; master_process off; pid nginx.pid; error_log nginx.log;\nevents {}\nhttp {\n"
      "access_log off;\n";
  for (const std::string what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    configuration += what + "_temp_path temporary/" + what + ";\n";
  configuration +=
      "server { listen unix:@/plain; return 200 'plain $host'; }\n"
      "server { listen unix:@/secure ssl; ssl_certificate site.pem; ssl_certificate_key site.key;\n"
      "return 200 'secure $host'; }\n}\n";
  for (auto at = configuration.find('@'); at != configuration.npos; at = configuration.find('@'))
    configuration.replace(at, 1, folder.path().string());
  const auto file = folder.write("nginx.conf", configuration).string();
  running_program nginx(folder, "nginx",
                        {installed("nginx"), "-p", folder.path().string() + "/", "-c", file});
  nginx.wait_until([&] { return !folder.read("nginx.pid").empty(); });

  const auto socket = [&](const std::string& name) { return (folder.path() / name).string(); };
  const auto plain =
      run_get({"--unix-socket", socket("plain"), "--allow-plaintext", "http://any.test/"});
  CAPTURE(plain.err);
  CHECK(plain.code == 0);
  CHECK(plain.out == "plain any.test");
  const auto secure =
      run_get({"--cacert", root_file, "--unix-socket", socket("secure"), "https://unix.test/"});
  CAPTURE(secure.err);
  CHECK(secure.code == 0);
  CHECK(secure.out == "secure unix.test");
  // It is the URL's host that has to be in the certificate.
  CHECK(run_get({"--cacert", root_file, "--unix-socket", socket("secure"), "https://any.test/"})
            .code == 60);
  const auto nobody = run_get({"--unix-socket", socket("nobody"), "https://unix.test/"});
  CHECK(nobody.code == 7);
  CHECK(contains(nobody, socket("nobody")));
}
