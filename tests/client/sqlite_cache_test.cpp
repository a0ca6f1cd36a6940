// Responses in a file.
#include "servers/process.hpp"

#include <cohttps/stores/sqlite_cache.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct file {
  temporary_folder folder;
  std::string path = (folder.path() / "cache.db").string();
};

std::shared_ptr<cached_response> made(std::string content, fields request = {},
                                      fields headers = {}) {
  auto r = std::make_shared<cached_response>();
  r->status = 200;
  r->headers = headers.empty() ? fields{{"Cache-Control", "max-age=60"}, {"X", "a:b"}} : headers;
  r->request_fields = std::move(request);
  r->requested = r->received = std::chrono::system_clock::time_point(1'600'000'000s);
  r->content = std::move(content);
  return r;
}

template <class T>
T now(task<T> t) {
  memory_network network;
  return network.run(std::move(t));
}

std::string content_of(sqlite_cache& c, std::string_view key, const fields& request = {}) {
  auto found = now(c.find(key, request));
  if (!found) return found.error().what();
  return *found ? (*found)->content : "(none)";
}

}  // namespace

TEST_CASE("a file keeps responses, by key and by Vary, for later") {
  file at;
  const std::string binary("bytes\0\xff\n", 8);
  {
    auto c = sqlite_cache::open(at.path).value();
    CHECK(content_of(*c, "https://a/") == "(none)");
    REQUIRE(now(c->put("https://a/", made(binary))));
    const fields vary{{"Vary", "Accept"}};
    REQUIRE(now(c->put("https://b/", made("de", {{"accept", "de"}}, vary))));
    REQUIRE(now(c->put("https://b/", made("en", {{"accept", "en"}}, vary))));
    REQUIRE(now(c->put("https://b/", made("EN", {{"accept", "en"}}, vary))));
  }
  struct stat about{};
  REQUIRE(::stat(at.path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  auto c = sqlite_cache::open(at.path).value();
  auto found = now(c->find("https://a/", {})).value();
  REQUIRE(found);
  CHECK((found->content == binary && found->status == 200 && found->headers.find("x") == "a:b"));
  CHECK(found->received == std::chrono::system_clock::time_point(1'600'000'000s));
  CHECK(content_of(*c, "https://b/", {{"Accept", "de"}}) == "de");
  CHECK(content_of(*c, "https://b/", {{"Accept", "en"}}) == "EN");
  CHECK(content_of(*c, "https://b/") == "(none)");
  REQUIRE(now(c->erase("https://b/")));
  CHECK(content_of(*c, "https://b/", {{"Accept", "en"}}) == "(none)");
  REQUIRE(now(c->erase("https://a/")));
  CHECK(c->bytes().value() == 0);
}

TEST_CASE("a file has a bound") {
  file at;
  auto c = sqlite_cache::open(at.path, {.max_bytes = 200'000}).value();
  for (int i = 0; i < 100; ++i)
    REQUIRE(now(c->put("k" + std::to_string(i), made(std::string(5000, 'x')))));
  CHECK(c->bytes().value() <= 200'000);
  CHECK(content_of(*c, "k99") == std::string(5000, 'x'));
  CHECK(content_of(*c, "k0") == "(none)");
  REQUIRE(now(c->put("k99", made(std::string(100'000, 'x')))));
  CHECK(content_of(*c, "k99") == "(none)");
}

TEST_CASE("files that are no cache stay as they are") {
  file at;
  const std::string text(5000, 't');
  at.folder.write("cache.db", text);
  auto opened = sqlite_cache::open(at.path);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file_foreign");
  CHECK(opened.error().message().find(at.path) != std::string::npos);
  CHECK(at.folder.read("cache.db") == text);

  const auto other = (at.folder.path() / "other.db").string();
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(other.c_str(), &database) == SQLITE_OK);
  sqlite3_exec(database, "CREATE TABLE mine(x)", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  opened = sqlite_cache::open(other);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file_foreign");

  {
    auto c = sqlite_cache::open((at.folder.path() / "new.db").string()).value();
  }
  REQUIRE(sqlite3_open((at.folder.path() / "new.db").c_str(), &database) == SQLITE_OK);
  sqlite3_exec(database, "PRAGMA user_version=2", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  opened = sqlite_cache::open((at.folder.path() / "new.db").string());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file_version");

  opened = sqlite_cache::open("/nonexistent/cache.db");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file");
}

TEST_CASE("several processes share a file, and one that dies leaves it whole") {
  file at;
  {
    auto c = sqlite_cache::open(at.path).value();
  }
  pid_t children[3];
  for (int k = 0; k < 3; ++k) {
    children[k] = ::fork();
    if (children[k] == 0) {
      auto c = sqlite_cache::open(at.path, {.busy_timeout = 5s});
      int stored = 0;
      for (int i = 0; c && i < 100; ++i) {
        const auto key = std::to_string(k) + '/' + std::to_string(i);
        if (now((*c)->put(key, made(std::string(2000, static_cast<char>('a' + k)))))) ++stored;
        if (k == 2 && i == 50) ::kill(::getpid(), SIGKILL);
      }
      ::_exit(stored == 100 ? 0 : 1);
    }
  }
  int status = 0;
  for (const pid_t child : children) REQUIRE(::waitpid(child, &status, 0) == child);
  auto c = sqlite_cache::open(at.path).value();
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 100; ++i)
      CHECK(content_of(*c, std::to_string(k) + '/' + std::to_string(i)) ==
            std::string(2000, static_cast<char>('a' + k)));
  CHECK(content_of(*c, "2/49") == std::string(2000, 'c'));
}
