// Responses in a file of SQLite. Only this header includes sqlite3; link it with -lsqlite3.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>

#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace cohttps {

/// How a `sqlite_cache` behaves.
struct sqlite_cache_options {
  /// Bytes of all responses together. Beyond it, those that were not used for longest go.
  std::uint64_t max_bytes = 256 * 1024 * 1024;
  /// How long it waits for another process that writes.
  std::chrono::milliseconds busy_timeout = std::chrono::milliseconds(50);
};

/// Keeps responses in a file, also for later runs and for other processes at the same time. A crash
/// of a process, or of the machine, leaves a file that can be used; the last responses may be
/// missing. The file is readable by its owner alone.
///
/// Its calls read and write the file on the loop's thread.
///
/// Threads: any, at the same time.
class sqlite_cache final : public cache_store {
 public:
  /// Opens `path`, or makes it. Errors (usage):
  /// - "cache_file_foreign": it is no database, or one of another program; it stays as it is
  /// - "cache_file_version": a newer version of this library made it
  /// - "cache_file": it cannot be opened
  static result<std::shared_ptr<sqlite_cache>> open(const std::string& path,
                                                    sqlite_cache_options options = {}) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(error_category::usage, "cache_file", "cannot open " + path);
    ::close(file);
    auto made = std::shared_ptr<sqlite_cache>(new sqlite_cache(options));
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
    made->database_.reset(database);
    if (code != SQLITE_OK) return made->failed("cache_file", path);
    sqlite3_busy_timeout(database, static_cast<int>(options.busy_timeout.count()));
    if (auto prepared = made->prepare(path); !prepared) return pass(std::move(prepared));
    return made;
  }

  task<result<stored>> find(std::string_view key, const fields& request) override {
    const std::scoped_lock lock(mutex_);
    return look_up(key, request);
  }
  task<result<void>> put(std::string_view key, stored what) override {
    const std::scoped_lock lock(mutex_);
    return keep(key, *what);
  }
  task<result<void>> erase(std::string_view key) override {
    const std::scoped_lock lock(mutex_);
    return forget(key);
  }

  /// Bytes of the responses that are kept.
  result<std::uint64_t> bytes() {
    const std::scoped_lock lock(mutex_);
    return total();
  }

 private:
  static constexpr int application_id = 0x636f6874;  // "coht"
  static constexpr int version = 1;

  struct close_database {
    void operator()(sqlite3* d) const noexcept { sqlite3_close_v2(d); }
  };
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  using statement = std::unique_ptr<sqlite3_stmt, finalize>;

  /// A statement for one use; it is reset at the end.
  class use {
   public:
    explicit use(const statement& s) noexcept : s_(s.get()) {}
    use(const use&) = delete;
    use& operator=(const use&) = delete;
    ~use() {
      sqlite3_reset(s_);
      sqlite3_clear_bindings(s_);
    }
    use& text(int at, std::string_view value) noexcept {
      sqlite3_bind_text(s_, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
      return *this;
    }
    use& blob(int at, std::string_view value) noexcept {
      sqlite3_bind_blob64(s_, at, value.data(), value.size(), SQLITE_STATIC);
      return *this;
    }
    use& number(int at, std::int64_t value) noexcept {
      sqlite3_bind_int64(s_, at, value);
      return *this;
    }
    int step() noexcept { return sqlite3_step(s_); }
    std::int64_t number_of(int column) noexcept { return sqlite3_column_int64(s_, column); }
    std::string_view bytes_of(int column) noexcept {
      const auto* const data = static_cast<const char*>(sqlite3_column_blob(s_, column));
      return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(s_, column))};
    }

   private:
    sqlite3_stmt* s_;
  };

  explicit sqlite_cache(const sqlite_cache_options& options) : options_(options) {}

  std::unexpected<error> failed(std::string_view reason, const std::string& what) const {
    return fail(error_category::usage, reason,
                what + ": " + (database_ ? sqlite3_errmsg(database_.get()) : "no memory"));
  }
  result<void> execute(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return failed("cache_file", "the cache");
  }
  result<std::int64_t> number(const char* sql) {
    sqlite3_stmt* s = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql, -1, &s, nullptr);
    const statement owned(s);
    if (code == SQLITE_NOTADB || (code == SQLITE_OK && sqlite3_step(s) == SQLITE_NOTADB))
      return fail(error_category::usage, "cache_file_foreign", "it is no database of SQLite");
    if (code != SQLITE_OK) return failed("cache_file", "the cache");
    return sqlite3_column_int64(s, 0);
  }

  result<void> prepare(const std::string& path) {
    const auto foreign = [&](const std::string& why) {
      return fail(error_category::usage, "cache_file_foreign",
                  "the file " + path + " is not a cache of this library (" + why +
                      "); it was left as it is, so name another one");
    };
    auto tables = number("SELECT count(*) FROM sqlite_master");
    if (!tables && tables.error().reason() == "cache_file_foreign")
      return foreign(tables.error().message());
    if (!tables) return pass(std::move(tables));
    auto id = number("PRAGMA application_id");
    if (!id) return pass(std::move(id));
    if (*tables > 0 && *id != application_id) return foreign("it is a database of another program");
    auto made_by = number("PRAGMA user_version");
    if (!made_by) return pass(std::move(made_by));
    if (*made_by > version)
      return fail(error_category::usage, "cache_file_version",
                  "the file " + path + " was made by a newer version of this library");
    for (const char* sql :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
          "PRAGMA application_id=1668245620", "PRAGMA user_version=1",
          "CREATE TABLE IF NOT EXISTS responses(key TEXT NOT NULL, vary TEXT NOT NULL,"
          " status INTEGER, headers BLOB, content BLOB, requested INTEGER, received INTEGER,"
          " used INTEGER, bytes INTEGER, PRIMARY KEY(key, vary))",
          "CREATE INDEX IF NOT EXISTS by_use ON responses(used)",
          "CREATE TABLE IF NOT EXISTS sizes(total INTEGER)",
          "INSERT INTO sizes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sizes)",
          "CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON responses BEGIN"
          " UPDATE sizes SET total = total + new.bytes; END",
          "CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON responses BEGIN"
          " UPDATE sizes SET total = total - old.bytes; END",
          // REPLACE deletes without it.
          "PRAGMA recursive_triggers=ON"})
      if (auto done = execute(sql); !done) return failed("cache_file", path);
    const auto ready = [&](statement& to, const char* sql) {
      sqlite3_stmt* s = nullptr;
      if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr) !=
          SQLITE_OK)
        return false;
      to.reset(s);
      return true;
    };
    const bool all =
        ready(find_,
              "SELECT vary, status, headers, content, requested, received, used, rowid"
              " FROM responses WHERE key = ?1") &&
        ready(touch_, "UPDATE responses SET used = ?1 WHERE rowid = ?2") &&
        ready(put_,
              "INSERT OR REPLACE INTO responses(key, vary, status, headers, content,"
              " requested, received, used, bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") &&
        ready(erase_, "DELETE FROM responses WHERE key = ?1") &&
        ready(total_, "SELECT total FROM sizes") &&
        ready(evict_,
              "DELETE FROM responses WHERE rowid IN"
              " (SELECT rowid FROM responses ORDER BY used LIMIT 16)");
    return all ? result<void>() : failed("cache_file", path);
  }

  using seconds = std::chrono::seconds;
  static std::int64_t number_of(cached_response::time_point t) {
    return std::chrono::duration_cast<seconds>(t.time_since_epoch()).count();
  }
  static cached_response::time_point time_of(std::int64_t n) {
    return cached_response::time_point(seconds(n));
  }
  static std::string written(const fields& all) {
    std::string out;
    for (const field f : all) out.append(f.name).append(":").append(f.value) += '\n';
    return out;
  }
  static fields read(std::string_view text) {
    fields out;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const auto colon = line.find(':');
      if (colon != line.npos) (void)out.append(line.substr(0, colon), line.substr(colon + 1));
    }
    return out;
  }

  result<stored> look_up(std::string_view key, const fields& request) {
    std::int64_t row = 0, used = 0;
    auto made = std::make_shared<cached_response>();
    {
      use s(find_);
      s.text(1, key);
      int code;
      while ((code = s.step()) == SQLITE_ROW) {
        made->request_fields = read(s.bytes_of(0));
        made->headers = read(s.bytes_of(2));
        if (!made->matches(request)) continue;
        made->status = static_cast<int>(s.number_of(1));
        made->content = s.bytes_of(3);
        made->requested = time_of(s.number_of(4));
        made->received = time_of(s.number_of(5));
        used = s.number_of(6);
        row = s.number_of(7);
        break;
      }
      if (code == SQLITE_DONE) return stored();
      if (code != SQLITE_ROW) return failed("cache_file", "cannot read the cache");
    }
    const std::int64_t now = number_of(std::chrono::system_clock::now());
    if (now - used > 60) (void)use(touch_).number(1, now).number(2, row).step();
    return stored(std::move(made));
  }

  result<void> keep(std::string_view key, const cached_response& what) {
    if (what.size() > options_.max_bytes / 8) return forget(key);
    const std::string vary = written(what.request_fields), headers = written(what.headers);
    const int code = use(put_)
                         .text(1, key)
                         .text(2, vary)
                         .number(3, what.status)
                         .blob(4, headers)
                         .blob(5, what.content)
                         .number(6, number_of(what.requested))
                         .number(7, number_of(what.received))
                         .number(8, number_of(std::chrono::system_clock::now()))
                         .number(9, static_cast<std::int64_t>(what.size() + key.size()))
                         .step();
    if (code != SQLITE_DONE) return failed("cache_file", "cannot write the cache");
    while (true) {
      auto size = total();
      if (!size) return pass(std::move(size));
      if (*size <= options_.max_bytes) return {};
      if (use(evict_).step() != SQLITE_DONE || sqlite3_changes(database_.get()) == 0)
        return failed("cache_file", "cannot make room in the cache");
    }
  }

  result<void> forget(std::string_view key) {
    if (use(erase_).text(1, key).step() == SQLITE_DONE) return {};
    return failed("cache_file", "cannot write the cache");
  }

  result<std::uint64_t> total() {
    use s(total_);
    if (s.step() != SQLITE_ROW) return failed("cache_file", "cannot read the cache");
    return static_cast<std::uint64_t>(std::max<std::int64_t>(s.number_of(0), 0));
  }

  const sqlite_cache_options options_;
  std::mutex mutex_;
  std::unique_ptr<sqlite3, close_database> database_;
  statement find_, touch_, put_, erase_, total_, evict_;
};

}  // namespace cohttps
