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

/// A file that takes its name, or the place of the one that has it, once it is complete. Until then
/// it has a name that nobody can guess, and lay out a link there; without `finish` it goes.
class replacement_file {
 public:
  /// `mode` is that of a new file, before the umask; one that is there passes its own on, unless
  /// the new one is `secret`.
  replacement_file(std::string name, mode_t mode, bool secret) : name_(std::move(name)) {
    made_ = name_ + '.' + cohttps::tls::random_text();
    number_ = ::open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    struct stat before = {};
    if (number_ >= 0 && !secret && ::stat(name_.c_str(), &before) == 0 && S_ISREG(before.st_mode))
      (void)::fchmod(number_, before.st_mode & 07777);
  }
  replacement_file(const replacement_file&) = delete;
  replacement_file& operator=(const replacement_file&) = delete;
  ~replacement_file() {
    if (number_ < 0) return;
    ::close(number_);
    ::unlink(made_.c_str());
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
    if (closed && std::rename(made_.c_str(), name_.c_str()) == 0) return true;
    ::unlink(made_.c_str());
    return false;
  }

 private:
  std::string name_;
  std::string made_;
  int number_ = -1;
};

}  // namespace get
