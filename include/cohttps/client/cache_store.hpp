// The interface of the stores in which an `http_cache` keeps responses.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cohttps {

/// Reads the content of a stored response part by part. If the response is replaced or removed
/// meanwhile, the reader still reads the old content, or fails.
class cache_reader : public content_source {
 public:
  /// The next part will begin with byte `first` of the content.
  virtual void seek(std::uint64_t first) noexcept = 0;

  bool can_rewind() const noexcept final { return true; }
  bool rewind() noexcept final { return seek(0), true; }
};

/// Writes the content of a response into a store. `cache_store::find` does not return the response
/// before `commit` has succeeded. If the writer is destroyed earlier, the store keeps nothing of
/// it.
class cache_writer {
 public:
  cache_writer() = default;
  cache_writer(const cache_writer&) = delete;
  cache_writer& operator=(const cache_writer&) = delete;
  virtual ~cache_writer() = default;

  /// After an error the caller must not use the writer any more.
  virtual task<result<void>> write(std::span<const std::byte> part) = 0;
  /// Makes the response visible to readers. Without it, the store keeps nothing.
  virtual task<result<void>> commit() = 0;
};

/// Stores responses by key. A key has several responses if they differ in the fields that Vary
/// names. `memory_cache`, `sqlite_cache` and `redis_cache` are stores. A program may write its own.
///
/// If a call of the store fails, the request goes to the server. A store therefore has to return
/// its errors soon.
///
/// Threads: those of the clients that share it, unless the store allows more.
class cache_store {
 public:
  /// A response that was found. Its content is in one of the three members; empty content is in
  /// none.
  struct entry {
    std::shared_ptr<const cached_response> response = {};  ///< null: there is none
    std::shared_ptr<const std::string> content = {};       ///< that the store keeps in memory
    std::unique_ptr<std::string> copy = {};                ///< that was made for this call
    std::unique_ptr<cache_reader> reader = {};             ///< for content that is read in parts

    explicit operator bool() const noexcept { return response != nullptr; }
    /// The size of the content in bytes.
    std::uint64_t length() const noexcept {
      if (content) return content->size();
      if (copy) return copy->size();
      return reader ? reader->length().value_or(0) : 0;
    }
  };

  cache_store() = default;
  cache_store(const cache_store&) = delete;
  cache_store& operator=(const cache_store&) = delete;
  virtual ~cache_store() = default;

  /// Returns the response under `key` that matches the fields of a request
  /// (`cached_response::matches`), or an empty entry.
  virtual task<result<entry>> find(std::string_view key, const fields& request) = 0;

  /// Begins to store a response. It will replace the one with the same key and the same values of
  /// the fields that Vary names.
  virtual task<result<std::unique_ptr<cache_writer>>> write(
      std::string_view key, std::shared_ptr<const cached_response> response) = 0;

  /// Replaces the fields and times of a stored response, and keeps its content. `response` has the
  /// same values of the fields that Vary names. Does nothing if the store has no such response.
  virtual task<result<void>> refresh(std::string_view key,
                                     std::shared_ptr<const cached_response> response) = 0;

  /// Removes all responses under `key`.
  virtual task<result<void>> erase(std::string_view key) = 0;

  /// Returns the largest size of content that the store accepts, in bytes.
  virtual std::uint64_t max_content() const noexcept {
    return std::numeric_limits<std::uint64_t>::max();
  }
};

}  // namespace cohttps
