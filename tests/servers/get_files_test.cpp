// The files that the example `get` writes, and how a download goes on.
#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

struct outcome {
  int code;
  std::string out;
  std::string err;
};

/// Where a test's files are, and the program that writes them.
struct workplace {
  workplace() {
    if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
    std::filesystem::create_directory(path("d"));
  }

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  words names() const {
    words all;
    for (const auto& entry : std::filesystem::directory_iterator(path("d")))
      all.push_back(entry.path().filename());
    return all;
  }
  outcome run(words command) const {
    child_process program(command, folder.path() / "out", folder.path() / "err");
    const auto code = program.wait(20s);
    if (!code) FAIL(command.front() << " has not ended after 20 s");
    return {*code, folder.read("out"), folder.read("err")};
  }
  outcome get(words arguments) const {
    words command{COHTTPS_GET_PROGRAM, "--allow-plaintext", "-m", "10"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }

  temporary_folder folder;
};

std::string response(const std::string& status, const std::string& fields,
                     std::string_view content) {
  return "HTTP/1.1 " + status + "\r\n" + fields +
         "Connection: close\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
         std::string(content);
}

/// Answers every request so, and keeps the first.
peer::script answering(std::string bytes, std::string* request = nullptr) {
  return [bytes = std::move(bytes), request](accepted& client) {
    const auto head = client.receive_head();
    if (request && request->empty()) *request = head;
    client.send(bytes);
  };
}

mode_t mode_of(const std::string& file) {
  struct stat found = {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("get: a file whose name is as long as names can be") {
  const workplace here;
  const peer server(answering(response("200 OK", "", "whole")));
  for (const std::size_t length : {250u, 255u}) {
    const std::string name = "d/" + std::string(length, 'n');
    for (int i = 0; i < 2; ++i) {  // a new one, and one that is there
      const auto r = here.get({"-o", here.path(name), server.url()});
      CAPTURE(r.err);
      CHECK(r.code == 0);
    }
    CHECK(here.folder.read(name) == "whole");
  }
  CHECK(here.names().size() == 2);
}

TEST_CASE("get: an existing file keeps its mode, and as a secret it loses it") {
  const workplace here;
  const peer server(answering(response("200 OK", "Set-Cookie: a=b\r\n", "whole")));
  for (const char* name : {"d/content", "d/jar"}) {
    here.folder.write(name, "old");
    REQUIRE(::chmod(here.path(name).c_str(), 0640) == 0);
  }
  CHECK(here.get({"-o", here.path("d/content"), "-c", here.path("d/jar"), server.url()}).code == 0);
  CHECK(here.folder.read("d/content") == "whole");
  CHECK(mode_of(here.path("d/content")) == 0640);
  CHECK(mode_of(here.path("d/jar")) == 0600);
  CHECK(here.names().size() == 2);
}

TEST_CASE("get: nothing is left behind by a signal, and what was there stays") {
  const workplace here;
  const peer server([](accepted& client) {
    client.receive_head();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf");
    client.receive_all();
  });
  here.folder.write("d/old", "old");
  for (const int signal : {SIGINT, SIGTERM})
    for (const char* name : {"d/new", "d/old"}) {
      child_process program(
          {COHTTPS_GET_PROGRAM, "--allow-plaintext", "-v", "-o", here.path(name), server.url()},
          here.folder.path() / "out", here.folder.path() / "err");
      for (int i = 0; i < 500 && here.folder.read("err").find("200 OK") == std::string::npos; ++i)
        std::this_thread::sleep_for(10ms);
      std::this_thread::sleep_for(50ms);
      ::kill(program.id(), signal);
      CHECK(program.wait(5s) == 128 + signal);
      CHECK(here.names() == words{"old"});
      CHECK(here.folder.read("d/old") == "old");
    }
}

TEST_CASE("get: who may write what") {
  const workplace here;
  if (::geteuid() != 0 || ::access("/usr/bin/setpriv", X_OK) != 0)
    SKIP("needs root, which becomes somebody else with setpriv");
  const peer server(answering(response("200 OK", "", "whole")));
  std::filesystem::copy_file(COHTTPS_GET_PROGRAM, here.path("get"));
  REQUIRE(::chmod(here.folder.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(here.path("get").c_str(), 0755) == 0);
  const auto as_nobody = [&](const std::string& name) {
    return here.run({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                     here.path("get"), "--allow-plaintext", "-o", here.path(name), server.url()});
  };
  here.folder.write("closed/writable", "it was longer before");
  REQUIRE(::chmod(here.path("closed").c_str(), 0755) == 0);
  REQUIRE(::chmod(here.path("closed/writable").c_str(), 0666) == 0);
  const auto in_place = as_nobody("closed/writable");
  CAPTURE(in_place.err);
  CHECK(in_place.code == 0);
  CHECK(here.folder.read("closed/writable") == "whole");
  const auto no_folder = as_nobody("closed/new");
  CHECK(no_folder.code == 23);
  CHECK(no_folder.err ==
        "get: cannot write to " + here.path("closed/new") + ": Permission denied\n");

  here.folder.write("d/theirs", "theirs");
  REQUIRE(::chmod(here.path("d").c_str(), 0777) == 0);
  REQUIRE(::chmod(here.path("d/theirs").c_str(), 0644) == 0);
  const auto refused = as_nobody("d/theirs");
  CHECK(refused.code == 23);
  CHECK(refused.err.ends_with("d/theirs: Permission denied\n"));
  CHECK(here.folder.read("d/theirs") == "theirs");

  here.folder.write("d/own", "own");
  REQUIRE(::chown(here.path("d/own").c_str(), 65534, 65534) == 0);
  CHECK(here.get({"-o", here.path("d/own"), server.url()}).code == 0);
  struct stat kept = {};
  REQUIRE(::stat(here.path("d/own").c_str(), &kept) == 0);
  CHECK(kept.st_uid == 65534);
  CHECK(kept.st_gid == 65534);
}

TEST_CASE("get: what cannot be written is said, with the reason") {
  const workplace here;
  const peer server(answering(response("200 OK", "Set-Cookie: a=b\r\n", "whole")));
  REQUIRE(::mkfifo(here.path("pipe").c_str(), 0600) == 0);
  const std::pair<std::string, std::string> rows[] = {
      {"d", "Is a directory"},
      {"missing/file", "No such file or directory"},
      {"pipe", "nobody reads from it"},
  };
  for (const auto& [name, why] : rows) {
    const auto target = here.path(name);
    const auto r = here.get({"-o", target, server.url()});
    CHECK(r.code == 23);
    CHECK(r.err == "get: cannot write to " + target + ": " + why + "\n");
    const auto jar = here.get({"-c", target, server.url()});
    CHECK(jar.code == 23);
    CHECK(jar.err == "get: cannot write the cookies to " + target + ": " + why + "\n");
  }
  const auto full = here.get({"-o", "/dev/full", server.url()});
  CHECK(full.code == 23);
  CHECK(full.err == "get: cannot write to /dev/full: No space left on device\n");
}

TEST_CASE("get: a download goes on where it can, and nowhere else") {
  const workplace here;
  const std::string part = "the beginning", rest = " and the end", whole = part + rest;
  const auto size = std::to_string(whole.size()), at = std::to_string(part.size());
  const auto range = [&](const std::string& first, const std::string& last) {
    return "Content-Range: bytes " + first + '-' + last + '/' + size + "\r\n";
  };
  const auto end = std::to_string(whole.size() - 1);
  const struct {
    std::string what, answer;
    int code;
    std::string file;
  } rows[] = {
      {"it goes on", response("206 Partial Content", range(at, end), rest), 0, whole},
      {"of a size that is not known",
       response("206 Partial Content", "Content-Range: bytes " + at + "-20/*\r\n", rest), 0, whole},
      {"the unit in capitals",
       response("206 Partial Content",
                "Content-Range: BYTES " + at + '-' + end + '/' + size + "\r\n", rest),
       0, whole},
      {"less than all of the rest",
       response("206 Partial Content", range(at, "15"), rest.substr(0, 3)), 18,
       part + rest.substr(0, 3)},
      {"coded",
       response("206 Partial Content", range(at, end) + "Content-Encoding: gzip\r\n", rest), 33,
       part},
      {"from another byte on", response("206 Partial Content", range("5", end), rest), 33, part},
      {"from nowhere", response("206 Partial Content", "", rest), 33, part},
      {"no range", response("206 Partial Content", "Content-Range: bytes 13\r\n", rest), 33, part},
      {"from the first byte on", response("200 OK", "", whole), 33, part},
      {"all of it was there",
       response("416 Range Not Satisfiable", "Content-Range: bytes */" + at + "\r\n", "no"), 0,
       part},
      {"another size", response("416 Range Not Satisfiable", "Content-Range: bytes */5\r\n", "no"),
       33, part},
      {"no size", response("416 Range Not Satisfiable", "", "no"), 33, part},
  };
  for (const auto& row : rows) {
    std::string request;
    const peer server(answering(row.answer, &request));
    here.folder.write("d/file", part);
    const auto r = here.get({"-C", "-", "--compressed", "-o", here.path("d/file"), server.url()});
    CAPTURE(row.what, r.err);
    CHECK(r.code == row.code);
    CHECK(r.err.empty() == (row.code == 0));
    CHECK(here.folder.read("d/file") == row.file);
    CHECK(request.find("range: bytes=" + at + "-\r\n") != std::string::npos);
    CHECK(request.find("accept-encoding: identity\r\n") != std::string::npos);
    CHECK(request.find("gzip") == std::string::npos);
  }

  // A server that does not say the size with its 416 is asked for it.
  for (const std::string& length : {at, size}) {
    const peer silent([&](accepted& client) {
      client.send(client.receive_head().starts_with("HEAD ")
                      ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + length +
                            "\r\n\r\n"
                      : response("416 Range Not Satisfiable", "", "no"));
    });
    here.folder.write("d/file", part);
    CHECK(here.get({"-C", "-", "-o", here.path("d/file"), silent.url()}).code ==
          (length == at ? 0 : 33));
    CHECK(silent.connections() == 2);
    CHECK(here.folder.read("d/file") == part);
  }

  const peer server(answering(rows[0].answer));
  here.folder.write("d/target", part);
  std::filesystem::create_symlink("target", here.path("d/link"));
  for (const std::string& from : {std::string("-"), at}) {
    const auto r = here.get({"-C", from, "-o", here.path("d/link"), server.url()});
    CHECK(r.code == 23);
    CHECK(r.err.find("it is a symbolic link") != std::string::npos);
    CHECK(here.folder.read("d/target") == part);
  }
}

TEST_CASE("get: --proxy-digest shows a proxy no password in clear") {
  const workplace here;
  std::vector<std::string> requests;
  for (const bool asks_digest : {true, false}) {
    requests.clear();
    const peer proxy([&](accepted& client) {
      requests.push_back(client.receive_head());
      const std::string challenge =
          asks_digest ? "Digest realm=\"p\", nonce=\"n\", algorithm=SHA-256" : "Basic realm=\"p\"";
      client.send(requests.size() == 1
                      ? response("407 Who?", "Proxy-Authenticate: " + challenge + "\r\n", "")
                      : response("200 OK", "", "fine"));
    });
    const auto r = here.get({"-x", proxy.url() + "path", "--proxy-digest", "-U", "me:open sesame",
                             "http://host.test/"});
    CAPTURE(r.err);
    CHECK(r.code == (asks_digest ? 0 : 67));
    REQUIRE(requests.size() == (asks_digest ? 2 : 1));
    CHECK(requests[0].find("roxy-Authorization") == std::string::npos);
    if (asks_digest) CHECK(requests[1].find("roxy-Authorization: Digest ") != std::string::npos);
  }
}

TEST_CASE("get: how URLs and --resolve may be written") {
  const workplace here;
  const peer server(answering(response("200 OK", "", "here")));
  const auto port = std::to_string(server.port());
  for (const std::string& url :
       {"http:/127.0.0.1:" + port + "/", "http:127.0.0.1:" + port + "/",
        "HTTP:\\\\127.0.0.1:" + port + "/", "http:///127.0.0.1:" + port,
        "http://127.0.0.1:" + port + "/?to=http://x/", "http:/127.0.0.1:" + port + "/?to=http://x/",
        "http://localhost.:" + port + "/"}) {
    const auto r = here.get({url});
    CAPTURE(url, r.err);
    CHECK(r.out == "here");
  }
  // A port, and a scheme within a query, are no scheme of the URL.
  CHECK(here.get({"http:1/"}).err.find("https://http:1") != std::string::npos);
  CHECK(here.get({"127.0.0.1:1/?to=http://x/"}).err.find("https://127.0.0.1:1") !=
        std::string::npos);

  const auto there =
      here.get({"--resolve", "[::1]:" + port + ":127.0.0.1", "http://[::1]:" + port + "/"});
  CAPTURE(there.err);
  CHECK(there.out == "here");
  const auto none = here.get({"--resolve", "[::1]:9", "http://host.test/"});
  CHECK(none.code == 2);
  CHECK(none.err.find("--resolve wants HOST:PORT:ADDRESS") != std::string::npos);
}
