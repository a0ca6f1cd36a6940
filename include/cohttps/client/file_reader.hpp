// A file that is read as it is sent.
#pragma once

#include <cohttps/core/error.hpp>

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
  explicit file_reader(std::string path)
      : path_(std::move(path)), number_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat about = {};
    if (number_ < 0) return;
    if (::fstat(number_, &about) != 0 || S_ISDIR(about.st_mode)) close();
    if (S_ISREG(about.st_mode)) size_ = left_ = static_cast<std::uint64_t>(about.st_size);
  }
  file_reader(const file_reader&) = delete;
  file_reader& operator=(const file_reader&) = delete;
  ~file_reader() { close(); }

  result<void> check() const {
    if (number_ < 0) return unreadable();
    return {};
  }

  const std::string& path() const noexcept { return path_; }

  /// Not of a pipe.
  std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// The next bytes, at most as many as `into` has; none at the end.
  result<std::span<const std::byte>> read(std::span<std::byte> into) {
    if (left_)
      into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), *left_)));
    if (into.empty()) return into;
    started_ = true;
    ssize_t got = -1;
    do got = ::read(number_, into.data(), into.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) return unreadable();
    const auto part = into.first(static_cast<std::size_t>(got));
    if (!left_) return part;
    if (part.empty())
      return fail(error_category::usage, "content_file",
                  "the file '" + path_ + "' has become shorter while it was sent");
    *left_ -= part.size();
    return part;
  }

  /// A pipe gives its bytes once.
  bool can_rewind() const noexcept { return number_ >= 0 && (!started_ || size_); }
  bool rewind() noexcept {
    if (!can_rewind()) return false;
    if (!started_) return true;
    if (::lseek(number_, 0, SEEK_SET) != 0) return false;
    left_ = size_;
    started_ = false;
    return true;
  }

 private:
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  std::unexpected<error> unreadable() const {
    return fail(error_category::usage, "content_file", "the file '" + path_ + "' cannot be read");
  }

  std::string path_;
  int number_;
  std::optional<std::uint64_t> size_;
  std::optional<std::uint64_t> left_;
  bool started_ = false;
};

/// Bytes of a file that are read at a time.
inline constexpr std::size_t file_piece = 64 * 1024;

}  // namespace cohttps::detail
