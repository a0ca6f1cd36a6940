// Content larger than memory, through the example `get`: what it holds of it at a time.
//
// 512 MiB each way; COHTTPS_LARGE_CONTENT=4096 in the environment makes it so many MiB.
#include "servers/message_servers.hpp"
#include "servers/nginx.hpp"
#include "servers/peer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>
#include <zlib.h>

using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

// A sanitizer's own memory counts as the program's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

constexpr std::size_t most_kib = (sanitized ? 1024 : 32) * 1024;

std::uint64_t large_size() {
  const char* mebibytes = std::getenv("COHTTPS_LARGE_CONTENT");
  return (mebibytes ? std::strtoull(mebibytes, nullptr, 10) : 512) * 1024 * 1024;
}

/// A file of zeros that takes no room.
std::filesystem::path sparse(const temporary_folder& folder, const std::string& name) {
  auto file = folder.write(name, "");
  std::filesystem::resize_file(file, large_size());
  return file;
}

/// The most memory that a program has had resident, so far; 0 when that cannot be known.
std::size_t peak_kib(pid_t id) {
  std::ifstream status("/proc/" + std::to_string(id) + "/status");
  for (std::string word; status >> word;)
    if (std::size_t kib = 0; word == "VmHWM:" && status >> kib) return kib;
  return 0;
}

struct outcome {
  int code;
  std::string out;
  std::string err;
  std::size_t peak;
};

/// Runs `get` and looks at its memory until it ends.
outcome get(const temporary_folder& folder, std::vector<std::string> arguments, bool keep_output) {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  if (peak_kib(::getpid()) == 0) SKIP("this system does not tell how much memory a program has");
  arguments.insert(arguments.begin(), {COHTTPS_GET_PROGRAM, "--allow-plaintext"});
  child_process program(arguments, keep_output ? folder.path() / "get.out" : "/dev/null",
                        folder.path() / "get.err");
  std::size_t peak = 0;
  std::optional<int> code;
  const auto end = std::chrono::steady_clock::now() + 500s;
  while (!(code = program.wait(5ms))) {
    // The last one counts: before it has become `get`, it is a copy of this program.
    if (const auto now = peak_kib(program.id())) peak = now;
    if (std::chrono::steady_clock::now() > end) FAIL("get has not ended after 500 s");
  }
  return {*code, keep_output ? folder.read("get.out") : "", folder.read("get.err"), peak};
}

/// For whoever has asked for more than the usual.
void tell(const char* what, const outcome& r) {
  if (std::getenv("COHTTPS_LARGE_CONTENT"))
    WARN(what << ' ' << large_size() / (1024 * 1024) << " MiB within " << r.peak << " KiB");
}

#ifdef COHTTPS_HAS_ZLIB
/// 64 MiB of zeros and as many more as make `size`, as members of gzip (RFC 1952, 2.2).
std::string bomb(std::uint64_t size) {
  std::vector<unsigned char> zeros(64 * 1024 * 1024), coded(256 * 1024);
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = zeros.data();
  stream.avail_in = static_cast<unsigned>(zeros.size());
  stream.next_out = coded.data();
  stream.avail_out = static_cast<unsigned>(coded.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  const std::string member(reinterpret_cast<const char*>(coded.data()), stream.total_out);
  deflateEnd(&stream);
  std::string all;
  for (std::uint64_t made = 0; made < size; made += zeros.size()) all += member;
  return all;
}
#endif

}  // namespace

TEST_CASE("large content is received within 32 MiB of memory") {
  auto& server = web_server();
  sparse(server.folder(), "site/sparse.bin");
  const auto r = get(
      server.folder(),
      {"--cacert", server.root_file().string(), server.url(site::ecdsa_13, "/sparse.bin")}, false);
  CAPTURE(r.err);
  CHECK(r.code == 0);  // it was complete
  CHECK(r.peak < most_kib);
  tell("received", r);
}

TEST_CASE("large content is sent within 32 MiB of memory") {
  auto& server = message_server_of<message_program::node>();
  const auto file = sparse(server.folder(), "sparse.bin").string();
  const auto url = server.url("/count");
  const std::vector<std::string> cases[] = {
      {"-T", file, "-X", "POST"},  // with a length
      {"-F", "film=@" + file},     // in a form
  };
  for (auto arguments : cases) {
    CAPTURE(arguments);
    arguments.insert(arguments.end(), {"--cacert", server.root_file(), url});
    const auto r = get(server.folder(), arguments, true);
    CAPTURE(r.err);
    REQUIRE(r.code == 0);
    CHECK(nlohmann::json::parse(r.out).at("size").get<std::uint64_t>() >= large_size());
    CHECK(r.peak < most_kib);
    tell("sent", r);
  }
}

#ifdef COHTTPS_HAS_ZLIB
TEST_CASE("a bomb of 10 GiB is refused within 32 MiB of memory") {
  const temporary_folder folder;
  const std::string coded = bomb(std::uint64_t{10} << 30);
  const peer server([&](accepted& client) {
    client.receive_head();
    client.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                std::to_string(coded.size()) + "\r\n\r\n");
    client.send(coded);
  });
  const auto r = get(folder, {"--compressed", server.url()}, false);
  CAPTURE(r.err);
  CHECK(r.code == 63);
  CHECK(r.err.find("times") != std::string::npos);
  CHECK(r.peak < most_kib);
}
#endif
