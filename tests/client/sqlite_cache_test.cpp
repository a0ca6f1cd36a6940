// Responses in a file.
#include "client/cache_support.hpp"
#include "servers/process.hpp"

#include <cohttps/stores/sqlite_cache.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <sys/resource.h>
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

template <class T>
T now(task<T> t) {
  memory_network network;
  return network.run(std::move(t));
}

result<void> put(cache_store& c, std::string key, std::string content, fields request = {},
                 fields headers = {}) {
  return now(store_content(c, std::move(key),
                           stored_response(std::move(request), std::move(headers)),
                           std::move(content)));
}

std::string content_of(cache_store& c, std::string key, fields request = {}) {
  return now(found_content(c, std::move(key), std::move(request)));
}

std::int64_t number_in(const std::string& path, const char* sql) {
  cohttps::detail::sqlite_database database(path);
  return database.number(sql).value();
}

}  // namespace

TEST_CASE("a file keeps responses, by key and by Vary, for later") {
  file at;
  const std::string binary("bytes\0\xff\n", 8);
  {
    auto c = sqlite_cache::open(at.path).value();
    CHECK(content_of(*c, "https://a/") == "(none)");
    REQUIRE(put(*c, "https://a/", binary));
    const fields vary{{"Vary", "Accept"}};
    REQUIRE(put(*c, "https://b/", "de", {{"accept", "de"}}, vary));
    REQUIRE(put(*c, "https://b/", "en", {{"accept", "en"}}, vary));
    REQUIRE(put(*c, "https://b/", "EN", {{"accept", "en"}}, vary));
  }
  struct stat about{};
  REQUIRE(::stat(at.path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  auto c = sqlite_cache::open(at.path).value();
  auto found = now(c->find("https://a/", {})).value();
  REQUIRE(found);
  REQUIRE(found.copy);
  CHECK((*found.copy == binary && found.response->status == 200));
  CHECK(found.response->headers.find("x") == "a:b");
  CHECK(found.response->received == std::chrono::system_clock::time_point(1'600'000'000s));
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
  for (int i = 0; i < 100; ++i) REQUIRE(put(*c, "k" + std::to_string(i), std::string(5000, 'x')));
  CHECK(c->bytes().value() <= 200'000);
  CHECK(content_of(*c, "k99") == std::string(5000, 'x'));
  CHECK(content_of(*c, "k0") == "(none)");
  CHECK(c->max_content() == 25'000);
}

TEST_CASE("large content goes into a file in pieces, and comes out in pieces") {
  file at;
  auto c = sqlite_cache::open(at.path).value();
  const std::string large = varied_content(3 * 256 * 1024 + 1000);
  for (const std::size_t part : {std::size_t{1000}, std::size_t{256 * 1024}, large.size()}) {
    REQUIRE(now(store_content(*c, "large", stored_response(), large, part)));
    CHECK(content_of(*c, "large") == large);
  }
  CHECK(number_in(at.path, "SELECT count(*) FROM pieces") == 4);
  CHECK(number_in(at.path, "SELECT count(*) FROM responses WHERE content IS NULL") == 1);
  auto found = now(c->find("large", {})).value();
  REQUIRE(found.reader);
  CHECK(found.length() == large.size());
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{256 * 1024 - 1}, std::uint64_t{256 * 1024},
        std::uint64_t{700'000}, large.size()})
    CHECK(now(read_content(found, first)).value() == large.substr(first));
  // The sizes around that of content which a row gives itself, and around one piece.
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 8192, 8193, 256 * 1024 - 1,
                                                                   256 * 1024, 256 * 1024 + 1}) {
    REQUIRE(put(*c, "edge", large.substr(0, size)));
    CHECK(content_of(*c, "edge") == large.substr(0, size));
  }
  // The times and fields change, and the content stays.
  auto renewed = stored_response({}, {{"X", "new"}});
  REQUIRE(now(c->refresh("large", renewed)));
  REQUIRE(now(c->refresh("none", renewed)));
  found = now(c->find("large", {})).value();
  CHECK(found.response->headers.find("x") == "new");
  CHECK(now(read_content(found)).value() == large);
  REQUIRE(now(c->erase("large")));
  REQUIRE(now(c->erase("edge")));
  CHECK(c->bytes().value() == 0);
  CHECK(number_in(at.path, "SELECT count(*) FROM pieces") == 0);
}

TEST_CASE("what is read stays, whatever replaces it") {
  file at;
  auto c = sqlite_cache::open(at.path).value();
  const std::string old = varied_content(1'000'000), other(900'000, 'n');
  REQUIRE(put(*c, "k", old));
  auto work = [&]() -> task<std::string> {
    auto found = co_await c->find("k", {});
    auto part = co_await found->reader->next();
    std::string all(reinterpret_cast<const char*>(part->data()), part->size());
    auto second = sqlite_cache::open(at.path).value();
    (void)co_await store_content(*second, "k", stored_response(), other);
    (void)co_await second->erase("k");
    while (true) {
      part = co_await found->reader->next();
      if (!part) co_return part.error().what();
      if (part->empty()) co_return all;
      all.append(reinterpret_cast<const char*>(part->data()), part->size());
    }
  };
  CHECK(now(work()) == old);
  CHECK(content_of(*c, "k") == "(none)");
  // Removed before the first byte was read: an error, which the cache takes for a miss.
  REQUIRE(put(*c, "k", old));
  auto found = now(c->find("k", {})).value();
  REQUIRE(now(c->erase("k")));
  CHECK(now(read_content(found)).error().reason() == "cache_content_lost");
}

TEST_CASE("a response that is not completed leaves nothing, and hides nothing") {
  file at;
  auto c = sqlite_cache::open(at.path).value();
  REQUIRE(put(*c, "k", "old"));
  const auto before = c->bytes().value();
  {
    auto writer = now(c->write("k", stored_response())).value();
    const std::string part(600'000, 'x');
    REQUIRE(now(writer->write(std::as_bytes(std::span(part)))));
    CHECK(number_in(at.path, "SELECT count(*) FROM pieces") == 2);
    CHECK(c->bytes().value() > before + 500'000);
    CHECK(content_of(*c, "k") == "old");
  }
  CHECK(c->bytes().value() == before);
  CHECK(number_in(at.path, "SELECT count(*) FROM pieces") == 0);
  CHECK(content_of(*c, "k") == "old");
  // Of a process that died: it goes after an hour.
  const pid_t child = ::fork();
  if (child == 0) {
    auto mine = sqlite_cache::open(at.path).value();
    auto writer = now(mine->write("k", stored_response())).value();
    const std::string part(600'000, 'x');
    (void)now(writer->write(std::as_bytes(std::span(part))));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(number_in(at.path, "SELECT count(*) FROM responses WHERE key IS NULL") == 1);
  CHECK(content_of(*c, "k") == "old");
  {
    cohttps::detail::sqlite_database database(at.path);
    REQUIRE(database.execute("UPDATE responses SET used = used - 3601 WHERE key IS NULL"));
  }
  auto again = sqlite_cache::open(at.path).value();
  CHECK(again->bytes().value() == before);
  CHECK(number_in(at.path, "SELECT count(*) FROM pieces") == 0);
}

TEST_CASE("large content does not pass through memory as a whole") {
  file at;
  // In a process of its own, whose largest size nothing else has grown.
  const pid_t child = ::fork();
  if (child == 0) {
    const auto largest = [] {
      rusage all{};
      ::getrusage(RUSAGE_SELF, &all);
      return all.ru_maxrss / 1024;
    };
    const auto before = largest();
    auto c = sqlite_cache::open(at.path, {.max_bytes = 2'000'000'000}).value();
    const std::string part = varied_content(100'000);
    const auto work = [&]() -> task<bool> {
      auto writer = co_await c->write("k", stored_response());
      for (int i = 0; i < 1000; ++i) {
        auto done = co_await (*writer)->write(std::as_bytes(std::span(part)));
        if (!done) co_return false;
      }
      auto done = co_await (*writer)->commit();
      auto found = co_await c->find("k", {});
      std::size_t size = 0;
      while (true) {
        auto read = co_await found->reader->next();
        if (!read || read->empty()) break;
        size += read->size();
      }
      co_return done&& size == 100'000'000;
    };
    const bool right = now(work());
    // A sanitizer keeps what was freed.
    const bool small = !cohttps::recycler::recycles || largest() - before < 24;
    ::_exit(!right ? 1 : small ? 0 : 2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a file is not much larger than its bound") {
  file at;
  const std::uint64_t bound = 8'000'000;
  auto c = sqlite_cache::open(at.path, {.max_bytes = bound}).value();
  const std::string large = varied_content(900'000);
  for (int i = 0; i < 60; ++i) {
    REQUIRE(put(*c, "k" + std::to_string(i), large));
    REQUIRE(put(*c, "s" + std::to_string(i), large.substr(0, 10'000)));
    CHECK(c->bytes().value() <= bound);
  }
  CHECK(content_of(*c, "k59") == large);
  CHECK(std::filesystem::file_size(at.path) < bound * 3 / 2);
  CHECK(std::filesystem::file_size(at.path + "-wal") < 16'000'000);
  c.reset();
  c = sqlite_cache::open(at.path, {.max_bytes = bound / 8}).value();
  CHECK(c->bytes().value() <= bound / 8);
  c.reset();
  CHECK(std::filesystem::file_size(at.path) < bound / 2);
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
  sqlite3_exec(database, "PRAGMA user_version=99", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  opened = sqlite_cache::open((at.folder.path() / "new.db").string());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file_version");

  opened = sqlite_cache::open("/nonexistent/cache.db");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reason() == "cache_file");
}

TEST_CASE("a file of an older version begins anew, and a damaged one says so") {
  file at;
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(at.path.c_str(), &database) == SQLITE_OK);
  sqlite3_exec(database,
               "CREATE TABLE responses(key TEXT, vary TEXT, bytes INTEGER);"
               "CREATE TABLE sizes(total INTEGER); INSERT INTO sizes VALUES(7);"
               "PRAGMA application_id=1668245620; PRAGMA user_version=1",
               nullptr, nullptr, nullptr);
  sqlite3_close(database);
  {
    auto c = sqlite_cache::open(at.path).value();
    CHECK(c->bytes().value() == 0);
    for (int i = 0; i < 200; ++i) REQUIRE(put(*c, "k" + std::to_string(i), varied_content(5000)));
    CHECK(content_of(*c, "k7") == varied_content(5000));
  }
  std::string bytes = at.folder.read("cache.db");
  for (std::size_t i = 4096; i < bytes.size(); i += 3) bytes[i] = static_cast<char>(i * 7);
  at.folder.write("cache.db", bytes);
  auto opened = sqlite_cache::open(at.path);
  if (opened) {
    const auto found = now((*opened)->find("k7", {}));
    REQUIRE_FALSE(found);
    CHECK(found.error().reason() == "cache_file_damaged");
  } else {
    CHECK(opened.error().reason() == "cache_file_damaged");
    CHECK(opened.error().message().find("remove it") != std::string::npos);
  }
}

TEST_CASE("another process that writes for long costs a short time") {
  file at;
  auto c = sqlite_cache::open(at.path, {.busy_timeout = 30ms}).value();
  REQUIRE(put(*c, "k", "old"));
  cohttps::detail::sqlite_database other(at.path);
  REQUIRE(other.execute("BEGIN IMMEDIATE"));
  const auto began = std::chrono::steady_clock::now();
  const auto done = put(*c, "k", "new");
  REQUIRE_FALSE(done);
  CHECK(done.error().reason() == "cache_file_busy");
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  CHECK(content_of(*c, "k") == "old");  // to read needs no lock
  REQUIRE(other.execute("COMMIT"));
  REQUIRE(put(*c, "k", "new"));
  CHECK(content_of(*c, "k") == "new");
}

TEST_CASE("several processes share a file, and one that dies leaves it whole") {
  file at;
  pid_t children[3];
  for (int k = 0; k < 3; ++k) {
    children[k] = ::fork();
    if (children[k] == 0) {
      auto c = sqlite_cache::open(at.path, {.busy_timeout = 5s});
      int stored = 0;
      for (int i = 0; c && i < 100; ++i) {
        const auto key = std::to_string(k) + '/' + std::to_string(i);
        const std::size_t size = i % 10 == 0 ? 300'000 : 2000;
        if (put(**c, key, std::string(size, static_cast<char>('a' + k)))) ++stored;
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
            std::string(i % 10 == 0 ? 300'000 : 2000, static_cast<char>('a' + k)));
  CHECK(content_of(*c, "2/49") == std::string(2000, 'c'));
}
