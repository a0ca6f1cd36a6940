// Reads a file during the transfer of a request's content.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace cohttps::detail {

/// Reads a file from its beginning. A regular file counts with the size that it had when it was
/// opened: bytes that are appended later are not read, and missing bytes are an error.
class file_reader {
 public:
  COHTTPS_DECL explicit file_reader(std::string path) : path_(std::move(path)) {
    std::error_code failed;
    file_ = file::open(path_, file::read, failed);
    if (failed) return;
    const file_status found = file_.status();
    if (found.type == file_status::kind::missing || found.type == file_status::kind::directory)
      file_.close();
    if (found.is_regular()) size_ = bytes_left_ = found.size;
  }

  COHTTPS_DECL result<void> check() const;

  const std::string& path() const noexcept { return path_; }

  /// Returns the size of a regular file, in bytes; nothing for a pipe.
  std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// Reads the next bytes into `into` and returns them; returns an empty span at the end.
  COHTTPS_DECL result<std::span<const std::byte>> read(std::span<std::byte> into);

  /// False after the first read from a pipe, because a pipe provides its bytes only once.
  bool can_rewind() const noexcept { return file_ && (!started_ || size_); }
  COHTTPS_DECL bool rewind() noexcept;

 private:
  COHTTPS_DECL std::unexpected<error> unreadable() const;

  std::string path_;
  file file_;
  std::optional<std::uint64_t> size_;
  std::optional<std::uint64_t> bytes_left_;
  bool started_ = false;
};

/// The size of one read, in bytes.
inline constexpr std::size_t file_piece = 64 * 1024;

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/file_reader.ipp>
#endif
