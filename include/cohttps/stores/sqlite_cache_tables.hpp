// The tables of a `sqlite_cache`, and whether a file is one.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/stores/sqlite.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace cohttps::detail {

/// Checks that a file is new or a cache of this library, and makes what is missing in it. A cache
/// of an older version is emptied.
///
/// Version 2. Content of one piece or less is in `responses`.
///
///   responses  id  key  vary  status  headers  content  length  requested  received  used  bytes
///              |   NULL while it is written; `used` is the time of the last piece then
///   pieces     response  number  bytes       all of the same size, but for the last one
///   sizes      total                         the sum of responses.bytes, kept by triggers
template <class = void>
result<void> make_cache_tables(sqlite_database& database) {
  constexpr std::int64_t application_id = 0x636f6874;  // "coht"
  constexpr std::int64_t version = 2;
  const auto foreign = [&](const std::string& why) {
    return fail(error_category::usage, "cache_file_foreign",
                "the file " + database.path() + " is not a cache of this library (" + why +
                    "); it was left as it is, so name another one");
  };
  auto tables = database.number("SELECT count(*) FROM sqlite_master");
  if (!tables && tables.error().reason() == "cache_file_foreign")
    return foreign(tables.error().message());
  if (!tables) return pass(std::move(tables));
  auto id = database.number("PRAGMA application_id");
  if (!id) return pass(std::move(id));
  if (*tables > 0 && *id != application_id) return foreign("it is a database of another program");
  auto made_by = database.number("PRAGMA user_version");
  if (!made_by) return pass(std::move(made_by));
  if (*made_by > version)
    return fail(error_category::usage, "cache_file_version",
                "the file " + database.path() + " was made by a newer version of this library");
  if (*tables == 0 && !database.execute("PRAGMA auto_vacuum=INCREMENTAL")) return database.failed();
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
                          "PRAGMA journal_size_limit=4194304"})
    if (!database.execute(sql)) return database.failed();
  if (*made_by == version) return {};
  return database.in_transaction([&]() -> result<void> {
    // Another process may have made them meanwhile.
    if (auto again = database.number("PRAGMA user_version"); !again || *again == version)
      return again ? result<void>() : pass(std::move(again));
    for (const char* sql :
         {"DROP TABLE IF EXISTS responses", "DROP TABLE IF EXISTS sizes",
          "CREATE TABLE responses(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, vary TEXT,"
          " status INTEGER, headers BLOB, content BLOB, length INTEGER, requested INTEGER,"
          " received INTEGER, used INTEGER, bytes INTEGER)",
          "CREATE UNIQUE INDEX by_key ON responses(key, vary)",
          "CREATE INDEX by_use ON responses(used)",
          "CREATE TABLE pieces(response INTEGER NOT NULL, number INTEGER NOT NULL,"
          " bytes BLOB NOT NULL, PRIMARY KEY(response, number))",
          "CREATE TABLE sizes(total INTEGER)", "INSERT INTO sizes VALUES(0)",
          "CREATE TRIGGER added AFTER INSERT ON responses BEGIN"
          " UPDATE sizes SET total = total + new.bytes; END",
          "CREATE TRIGGER grown AFTER UPDATE OF bytes ON responses BEGIN"
          " UPDATE sizes SET total = total + new.bytes - old.bytes; END",
          "CREATE TRIGGER removed AFTER DELETE ON responses BEGIN"
          " UPDATE sizes SET total = total - old.bytes;"
          " DELETE FROM pieces WHERE response = old.id; END",
          "PRAGMA application_id=1668245620", "PRAGMA user_version=2"})
      if (!database.execute(sql)) return database.failed();
    return {};
  });
}

}  // namespace cohttps::detail
