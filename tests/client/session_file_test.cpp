// Sessions that another process begins, kept in a file between the two.
#include "servers/nginx.hpp"
#include "tls/support.hpp"
#include "tls/tcp_client.hpp"

#include <cohttps/client/session_file.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

const std::vector<std::byte> key(32, std::byte{7});

// Whether a connection of `context` is a continued one; -1: there is none.
int connect(const tls_context& context, std::uint16_t port) {
  tcp_client one(context, port, "localhost", {});
  if (!one.connect()) return -1;
  const auto got =
      one.exchange("GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "a small file");
  one.close();
  return got.find("a small file") == std::string::npos ? -1 : one.engine.info().resumed;
}

// Runs `work` in another process; its status.
template <class F>
int elsewhere(F&& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string reason(const result<std::size_t>& loaded) {
  return loaded ? "" : std::string(loaded.error().reason());
}

std::size_t files_in(const temporary_folder& folder) {
  std::size_t count = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) ++count, (void)each;
  return count;
}

}  // namespace

TEST_CASE("a process continues with nginx what another one has begun") {
  auto& server = web_server();
  const site where = GENERATE(site::ecdsa_12, site::ecdsa_13);
  const temporary_folder folder;
  const auto path = (folder.path() / "sessions").string();
  const auto port = server.port(where);
  const auto begin = [&] {
    auto context = context_trusting(server.root_pem());
    if (load_tls_sessions(context, path, key).value_or(9) != 0) return 1;
    if (connect(context, port) != 0) return 2;
    return save_tls_sessions(context, path, key) ? 0 : 3;
  };
  const auto go_on = [&] {
    auto context = context_trusting(server.root_pem());
    if (load_tls_sessions(context, path, key).value_or(0) == 0) return 1;
    if (connect(context, port) != 1) return 2;
    return save_tls_sessions(context, path, key) ? 0 : 3;
  };
  CHECK(elsewhere(begin) == 0);
  for (int i = 0; i < 3; ++i) CHECK(elsewhere(go_on) == 0);
  struct stat about = {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a file of sessions that is something else gives nothing, and says so") {
  const temporary_folder folder;
  const auto path = (folder.path() / "sessions").string();
  auto context = context_trusting();
  CHECK(load_tls_sessions(context, path, key).value() == 0);  // not there yet
  REQUIRE(save_tls_sessions(context, path, key));
  CHECK(load_tls_sessions(context, path, key).value() == 0);
  CHECK(reason(load_tls_sessions(context, path, std::vector<std::byte>(32))) ==
        "bad_sealed_sessions");
  folder.write("sessions", "");
  CHECK(reason(load_tls_sessions(context, path, key)) == "not_sealed_sessions");
  folder.write("sessions", std::string(10'000, 'x'));
  CHECK(reason(load_tls_sessions(context, path, key)) == "not_sealed_sessions");
  std::filesystem::resize_file(path, std::size_t{17} << 20);
  CHECK(reason(load_tls_sessions(context, path, key)) == "session_file");
  CHECK(reason(load_tls_sessions(context, folder.path().string(), key)) == "session_file");
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(reason(load_tls_sessions(context, path, key)) == "session_file");  // at once
  CHECK(save_tls_sessions(context, path, key).error().reason() == "session_file");
}

TEST_CASE("a file of sessions is replaced at once or not at all") {
  const temporary_folder folder;
  const auto path = (folder.path() / "sessions").string();
  const auto context = context_trusting();
  folder.write("kept", "kept");
  std::filesystem::create_symlink(folder.path() / "kept", path);
  REQUIRE(save_tls_sessions(context, path, key));  // the link is replaced, not what it leads to
  CHECK(folder.read("kept") == "kept");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(path)));
  CHECK(files_in(folder) == 2);
  const auto nowhere = (folder.path() / "none" / "sessions").string();
  const auto failed = save_tls_sessions(context, nowhere, key);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().category() == error_category::usage);
  CHECK(failed.error().reason() == "session_file");
  std::filesystem::create_directory(folder.path() / "folder");
  CHECK_FALSE(save_tls_sessions(context, (folder.path() / "folder").string(), key));
  CHECK(files_in(folder) == 3);
}
