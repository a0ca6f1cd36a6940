// A database of SQLite and its statements. Only this header includes sqlite3; link it with
// -lsqlite3.
#pragma once

#include <cohttps/core/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// A statement that is prepared once and run often.
class sqlite_statement {
 public:
  /// One run; the statement is ready for the next one after it.
  class run {
   public:
    explicit run(sqlite3_stmt* s) noexcept : s_(s) {}
    run(const run&) = delete;
    run& operator=(const run&) = delete;
    ~run() {
      sqlite3_reset(s_);
      sqlite3_clear_bindings(s_);
    }
    run& text(int at, std::string_view value) noexcept {
      sqlite3_bind_text64(s_, at, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
      return *this;
    }
    run& blob(int at, std::string_view value) noexcept {
      sqlite3_bind_blob64(s_, at, value.data(), value.size(), SQLITE_STATIC);
      return *this;
    }
    run& number(int at, std::int64_t value) noexcept {
      sqlite3_bind_int64(s_, at, value);
      return *this;
    }
    /// True when there is a row. After false, `failed` tells the end from an error.
    bool row() noexcept { return (code_ = sqlite3_step(s_)) == SQLITE_ROW; }
    bool failed() const noexcept { return code_ != SQLITE_ROW && code_ != SQLITE_DONE; }
    /// For statements without rows.
    bool done() noexcept { return (code_ = sqlite3_step(s_)) == SQLITE_DONE; }

    std::int64_t number_of(int column) noexcept { return sqlite3_column_int64(s_, column); }
    bool is_null(int column) noexcept { return sqlite3_column_type(s_, column) == SQLITE_NULL; }
    /// Valid until the next row.
    std::string_view bytes_of(int column) noexcept {
      const auto* const data = static_cast<const char*>(sqlite3_column_blob(s_, column));
      return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(s_, column))};
    }

   private:
    sqlite3_stmt* s_;
    int code_ = SQLITE_DONE;
  };

  run operator()() const noexcept { return run(s_.get()); }
  explicit operator bool() const noexcept { return s_ != nullptr; }

 private:
  friend class sqlite_database;
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, finalize> s_;
};

/// A connection to a database in a file.
class sqlite_database {
 public:
  /// Opens a file that exists. Call `good` after it.
  explicit sqlite_database(std::string path) : path_(std::move(path)) {
    sqlite3* opened = nullptr;
    code_ = sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    database_.reset(opened);
  }

  bool good() const noexcept { return code_ == SQLITE_OK; }
  const std::string& path() const noexcept { return path_; }

  /// How long it waits for another process that writes.
  void wait_for_others(std::chrono::milliseconds limit) noexcept {
    sqlite3_busy_timeout(database_.get(), static_cast<int>(limit.count()));
  }
  bool execute(const char* sql) noexcept {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  sqlite_statement prepare(const char* sql) {
    sqlite_statement made;
    sqlite3_stmt* s = nullptr;
    sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr);
    made.s_.reset(s);
    return made;
  }
  /// The number that a query gives.
  result<std::int64_t> number(const char* sql) {
    if (const auto s = prepare(sql))
      if (auto run = s(); run.row()) return run.number_of(0);
    return failed();
  }
  /// Runs `work` as one change of the file: all of it, or nothing.
  template <class Work>
  result<void> in_transaction(Work work) {
    if (!execute("BEGIN IMMEDIATE")) return failed();
    result<void> done = work();
    if (done && !execute("COMMIT")) done = failed();
    if (!done) (void)execute("ROLLBACK");
    return done;
  }

  /// Reads a blob from a row of a table into `to`, without a copy in between.
  bool read_blob(const char* table, const char* column, std::int64_t row, std::string& to) {
    sqlite3_blob* opened = nullptr;
    if (sqlite3_blob_open(database_.get(), "main", table, column, row, 0, &opened) != SQLITE_OK)
      return false;
    const std::unique_ptr<sqlite3_blob, close_blob> blob(opened);
    const int size = sqlite3_blob_bytes(blob.get());
    to.resize(static_cast<std::size_t>(size));
    return sqlite3_blob_read(blob.get(), to.data(), size, 0) == SQLITE_OK;
  }

  /// Rows that the last statement changed.
  int changes() const noexcept { return sqlite3_changes(database_.get()); }
  std::int64_t last_row() const noexcept { return sqlite3_last_insert_rowid(database_.get()); }

  /// The error of the last call.
  std::unexpected<error> failed() const {
    const int code = database_ ? sqlite3_errcode(database_.get()) : SQLITE_NOMEM;
    const std::string why = database_ ? sqlite3_errmsg(database_.get()) : "no memory";
    if (code == SQLITE_NOTADB)
      return fail(error_category::usage, "cache_file_foreign", "it is no database of SQLite");
    if (code == SQLITE_CORRUPT)
      return fail(
          error_category::usage, "cache_file_damaged",
          "the file " + path_ + " is damaged (" + why + "); remove it, and a new one is made");
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
      return fail(error_category::usage, "cache_file_busy",
                  "another process writes to the file " + path_ + " for too long");
    return fail(error_category::usage, "cache_file",
                "the file " + path_ + " cannot be used: " + why);
  }

 private:
  struct close_blob {
    void operator()(sqlite3_blob* b) const noexcept { sqlite3_blob_close(b); }
  };
  struct close {
    void operator()(sqlite3* d) const noexcept { sqlite3_close_v2(d); }
  };
  std::string path_;
  int code_ = SQLITE_OK;
  std::unique_ptr<sqlite3, close> database_;
};

}  // namespace cohttps::detail
