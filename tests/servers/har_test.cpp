// Recording calls to a real server, the schema of HAR 1.2, and the program `get` without a network.
#include "servers/client_support.hpp"
#include "servers/nginx.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <cohttps/adapters/har_reader.hpp>
#include <cohttps/har.hpp>
#include <cohttps/har_replay.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct outcome {
  int code;
  std::string out;
  std::string err;
};

outcome run_program(const temporary_folder& folder, std::vector<std::string> command) {
  child_process program(command, folder.path() / "out", folder.path() / "err");
  const auto code = program.wait(20s);
  if (!code) FAIL(command.front() << " has not ended after 20 s");
  return {*code, folder.read("out"), folder.read("err")};
}

outcome get_program(const temporary_folder& folder, std::vector<std::string> arguments) {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  arguments.insert(arguments.begin(),
                   {COHTTPS_GET_PROGRAM, "--cacert", web_server().root_file().string()});
  return run_program(folder, std::move(arguments));
}

/// What the package `har-validator` says of the file; "valid" where it is not installed, too.
std::string verdict(const temporary_folder& folder, const std::string& file) {
  const bool there = std::filesystem::exists("/usr/bin/node") &&
                     std::filesystem::exists("/usr/share/nodejs/har-validator");
  if (!there) {
    WARN("no har-validator on this machine; tools/setup test installs it");
    return "valid\n";
  }
  const std::string script = COHTTPS_SERVERS_FOLDER "/validate_har.js";
  return run_program(folder, {"/usr/bin/node", script, file}).out;
}

har_log log_of(const std::string& path) {
  auto log = read_har_file(path);
  if (!log) FAIL(log.error().what());
  return *std::move(log);
}

content form_with(std::string_view password) {
  return content::form({{"name", "value"}, {"password", password}});
}

/// Makes one request of each kind.
task<void> make_requests(client& c, std::string at) {
  co_await c.get(at + "/small.txt?a=b%20c&token=secret");
  co_await c.get(at + "/moved");
  co_await c.post(at + "/form", form_with("x"));
  co_await c.put(at + "/uploads/har.bin", content(std::string("\0\xff binary", 9)));
  auto stream = co_await c.stream(method::get, at + "/large.bin");
  co_await stream.for_each([](std::span<const std::byte>) {});
  auto missing = co_await c.try_get(at + "/missing");
  auto refused = co_await c.try_get("https://localhost:1/");
  CHECK_FALSE(refused);
}

}  // namespace

TEST_CASE("HAR: what a real server answered has the schema of HAR 1.2, and is replayed") {
  auto& server = web_server();
  const temporary_folder folder;
  const std::string path = (folder.path() / "log.har").string();
  const std::string at = server.url(site::both, "");
  const client_options options = trusting();
  auto record = [&]() -> task<void> {
    client c(options);
    har_recorder recorder(path);
    c.use(recorder.layer());
    co_await make_requests(c, at);
    CHECK_FALSE(recorder.failure());
  };
  run(record());
  CHECK(verdict(folder, path) == "valid\n");
  const har_log log = log_of(path);
  REQUIRE(log.entries.size() >= 8);
  const har_entry& first = log.entries[0];
  CHECK((first.server_address == "127.0.0.1" || first.server_address == "::1"));
  CHECK(first.response.content.bytes == server.small);
  const auto text = folder.read("log.har");
  CHECK(text.find("secret") == std::string::npos);
  const auto parsed = nlohmann::json::parse(text);
  const auto& times = parsed["log"]["entries"][0]["timings"];
  CHECK((times["connect"] > 0 && times["ssl"] > 0 && times["ssl"] <= times["connect"]));
  CHECK((times["wait"] > 0 && times["send"] >= 0 && times["receive"] >= 0));
  const auto& second = parsed["log"]["entries"][1]["timings"];
  CHECK((second["connect"] == -1 && second["dns"] == -1 && second["ssl"] == -1));
  CHECK(log.entries[1].response.status == 301);
  CHECK(log.entries.back().response.failure->category == "connect");

  auto replay = [&]() -> task<void> {
    client c(client_options{});  // trusts nobody here, and asks nobody
    har_replayer replayer(log, {.content = true});
    c.use(replayer.layer());
    auto r = co_await c.get(at + "/small.txt?a=b%20c&token=other");
    CHECK(r.text() == server.small);
    r = co_await c.get(at + "/moved");
    CHECK(r.history().size() == 1);
    r = co_await c.post(at + "/form", form_with("y"));
    CHECK(r.status() < 500);
    auto failed = co_await c.try_get("https://localhost:1/");
    CHECK(failed.error().category() == error_category::connect);
    failed = co_await c.try_get(at + "/other.txt");
    CHECK(failed.error().reason() == "har_no_entry");
  };
  run(replay());
}

TEST_CASE("HAR: get records and replays") {
  auto& server = web_server();
  const temporary_folder folder;
  const std::string file = (folder.path() / "get.har").string();
  const std::string url = server.url(site::both, "/small.txt");
  auto r = get_program(folder, {"--har", file, "-b", "id=secret", url});
  CAPTURE(r.err);
  CHECK((r.code == 0 && r.out == server.small));
  CHECK(verdict(folder, file) == "valid\n");
  CHECK(folder.read("get.har").find("secret") == std::string::npos);
  r = get_program(folder, {"--replay", file, url});
  CHECK((r.code == 0 && r.out == server.small));
  r = get_program(folder, {"--replay", file, url + "?other"});
  CHECK(r.code == 2);
  CHECK(r.err.find("the closest is entry 1") != std::string::npos);
  r = get_program(folder, {"--replay", (folder.path() / "none.har").string(), url});
  CHECK(r.code == 2);
  r = get_program(folder, {"--har", (folder.path() / "none" / "x.har").string(), url});
  CHECK(r.code == 2);
  // A file that is cut.
  const std::string whole = folder.read("get.har");
  folder.write("cut.har", whole.substr(0, whole.size() - 5) + ",\n{\"startedDate");
  r = get_program(folder, {"--replay", (folder.path() / "cut.har").string(), url});
  CHECK((r.code == 0 && r.out == server.small));
  CHECK(r.err.find("ends in the middle of an entry") != std::string::npos);
}
