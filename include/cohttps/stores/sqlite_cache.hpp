// Responses in a file of SQLite; link it with -lsqlite3.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/stores/field_lines.hpp>
#include <cohttps/stores/sqlite.hpp>
#include <cohttps/stores/sqlite_cache_tables.hpp>
#include <cohttps/task/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cohttps {

/// How a `sqlite_cache` behaves.
struct sqlite_cache_options {
  /// Bytes of all responses together. Beyond it, those that were not used for longest go. The file
  /// is a little larger, and beside it are up to some megabytes that were written last.
  std::uint64_t max_bytes = 256 * 1024 * 1024;
  /// How long it waits for another process that writes.
  std::chrono::milliseconds busy_timeout = std::chrono::milliseconds(50);
};

/// Keeps responses in a file, also for later runs and for other processes at the same time. A crash
/// of a process, or of the machine, leaves a file that can be used; the last responses may be
/// missing. The file is readable by its owner alone.
///
/// Its calls read and write the file on the loop's thread. Content of more than 256 KiB goes in and
/// out in pieces of that size. One response takes an eighth of `max_bytes` at most.
///
/// Threads: any, at the same time.
class sqlite_cache final : public cache_store, public std::enable_shared_from_this<sqlite_cache> {
 public:
  /// Opens `path`, or makes it. Errors (usage):
  /// - "cache_file_foreign": it is no database, or one of another program; it stays as it is
  /// - "cache_file_version": a newer version of this library made it
  /// - "cache_file_damaged": parts of it are unreadable
  /// - "cache_file", "cache_file_busy": it cannot be opened
  static result<std::shared_ptr<sqlite_cache>> open(const std::string& path,
                                                    sqlite_cache_options options = {}) {
    // O_EXCL: to close a file takes the locks away that the process has on it (POSIX).
    std::error_code failed;
    detail::file::open(path, detail::file::create_new | detail::file::owner_only, failed).close();
    if (failed && failed != std::errc::file_exists)
      return fail(error_category::usage, "cache_file",
                  "cannot open " + path + ": " + failed.message());
    auto made = std::shared_ptr<sqlite_cache>(new sqlite_cache(path, options));
    if (!made->database_.good()) return made->database_.failed();
    if (auto prepared = made->prepare(); !prepared) return pass(std::move(prepared));
    return made;
  }

  task<result<entry>> find(std::string_view key, const fields& request) override {
    const std::scoped_lock lock(mutex_);
    return look_up(key, request);
  }
  task<result<std::unique_ptr<cache_writer>>> write(
      std::string_view key, std::shared_ptr<const cached_response> response) override {
    return result<std::unique_ptr<cache_writer>>(
        std::make_unique<writer>(shared_from_this(), std::string(key), std::move(response)));
  }
  task<result<void>> refresh(std::string_view key,
                             std::shared_ptr<const cached_response> response) override {
    const std::scoped_lock lock(mutex_);
    const std::string headers = detail::to_lines(response->headers);
    const std::string vary = detail::to_lines(response->request_fields);
    return outcome(refresh_()
                       .text(1, key)
                       .text(2, vary)
                       .blob(3, headers)
                       .number(4, number_of(response->requested))
                       .number(5, number_of(response->received))
                       .done());
  }
  task<result<void>> erase(std::string_view key) override {
    const std::scoped_lock lock(mutex_);
    return outcome(erase_().text(1, key).done());
  }
  std::uint64_t max_content() const noexcept override { return options_.max_bytes / 8; }

  /// Bytes of the responses that are kept.
  result<std::uint64_t> bytes() {
    const std::scoped_lock lock(mutex_);
    return total();
  }

 private:
  static constexpr std::size_t piece_size = 256 * 1024;
  static constexpr std::size_t spare_readers = 4;

  using seconds = std::chrono::seconds;
  static std::int64_t number_of(cached_response::time_point t) {
    return std::chrono::duration_cast<seconds>(t.time_since_epoch()).count();
  }
  static cached_response::time_point time_of(std::int64_t n) {
    // Later times are beyond what a clock of nanoseconds can count.
    return cached_response::time_point(seconds(std::clamp<std::int64_t>(n, 0, 9'000'000'000)));
  }
  static std::int64_t now() { return number_of(std::chrono::system_clock::now()); }

  /// Writes while others write too: each piece is a transaction, and the last one shows the
  /// response.
  class writer final : public cache_writer {
   public:
    writer(std::shared_ptr<sqlite_cache> of, std::string key,
           std::shared_ptr<const cached_response> response)
        : of_(std::move(of)), key_(std::move(key)), response_(std::move(response)) {}
    ~writer() override {
      if (id_ != 0) of_->abandon(id_);
    }
    task<result<void>> write(std::span<const std::byte> part) override {
      std::string_view rest(reinterpret_cast<const char*>(part.data()), part.size());
      while (!rest.empty()) {
        if (piece_.size() == piece_size)
          if (auto added = flush(); !added) return added;
        const std::size_t some = std::min(rest.size(), piece_size - piece_.size());
        piece_.append(rest.substr(0, some));
        rest.remove_prefix(some);
      }
      return result<void>();
    }
    task<result<void>> commit() override {
      const std::scoped_lock lock(of_->mutex_);
      auto done = of_->database_.in_transaction([&] {
        if (id_ == 0) return of_->insert(key_, *response_, piece_, id_);
        auto added = of_->add_piece(id_, number_, piece_);
        return added ? of_->show(id_, key_, *response_) : added;
      });
      if (done) id_ = 0;
      return done;
    }

   private:
    result<void> flush() {
      const std::scoped_lock lock(of_->mutex_);
      auto done = of_->database_.in_transaction([&]() -> result<void> {
        if (id_ == 0)
          if (auto row = of_->insert({}, *response_, {}, id_); !row) return row;
        return of_->add_piece(id_, number_, piece_);
      });
      if (!done && number_ == 0) id_ = 0;
      ++number_;
      piece_.clear();
      return done;
    }

    const std::shared_ptr<sqlite_cache> of_;
    const std::string key_;
    const std::shared_ptr<const cached_response> response_;
    std::string piece_;
    std::int64_t id_ = 0;  // of the row that is there already
    std::int64_t number_ = 0;
  };

  /// A connection that reads one response at a time. Its transaction keeps what it reads in the
  /// file, whatever others write.
  struct reading {
    explicit reading(const std::string& path) : database(path) {}
    detail::sqlite_database database;
    detail::sqlite_statement piece;
  };
  class reader final : public cache_reader {
   public:
    reader(std::shared_ptr<sqlite_cache> of, std::int64_t id, std::uint64_t length)
        : of_(std::move(of)), id_(id), length_(length) {}
    ~reader() override { of_->end_reading(std::move(by_)); }

    std::optional<std::uint64_t> length() const noexcept override { return length_; }
    void seek(std::uint64_t first) noexcept override { at_ = first; }
    task<result<std::span<const std::byte>>> next() override {
      if (at_ >= length_) return result<std::span<const std::byte>>();
      return read();
    }

   private:
    result<std::span<const std::byte>> read() {
      if (!by_) {
        auto begun = of_->begin_reading();
        if (!begun) return pass(std::move(begun));
        by_ = *std::move(begun);
      }
      auto run = by_->piece();
      run.number(1, id_).number(2, static_cast<std::int64_t>(at_ / piece_size));
      if (!run.row())
        return run.failed() ? by_->database.failed()
                            : fail(error_category::usage, "cache_content_lost",
                                   "the response was removed from the cache before it was read");
      piece_ = run.bytes_of(0);
      const auto rest =
          std::as_bytes(std::span(piece_))
              .subspan(std::min(piece_.size(), static_cast<std::size_t>(at_ % piece_size)));
      at_ += rest.size();
      return rest;
    }

    const std::shared_ptr<sqlite_cache> of_;
    const std::int64_t id_;
    const std::uint64_t length_;
    std::uint64_t at_ = 0;
    std::unique_ptr<reading> by_;
    std::string piece_;
  };

  sqlite_cache(const std::string& path, const sqlite_cache_options& options)
      : options_(options), database_(path) {}

  result<void> outcome(bool done) const {
    if (done) return {};
    return database_.failed();
  }

  result<void> prepare() {
    database_.wait_for_others(seconds(5));
    if (auto ready = detail::make_cache_tables(database_); !ready) return ready;
    if (!prepare_statements()) return database_.failed();
    // Rows that nobody completed, and what an earlier, larger bound left.
    if (auto room = database_.in_transaction([&] { return make_room(0); }); !room) return room;
    const auto free = database_.number("PRAGMA freelist_count"),
               pages = database_.number("PRAGMA page_count");
    if (free && pages && *free > *pages / 2) (void)database_.execute("PRAGMA incremental_vacuum");
    database_.wait_for_others(options_.busy_timeout);
    return {};
  }

  bool prepare_statements() {
    const auto ready = [&](detail::sqlite_statement& to, const char* sql) {
      to = database_.prepare(sql);
      return static_cast<bool>(to);
    };
    return ready(find_,
                 "SELECT id, vary, status, headers, CASE WHEN length <= 8192 THEN content END,"
                 " length, requested, received, used, typeof(content) = 'null'"
                 " FROM responses WHERE key = ?1 ORDER BY received DESC") &&
           ready(touch_, "UPDATE responses SET used = ?1 WHERE id = ?2") &&
           ready(insert_,
                 "INSERT INTO responses(key, vary, status, headers, content, length, requested,"
                 " received, used, bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)") &&
           ready(piece_, "INSERT INTO pieces(response, number, bytes) VALUES(?1, ?2, ?3)") &&
           ready(grow_,
                 "UPDATE responses SET length = length + ?2, bytes = bytes + ?2, used = ?3"
                 " WHERE id = ?1") &&
           ready(remove_, "DELETE FROM responses WHERE key = ?1 AND vary = ?2") &&
           ready(show_, "UPDATE responses SET key = ?2, vary = ?3 WHERE id = ?1") &&
           ready(refresh_,
                 "UPDATE responses SET headers = ?3, requested = ?4, received = ?5"
                 " WHERE key = ?1 AND vary = ?2") &&
           ready(abandon_, "DELETE FROM responses WHERE id = ?1") &&
           ready(erase_, "DELETE FROM responses WHERE key = ?1") &&
           ready(total_, "SELECT total FROM sizes") &&
           ready(abandoned_, "DELETE FROM responses WHERE key IS NULL AND used < ?1") &&
           ready(evict_,
                 "DELETE FROM responses WHERE id IN"
                 " (SELECT id FROM responses WHERE id <> ?1 ORDER BY used LIMIT 16)");
  }

  result<entry> look_up(std::string_view key, const fields& request) {
    entry found;
    std::int64_t id = 0, used = 0;
    auto made = std::make_shared<cached_response>();
    {
      auto row = find_();
      row.text(1, key);
      while (!found && row.row()) {
        made->request_fields = detail::from_lines(row.bytes_of(1));
        made->headers = detail::from_lines(row.bytes_of(3));
        if (!made->matches(request)) continue;
        id = row.number_of(0);
        made->status = static_cast<int>(row.number_of(2));
        made->requested = time_of(row.number_of(6));
        made->received = time_of(row.number_of(7));
        used = row.number_of(8);
        found.response = made;
        const auto length = static_cast<std::uint64_t>(row.number_of(5));
        if (row.number_of(9) != 0)
          found.reader = std::make_unique<reader>(shared_from_this(), id, length);
        else if (!row.is_null(4))
          found.copy = std::make_unique<std::string>(row.bytes_of(4));
        else if (auto content = std::make_unique<std::string>();
                 database_.read_blob("responses", "content", id, *content))
          found.copy = std::move(content);
        else
          return database_.failed();
      }
      if (row.failed()) return database_.failed();
    }
    // Once a minute, so that to read is seldom to write; it may fail while another process writes.
    const std::int64_t time = now();
    if (found && time - used > 60) (void)touch_().number(1, time).number(2, id).done();
    return found;
  }

  // The following run inside a transaction.

  /// Adds a response with its content; or, without a key, the row of one whose pieces follow.
  result<void> insert(std::string_view key, const cached_response& what, std::string_view content,
                      std::int64_t& id) {
    const std::string vary = detail::to_lines(what.request_fields);
    const std::string headers = detail::to_lines(what.headers);
    if (!key.empty() && !remove_().text(1, key).text(2, vary).done()) return database_.failed();
    auto row = insert_();
    if (!key.empty()) row.text(1, key).text(2, vary).blob(5, content);
    row.number(3, what.status)
        .blob(4, headers)
        .number(6, static_cast<std::int64_t>(content.size()))
        .number(7, number_of(what.requested))
        .number(8, number_of(what.received))
        .number(9, now())
        .number(10, static_cast<std::int64_t>(what.size() + key.size() + content.size()));
    if (!row.done()) return database_.failed();
    return make_room(id = database_.last_row());
  }

  result<void> add_piece(std::int64_t id, std::int64_t number, std::string_view bytes) {
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (!grow_().number(1, id).number(2, size).number(3, now()).done()) return database_.failed();
    if (database_.changes() == 0)
      return fail(error_category::usage, "cache_content_lost",
                  "the response was removed from the cache before all of it was written");
    if (!piece_().number(1, id).number(2, number).blob(3, bytes).done()) return database_.failed();
    return make_room(id);
  }

  result<void> show(std::int64_t id, std::string_view key, const cached_response& what) {
    const std::string vary = detail::to_lines(what.request_fields);
    if (!remove_().text(1, key).text(2, vary).done()) return database_.failed();
    return outcome(show_().number(1, id).text(2, key).text(3, vary).done());
  }

  /// Removes what was not used for longest, but for `id`, until the rest is within the bound.
  result<void> make_room(std::int64_t id) {
    if (!abandoned_().number(1, now() - 3600).done()) return database_.failed();
    while (true) {
      auto size = total();
      if (!size) return pass(std::move(size));
      if (*size <= options_.max_bytes) return {};
      if (!evict_().number(1, id).done()) return database_.failed();
      if (database_.changes() == 0) return {};
    }
  }

  result<std::uint64_t> total() {
    auto row = total_();
    if (!row.row()) return database_.failed();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(row.number_of(0), 0));
  }

  // The end of writers and readers.

  void abandon(std::int64_t id) {
    const std::scoped_lock lock(mutex_);
    (void)abandon_().number(1, id).done();  // else it is removed later, as of a crash
  }

  result<std::unique_ptr<reading>> begin_reading() {
    std::unique_ptr<reading> by;
    {
      const std::scoped_lock lock(mutex_);
      if (!readers_.empty()) {
        by = std::move(readers_.back());
        readers_.pop_back();
      }
    }
    if (!by) {
      by = std::make_unique<reading>(database_.path());
      by->database.wait_for_others(options_.busy_timeout);
      by->piece =
          by->database.prepare("SELECT bytes FROM pieces WHERE response = ?1 AND number = ?2");
    }
    if (!by->piece || !by->database.execute("BEGIN")) return by->database.failed();
    return by;
  }
  void end_reading(std::unique_ptr<reading> by) noexcept {
    if (!by || !by->database.execute("COMMIT")) return;
    const std::scoped_lock lock(mutex_);
    if (readers_.size() < spare_readers) readers_.push_back(std::move(by));
  }

  const sqlite_cache_options options_;
  std::mutex mutex_;
  detail::sqlite_database database_;
  std::vector<std::unique_ptr<reading>> readers_;
  detail::sqlite_statement find_, touch_, insert_, piece_, grow_, remove_, show_, refresh_,
      abandon_, erase_, total_, abandoned_, evict_;
};

}  // namespace cohttps
