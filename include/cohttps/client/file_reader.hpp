// Reads a file during the transfer of a request's content.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <span>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cohttps::detail {

/// Reads a file from its beginning. A regular file counts with the size that it had when it was
/// opened: bytes that are appended later are not read, and missing bytes are an error.
class file_reader {
 public:
  COHTTPS_DECL explicit file_reader(std::string path)
      : path_(std::move(path)), number_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat about = {};
    if (number_ < 0) return;
    if (::fstat(number_, &about) != 0 || S_ISDIR(about.st_mode)) close();
    if (S_ISREG(about.st_mode)) size_ = bytes_left_ = static_cast<std::uint64_t>(about.st_size);
  }
  file_reader(const file_reader&) = delete;
  file_reader& operator=(const file_reader&) = delete;
  ~file_reader() { close(); }

  COHTTPS_DECL result<void> check() const;

  const std::string& path() const noexcept { return path_; }

  /// Returns the size of a regular file, in bytes; nothing for a pipe.
  std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// Reads the next bytes into `into` and returns them; returns an empty span at the end.
  COHTTPS_DECL result<std::span<const std::byte>> read(std::span<std::byte> into);

  /// False after the first read from a pipe, because a pipe provides its bytes only once.
  bool can_rewind() const noexcept { return number_ >= 0 && (!started_ || size_); }
  COHTTPS_DECL bool rewind() noexcept;

 private:
  COHTTPS_DECL void close() noexcept;
  COHTTPS_DECL std::unexpected<error> unreadable() const;

  std::string path_;
  int number_;
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
