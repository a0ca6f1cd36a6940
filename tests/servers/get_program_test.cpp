// The example `get` as a program of its own: what it prints and its exit codes.
#include "servers/nginx.hpp"
#include "servers/peer.hpp"
#include "servers/programs.hpp"

#include <cohttps/core/base64.hpp>
#include <cohttps/version.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct outcome {
  int code;
  std::string out;
  std::string err;
};

outcome get(std::vector<std::string> arguments) {
  const auto& folder = web_server().folder();
  arguments.insert(arguments.begin(), COHTTPS_GET_PROGRAM);
  child_process program(arguments, folder.path() / "get.out", folder.path() / "get.err");
  const auto code = program.wait(20s);
  if (!code) FAIL("get has not ended after 20 s");
  return {*code, folder.read("get.out"), folder.read("get.err")};
}

/// Trusting the server's authority.
outcome get_trusting(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--cacert", web_server().root_file().string()});
  return get(std::move(arguments));
}

nginx& server_for_get() {
  auto& server = web_server();
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  return server;
}

}  // namespace

TEST_CASE("get: prints what came, whole, and ends with 0") {
  auto& server = server_for_get();
  descriptor_balance balance;
  for (const site at : {site::ecdsa_12, site::ecdsa_13}) {
    const auto small = get_trusting({server.url(at, "/small.txt")});
    CHECK(small.code == 0);
    CHECK(small.out == server.small);
    CHECK(small.err.empty());
    const auto large = get_trusting({server.url(at, "/large.bin")});
    CHECK(large.code == 0);
    CHECK((large.out == server.large));
  }
  const auto missing = get_trusting({"-i", server.url(site::both, "/missing")});
  CHECK(missing.code == 0);
  CHECK(missing.out.starts_with("HTTP/1.1 404 Not Found\n"));
  const auto head = get_trusting({"-I", server.url(site::both, "/small.txt")});
  CHECK(head.code == 0);
  CHECK(head.out.find("Content-Length: 13\n") != std::string::npos);
  CHECK(head.out.find(server.small) == std::string::npos);
  const auto sent = get_trusting({"-d", "a=1", "-i", server.url(site::both, "/form")});
  CHECK(sent.code == 0);
  CHECK(sent.out.find("x-body: a=1\n") != std::string::npos);
  const auto moved = get_trusting({"-L", server.url(site::both, "/moved")});
  CHECK(moved.out == server.small);
  const auto told = get_trusting({"-v", "--tlsv1.3", server.url(site::both, "/small.txt")});
  CHECK(told.out == server.small);
  CHECK(told.err.find("TLS 1.3") != std::string::npos);
}

TEST_CASE("get: a file appears whole or not at all") {
  auto& server = server_for_get();
  descriptor_balance balance;
  const auto& folder = server.folder();
  const auto file = (folder.path() / "fetched").string();
  const auto whole = get_trusting({"-o", file, server.url(site::both, "/large.bin")});
  CHECK(whole.code == 0);
  CHECK(whole.out.empty());
  CHECK((folder.read("fetched") == server.large));
  std::filesystem::remove(file);
  const auto part = get_trusting({"-o", file, "-m", "0.5", server.url(site::both, "/slow")});
  CHECK(part.code == 28);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK_FALSE(std::filesystem::exists(file + ".part"));

  // What is no file is written to and stays what it is.
  const auto pipe = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK), "open");
  const auto piped = get_trusting({"-o", pipe, server.url(site::both, "/small.txt")});
  CHECK(piped.code == 0);
  CHECK(std::filesystem::is_fifo(pipe));
  const auto cookies = get_trusting({"-c", pipe, server.url(site::both, "/small.txt")});
  CHECK(cookies.code == 0);
  CHECK(std::filesystem::is_fifo(pipe));
  // A link to the program's own output is neither replaced nor truncated.
  const auto out = get_trusting({"-o", "/dev/stdout", server.url(site::both, "/small.txt")});
  CHECK(out.out == server.small);
  CHECK(std::filesystem::is_symlink("/dev/stdout"));
}

TEST_CASE("get: --json gives one object with everything") {
  auto& server = server_for_get();
  descriptor_balance balance;
  const auto r = get_trusting({"--json", server.url(site::both, "/small.txt")});
  CHECK(r.code == 0);
  CHECK(r.err.empty());
  const auto json = nlohmann::json::parse(r.out);
  CHECK(json.at("status") == 200);
  CHECK(json.at("headers").at(0).size() == 2);
  CHECK(json.at("body_b64") == cohttps::to_base64(server.small));
  CHECK(json.at("error").is_null());
  const auto& connection = json.at("connection");
  CHECK(connection.at("protocol") == "HTTP/1.1");
  // localhost is either, as the machine says.
  const auto port = ':' + std::to_string(server.port(site::both));
  const auto peer = connection.at("peer").get<std::string>();
  CHECK((peer == "127.0.0.1" + port || peer == "[::1]" + port));
  CHECK(connection.at("reused") == false);
  const auto& tls = connection.at("tls");
  CHECK(tls.at("protocol") == "TLS 1.3");
  CHECK(tls.at("alpn") == "http/1.1");
  CHECK(tls.at("resumed") == false);
  CHECK(tls.at("verified") == true);
  for (const char* key : {"cipher_suite", "group"})
    CHECK_FALSE(tls.at(key).get<std::string>().empty());
  REQUIRE(tls.at("chain").size() == 2);
  for (const char* key : {"subject", "issuer", "not_before", "not_after", "sha256"})
    CHECK(tls.at("chain").at(0).at(key).is_string());
  for (const char* key :
       {"resolve_ms", "connect_ms", "tls_ms", "first_byte_ms", "content_ms", "total_ms"})
    CHECK(json.at("timings").at(key).get<double>() >= 0);

  const auto bytes = get_trusting({"--json", server.url(site::both, "/large.bin")});
  CHECK((nlohmann::json::parse(bytes.out).at("body_b64") == cohttps::to_base64(server.large)));

  const auto failed = get_trusting({"--json", server.url(site::leaf_only, "/small.txt")});
  CHECK(failed.code == 60);
  const auto object = nlohmann::json::parse(failed.out);
  CHECK(object.at("status").is_null());
  CHECK(object.at("headers").empty());
  CHECK(object.at("body_b64") == "");
  CHECK(object.at("connection").is_null());
  CHECK(object.at("timings").is_null());
  const auto& error = object.at("error");
  CHECK(error.at("category") == "certificate");
  CHECK(error.at("phase") == "handshake");
  CHECK(error.at("reason") == "missing_intermediate");
  CHECK(error.at("message").get<std::string>().starts_with("https://localhost:"));
}

TEST_CASE("get: -f ends with 22 where the server answers with an error") {
  auto& server = server_for_get();
  descriptor_balance balance;
  const auto missing = server.url(site::both, "/missing");
  const auto silent = get_trusting({"-f", missing});
  CHECK(silent.code == 22);
  CHECK(silent.out.empty());
  CHECK(silent.err == "get: the server answered 404 Not Found\n");
  const auto shown = get_trusting({"--fail-with-body", missing});
  CHECK(shown.code == 22);
  CHECK(shown.out == get_trusting({missing}).out);
  CHECK_FALSE(shown.out.empty());
  CHECK(get_trusting({"-f", server.url(site::both, "/small.txt")}).out == server.small);
  const auto file = (server.folder().path() / "not-made").string();
  CHECK(get_trusting({"-f", "-o", file, missing}).code == 22);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(get_trusting({"-f", "--fail-with-body", missing}).code == 2);
}

TEST_CASE("get: -k takes a certificate that is refused without it, and warns") {
  auto& server = server_for_get();
  descriptor_balance balance;
  const auto incomplete = server.url(site::leaf_only, "/small.txt");
  CHECK(get_trusting({incomplete}).code == 60);
  const auto taken = get({"-k", incomplete});
  CHECK(taken.code == 0);
  CHECK(taken.out == server.small);
  CHECK(taken.err.starts_with("get: warning: -k takes any certificate"));
  const auto told = get({"-k", "-w", "%{ssl_verify_result}", "-o", "/dev/null", incomplete});
  CHECK(told.out == "1");
}

TEST_CASE("get: -w writes what is known of the transfer") {
  auto& server = server_for_get();
  descriptor_balance balance;
  const auto small = server.url(site::both, "/small.txt");
  const auto write = [&](std::string format, std::vector<std::string> more) {
    more.insert(more.begin(), {"-o", "/dev/null", "-w", std::move(format)});
    return get_trusting(std::move(more));
  };
  CHECK(write("%{http_code} %{http_version} %{size_download} %{scheme} %{method} %{num_redirects}",
              {small})
            .out == "200 1.1 " + std::to_string(server.small.size()) + " https GET 0");
  CHECK(write("%{url_effective} %{num_redirects}", {"-L", server.url(site::both, "/moved")}).out ==
        small + " 1");
  CHECK(write("%{redirect_url}", {server.url(site::both, "/moved")}).out == small);
  CHECK(write("%header{content-length}|%{remote_port}|%{ssl_verify_result}", {small}).out ==
        std::to_string(server.small.size()) + '|' + std::to_string(server.port(site::both)) + "|0");
  CHECK(write("a%%b\\n\\t%{unclosed", {small}).out == "a%b\n\t%{unclosed");
  CHECK(write("seen%{onerror}hidden", {small}).out == "seen");
  CHECK(write("%{stderr}there%{stdout}here", {small}).err == "there");

  const auto json = nlohmann::json::parse(write("%{json}", {small}).out);
  CHECK(json.at("exitcode") == 0);
  CHECK(json.at("time_connect").get<double>() <= json.at("time_total").get<double>());
  CHECK(json.at("time_appconnect").get<double>() <= json.at("time_starttransfer").get<double>());

  const refusing_port nobody;
  const auto failed = write("%{http_code} %{exitcode}%{onerror}: %{errormsg}",
                            {"https://127.0.0.1:" + nobody.text()});
  CHECK(failed.code == 7);
  CHECK(failed.out.starts_with("000 7: https://127.0.0.1:"));
  const auto unknown = write("%{http_cod}", {small});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("http_cod") != std::string::npos);
}

TEST_CASE("get: --version names cohttps and its libraries") {
  server_for_get();
  const auto r = get({"--version"});
  CHECK(r.code == 0);
  CHECK(r.out.starts_with("get (cohttps " COHTTPS_VERSION_STRING ") Botan/3."));
  CHECK(r.out.find(" Asio/") != std::string::npos);
#ifdef COHTTPS_HAS_NGHTTP2
  CHECK(r.out.find("HTTP/2") != std::string::npos);
#endif
}

TEST_CASE("get: exit codes tell what went wrong") {
  const refusing_port nobody;
  auto& server = server_for_get();
  descriptor_balance balance;
  const certificate_authority other;
  const auto wrong_roots = server.folder().write("other.pem", other.certificate_pem()).string();
  std::uint16_t silent_port = 0;
  const descriptor silent = bound_socket(silent_port, 16);  // takes connections, never answers
  const peer empty([](accepted& client) { client.receive_head(); });
  const peer partial([](accepted& client) {
    client.receive_head();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  const peer senseless([](accepted& client) {
    client.receive_head();
    client.send("220 ready\r\n");
  });
  const auto silent_url = "127.0.0.1:" + std::to_string(silent_port);
  const auto good = server.url(site::both, "/small.txt");
  const auto unencrypted = server.url(site::plain, "/small.txt");
  const struct {
    int code;
    std::vector<std::string> arguments;
  } cases[] = {
      {0, {"--help"}},
      {2, {"--no-such-option", good}},
      {2, {}},
      {3, {"https://localhost:port/"}},
      {7, {"https://127.0.0.1:" + nobody.text()}},
      {8, {"--allow-plaintext", senseless.url()}},
      {18, {"--allow-plaintext", partial.url()}},
      {28, {"-m", "0.3", silent_url}},
      {28, {"-m", "0.3", "--allow-plaintext", "http://" + silent_url}},
      {35, {"https" + unencrypted.substr(4)}},
      {35, {"--tlsv1.3", server.url(site::ecdsa_12, "/small.txt")}},
      {47, {"-L", server.url(site::both, "/loop")}},
      {52, {"--allow-plaintext", empty.url()}},
      {60, {"--cacert", wrong_roots, good}},
      {60,
       {"--resolve", "other.test:" + std::to_string(server.port(site::both)) + ":127.0.0.1",
        server.url(site::both, "/", "other.test")}},
      {67, {unencrypted}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.arguments);
    const auto started = std::chrono::steady_clock::now();
    const auto r = get_trusting(c.arguments);
    CAPTURE(r.err);
    CHECK(r.code == c.code);
    if (c.code != 0) CHECK(r.err.starts_with("get: "));
    CHECK(std::chrono::steady_clock::now() - started < 10s);
  }
}

TEST_CASE("get: the client's certificate, of PEM and of PKCS #12") {
  auto& server = server_for_get();
  const auto& folder = server.folder();
  const auto mine = server.client_certificate("me");
  const auto pem = folder.write("me.pem", mine.key_pem + mine.chain_pem).string();
  const auto p12 = (folder.path() / "me.p12").string();
  const auto url = server.url(site::mutual, "/small.txt");
  const auto is_me = [&](std::vector<std::string> how) {
    how.insert(how.end(), {"-i", url});
    const auto got = get_trusting(how);
    return got.code == 0 && got.out.find("CN=me") != std::string::npos;
  };
  CHECK(is_me({"--cert", pem}));
  CHECK_FALSE(is_me({}));
  if (::access("/usr/bin/openssl", X_OK) != 0) SKIP("there is no openssl on this machine");
  child_process made({"/usr/bin/openssl", "pkcs12", "-export", "-in", pem, "-out", p12, "-passout",
                      "pass:open:sesame"});
  REQUIRE(made.wait(20s) == 0);
  CHECK(is_me({"--cert", p12 + ":open:sesame", "--cert-type", "P12"}));
  CHECK(is_me({"--cert", p12, "--cert-type", "P12", "--pass", "open:sesame"}));
  const auto wrong = get_trusting({"--cert", p12, "--cert-type", "P12", "--pass", "guess", url});
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("another passphrase") != std::string::npos);
  CHECK(get_trusting({"--cert", p12, "--cert-type", "ENG", url}).code == 2);
}
