// A file that is read as it is sent.
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

/// A file, from its beginning on. A regular one has the size that it had when it was opened: what
/// is added later is not read, and what is missing then is an error.
class file_reader {
 public:
  COHTTPS_DECL explicit file_reader(std::string path)
      : path_(std::move(path)), number_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat about = {};
    if (number_ < 0) return;
    if (::fstat(number_, &about) != 0 || S_ISDIR(about.st_mode)) close();
    if (S_ISREG(about.st_mode)) size_ = left_ = static_cast<std::uint64_t>(about.st_size);
  }
  file_reader(const file_reader&) = delete;
  file_reader& operator=(const file_reader&) = delete;
  ~file_reader() { close(); }

  COHTTPS_DECL result<void> check() const;

  const std::string& path() const noexcept { return path_; }

  /// Not of a pipe.
  std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// The next bytes, at most as many as `into` has; none at the end.
  COHTTPS_DECL result<std::span<const std::byte>> read(std::span<std::byte> into);

  /// A pipe gives its bytes once.
  bool can_rewind() const noexcept { return number_ >= 0 && (!started_ || size_); }
  COHTTPS_DECL bool rewind() noexcept;

 private:
  COHTTPS_DECL void close() noexcept;
  COHTTPS_DECL std::unexpected<error> unreadable() const;

  std::string path_;
  int number_;
  std::optional<std::uint64_t> size_;
  std::optional<std::uint64_t> left_;
  bool started_ = false;
};

/// Bytes of a file that are read at a time.
inline constexpr std::size_t file_piece = 64 * 1024;

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/file_reader.ipp>
#endif
