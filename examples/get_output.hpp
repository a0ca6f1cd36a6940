// The files that `get` writes.
#pragma once

#include <cohttps/tls/random.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace get {

/// Writes to a file with a random name, so that nobody can place a link there; `finish` renames it
/// to `name`. Without `finish` the file is deleted. A device, a pipe or a socket called `name` is
/// written in place, and so is everything below /dev and /proc, such as /dev/stdout.
class replacement_file {
 public:
  /// `mode` is that of a new file, before the umask. An existing file's mode is kept, unless the
  /// new one is `secret`.
  replacement_file(std::string name, mode_t mode, bool secret) : name_(std::move(name)) {
    struct stat before = {};
    const bool exists = ::stat(name_.c_str(), &before) == 0;
    if ((exists && !S_ISREG(before.st_mode)) || name_.starts_with("/dev/") ||
        name_.starts_with("/proc/")) {
      number_ = ::open(name_.c_str(), O_WRONLY | O_CLOEXEC);
      return;
    }
    made_ = name_ + '.' + cohttps::tls::random_text();
    number_ = ::open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (number_ >= 0 && !secret && exists) (void)::fchmod(number_, before.st_mode & 07777);
  }
  replacement_file(const replacement_file&) = delete;
  replacement_file& operator=(const replacement_file&) = delete;
  ~replacement_file() {
    if (number_ < 0) return;
    ::close(number_);
    discard();
  }

  bool write(std::string_view bytes) {
    while (number_ >= 0 && !bytes.empty()) {
      const ssize_t taken = ::write(number_, bytes.data(), bytes.size());
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    return number_ >= 0;
  }

  bool finish() {
    if (number_ < 0) return false;
    const bool closed = ::close(std::exchange(number_, -1)) == 0;
    if (closed && (made_.empty() || std::rename(made_.c_str(), name_.c_str()) == 0)) return true;
    discard();
    return false;
  }

 private:
  void discard() noexcept {
    if (!made_.empty()) ::unlink(made_.c_str());
  }

  std::string name_;
  std::string made_;  // empty: written in place
  int number_ = -1;
};

}  // namespace get
