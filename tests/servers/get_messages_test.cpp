// The example `get` beside curl, with the same words and the same servers.
#include "servers/message_servers.hpp"
#include "servers/nginx.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
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

using words = std::vector<std::string>;

const temporary_folder& folder() {
  static const temporary_folder kept;
  return kept;
}
std::string file(const std::string& name, std::string_view text) {
  return folder().write(name, text).string();
}

outcome run(words command) {
  child_process program(command, folder().path() / "out", folder().path() / "err");
  const auto code = program.wait(30s);
  if (!code) FAIL(command.front() << " has not ended after 30 s");
  return {*code, folder().read("out"), folder().read("err")};
}

outcome get(const message_server& server, words arguments) {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  words command{COHTTPS_GET_PROGRAM, "--allow-plaintext", "--cacert", server.root_file()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

bool has_curl() { return ::access("/usr/bin/curl", X_OK) == 0; }

outcome curl(const message_server& server, words arguments) {
  words command{"/usr/bin/curl", "-s", "--http1.1", "--cacert", server.root_file()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

/// What matters of a request as Node saw it.
nlohmann::json essence(const std::string& text) {
  CAPTURE(text);
  const auto all = nlohmann::json::parse(text);
  nlohmann::json seen{
      {"method", all.at("method")}, {"target", all.at("target")}, {"content", all.at("content")}};
  const auto& headers = all.at("headers");
  for (std::size_t i = 0; i + 1 < headers.size(); i += 2) {
    const auto name = cohttps::ascii::lower(headers[i].get<std::string>());
    for (const char* told :
         {"content-type", "content-length", "range", "authorization", "x-own", "accept", "cookie"})
      if (name == told) seen[name] = headers[i + 1];
  }
  return seen;
}

message_server& node() { return message_server_of<message_program::node>(); }
message_server& httpbin() { return message_server_of<message_program::httpbin>(); }
message_server& apache() { return message_server_of<message_program::apache>(); }

}  // namespace

TEST_CASE("get sends what curl sends") {
  if (!has_curl()) SKIP("there is no curl on this machine");
  const auto lines = file("lines", "one\r\ntwo & three\n");
  const auto url = node().url("/a");
  const words cases[] = {
      {url},
      {"-X", "DELETE", url},
      {"-d", "a=b", "-d", "c=d", url},
      {"-d", "@" + lines, url},
      {"--data-binary", "@" + lines, "-H", "Content-Type: x/y", url},
      {"--data-raw", "@" + lines, url},
      {"--data-urlencode", "a b&c", "--data-urlencode", "=x y", "--data-urlencode", "n=\xc3\xbc +",
       "--data-urlencode", "f@" + lines, "--data-urlencode", "@" + lines, url},
      {"-G", "-d", "a=1", "--data-urlencode", "b=c d", url + "?z=9"},
      {"-G", "-d", "a=1", url + "#fragment"},
      {"-T", lines, node().url("/folder/")},
      {"-T", lines, node().url("/folder/name")},
      {"-T", lines, "-X", "PATCH", url},
      {"-u", "me:open sesame", url},
      {"-u", "me:", url},
      {"-r", "0-4", url},
      {"-r", "-5", url},
      {"-r", "3", url},
      {"-H", "X-Own;", url},
      {"-H", "Accept:", url},
      {"-d", "a=b", "-H", "Content-Type:", url},
      {"-u", "me:x", "-H", "Authorization:", url},
      {"-b", "a=b", "-H", "Cookie: c=d", url},
      {"--data-urlencode", "na@me=content", "--data-urlencode", "@x=1", url},
      {"-G", "-d", "a=1", url + "?"},
      {"-G", "-d", "a=1", url + "?b=2&"},
      {"-X", "PUT", "-d", "x", "-H", "X-Own: 1", url},
  };
  for (const auto& c : cases) {
    CAPTURE(c);
    const auto ours = get(node(), c), theirs = curl(node(), c);
    CAPTURE(ours.err);
    REQUIRE(ours.code == 0);
    REQUIRE(theirs.code == 0);
    CHECK(essence(ours.out) == essence(theirs.out));
  }
  // Curls differ where a folder has a query: newer ones leave the file's name out.
  const auto put = get(node(), {"-T", lines, node().url("/folder/?q=1")});
  CHECK(essence(put.out).at("target") == "/folder/lines?q=1");
}

TEST_CASE("get sends forms as curl does") {
  if (!has_curl()) SKIP("there is no curl on this machine");
  const auto lines = file("lines.txt", "one\r\ntwo\n");
  const auto noise = file("noise", std::string("\0\1\2\r\n--", 7));
  const auto url = node().url("/form");
  const words cases[] = {
      {"-F", "a=b", "-F", "a=c", url},
      {"-F", "f=@" + lines, "-F", "g=@" + noise, url},
      {"-F", "f=@" + lines + ";type=x/y;filename=other", url},
      {"-F", "f=@" + lines + ";filename=\"with space\"", url},
      {"-F", "f=@\"" + lines + "\";filename=\"q\\\"z\"", "-F", "g=\"b;c\"", url},
      {"-F", "t=<" + lines, "-F", "e=", "-F", "s=a=b", url},
  };
  for (const auto& c : cases) {
    CAPTURE(c);
    const auto ours = get(node(), c), theirs = curl(node(), c);
    CAPTURE(ours.err);
    CHECK(ours.code == 0);
    CHECK(ours.out == theirs.out);
    CHECK(ours.out.starts_with("[{"));
  }
}

TEST_CASE("get ends as curl does when something cannot be used") {
  if (!has_curl()) SKIP("there is no curl on this machine");
  const auto url = node().url("/a");
  const words cases[] = {
      {"-F", "f=@/does/not/exist", url},
      {"-T", "/does/not/exist", url},
      {"-d", "x", "-F", "a=b", url},
      {"-F", "novalue", url},
      {"-L", "--max-redirs", "0", httpbin().url("/redirect/1")},
      {"-L", "--max-redirs", "2", httpbin().url("/redirect/3")},
      {"-C", "5", httpbin().url("/get")},
      {"--max-redirs", "many", url},
  };
  for (const auto& c : cases) {
    CAPTURE(c);
    words trusted = c;
    const auto& server =
        c.back().find("/redirect") != std::string::npos || c.back().ends_with("/get") ? httpbin()
                                                                                      : node();
    const auto ours = get(server, c), theirs = curl(server, c);
    CAPTURE(ours.err);
    CHECK(ours.code == theirs.code);
    CHECK(ours.code != 0);
    CHECK(ours.err.starts_with("get: "));
  }
}

TEST_CASE("get: options that contradict each other, and what -I keeps silent") {
  const auto url = node().url("/a");
  const words cases[] = {
      {"-F", "a=b", "-H", "Content-Type: multipart/form-data", url},
      {"-r", "0-1", "-H", "Range: bytes=2-3", url},
      {"-r", "0-1", "-C", "5", url},
      {"-H", "Host:", url},
      {"-H", "no colon", url},
  };
  for (const auto& c : cases) {
    CAPTURE(c);
    const auto r = get(node(), c);
    CHECK(r.code == 2);
    CHECK(r.err.starts_with("get: -"));
    CHECK(r.out.empty());
  }
  const auto head = get(node(), {"-I", "-X", "GET", url});
  CHECK(head.code == 0);
  CHECK(head.out.ends_with("\n\n"));
}

TEST_CASE("get: standard input is sent as it comes") {
  const auto text = file("text", std::string(200'000, 'x') + "end");
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  const auto piped = run({"/bin/sh", "-c", "cat \"$1\" | \"$0\" --allow-plaintext -T - \"$2\"",
                          COHTTPS_GET_PROGRAM, text, node().url("/count", false)});
  CAPTURE(piped.err);
  CHECK(piped.code == 0);
  CHECK(nlohmann::json::parse(piped.out).at("size") == 200'003);
}

TEST_CASE("get: passwords by Basic, by Digest, and from a file") {
  const auto netrc = file("netrc", "machine localhost login me password \"open sesame\"\n");
  const auto status = [](words arguments) {
    const auto r = get(apache(), [&] {
      words all{"-i"};
      all.insert(all.end(), arguments.begin(), arguments.end());
      return all;
    }());
    CAPTURE(r.err);
    CHECK(r.code == 0);
    return r.out.substr(9, 3);
  };
  const auto basic = apache().url("/basic/file.txt"), digest = apache().url("/digest/file.txt");
  CHECK(status({"-u", "me:open sesame", basic}) == "200");
  CHECK(status({"-u", "me:open sesame", "--basic", basic}) == "200");
  CHECK(status({"-u", "me:wrong", basic}) == "401");
  CHECK(status({"-u", "me:open sesame", "--digest", digest}) == "200");
  CHECK(status({"-u", "me:open sesame", digest}) == "401");
  CHECK(status({"--netrc-file", netrc, basic}) == "200");
  CHECK(status({"--netrc-file", netrc, "--digest", digest}) == "200");
  CHECK(status({basic}) == "401");
}

TEST_CASE("get: cookies are read, kept and written as curl's") {
  const auto jar = (folder().path() / "jar").string();
  const auto set = get(node(), {"-c", jar, "-b", "mine=1", node().url("/set")});
  CHECK(set.code == 0);
  const auto text = folder().read("jar");
  CHECK(text.find("\ta\t1\n") != std::string::npos);
  CHECK(text.find("#HttpOnly_localhost\t") != std::string::npos);
  CHECK(text.find("mine") == std::string::npos);
  CHECK((std::filesystem::status(jar).permissions() & std::filesystem::perms::others_read) ==
        std::filesystem::perms::none);
  const auto cookie = [](const outcome& r) {
    CAPTURE(r.out, r.err);
    const auto headers = nlohmann::json::parse(r.out).at("headers").get<words>();
    for (std::size_t i = 0; i + 1 < headers.size(); i += 2)
      if (cohttps::ascii::iequals(headers[i], "cookie")) return headers[i + 1];
    return std::string("(none)");
  };
  CHECK(cookie(get(node(), {"-b", jar, node().url("/x")})) == "a=1; b=2");
  CHECK(cookie(get(node(), {"-b", "c=3; d=4", "-b", "e=5", node().url("/x")})) == "c=3; d=4; e=5");
  CHECK(cookie(get(node(), {"-b", jar, "-b", "own=0", node().url("/x")})) == "a=1; b=2; own=0");
  CHECK(cookie(get(node(), {"-b", "/no/such/file", node().url("/x")})) == "(none)");
  if (!has_curl()) return;
  CHECK(cookie(curl(node(), {"-b", jar, node().url("/x")})).size() == 8);  // in another order
  const auto theirs = (folder().path() / "curl.jar").string();
  CHECK(curl(node(), {"-c", theirs, node().url("/set")}).code == 0);
  CHECK(cookie(get(node(), {"-b", theirs, node().url("/elsewhere/")})).starts_with("c=3; "));
}

TEST_CASE("get: --compressed decodes; without it what comes stays as it is") {
  const auto plain = get(apache(), {"-i", apache().url("/gzip/text.txt")});
  CHECK(plain.code == 0);
  CHECK(plain.out.find("Content-Encoding") == std::string::npos);
  const auto coded = get(apache(), {"--compressed", apache().url("/gzip/text.txt")});
  CHECK(coded.code == 0);
  CHECK((coded.out == apache().text));
  const auto raw = get(apache(), {"-H", "Accept-Encoding: gzip", apache().url("/gzip/text.txt")});
  CHECK(raw.out.starts_with("\x1f\x8b"));
}

TEST_CASE("get: -C goes on where the file ends") {
  const auto url = apache().url("/text.txt");
  const auto target = file("partial", apache().text.substr(0, 1000));
  const auto rest = get(apache(), {"-C", "-", "-o", target, url});
  CAPTURE(rest.err);
  CHECK(rest.code == 0);
  CHECK((folder().read("partial") == apache().text));
  const auto complete = get(apache(), {"-C", "-", "-o", target, url});
  CHECK(complete.code == 0);
  CHECK((folder().read("partial") == apache().text));
  const auto fresh = (folder().path() / "fresh").string();
  CHECK(get(apache(), {"-C", "-", "-o", fresh, url}).code == 0);
  CHECK((folder().read("fresh") == apache().text));
  // A server that knows no ranges must not have its answer put behind what is there.
  const auto kept = file("kept", "as it is");
  CHECK(get(httpbin(), {"-C", "-", "-o", kept, httpbin().url("/get")}).code == 33);
  CHECK(folder().read("kept") == "as it is");
  CHECK(get(apache(), {"-r", "0-3", url}).out == "line");
}

TEST_CASE("get: other hosts see passwords only when they are trusted") {
  auto elsewhere = node().url("/x");
  elsewhere.replace(elsewhere.find("localhost"), 9, "127.0.0.1");
  const auto url = httpbin().url(
      "/redirect-to?url=" +
          cohttps::percent_encode(node().url("/x", false), cohttps::percent_encode_set::component),
      false);
  const auto shown = [&](const std::string& how) {
    const auto r = get(httpbin(), {how, "-u", "me:secret", url});
    CAPTURE(r.err);
    CHECK(r.code == 0);
    return r.out.find("uthorization") != std::string::npos;
  };
  CHECK_FALSE(shown("-L"));
  CHECK(shown("--location-trusted"));
}
