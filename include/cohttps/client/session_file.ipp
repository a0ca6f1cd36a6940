// Definitions for session_file.hpp.
#pragma once

#include <cohttps/client/session_file.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/tls/resumption/sealed_sessions.hpp>

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// Owns a file descriptor, and closes it in the destructor.
class open_file {
 public:
  explicit open_file(int number) noexcept : number_(number) {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (number_ >= 0) ::close(number_);
  }

  bool is_open() const noexcept { return number_ >= 0; }
  bool about(struct stat& into) const noexcept { return ::fstat(number_, &into) == 0; }
  bool write(std::span<const std::byte> all) noexcept {
    while (!all.empty()) {
      const ssize_t taken = ::write(number_, all.data(), all.size());
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) return false;
      all = all.subspan(static_cast<std::size_t>(taken));
    }
    return ::fsync(number_) == 0 || errno == EINVAL || errno == EROFS;
  }
  /// Returns false if the file ends before `all` is full.
  bool read(std::span<std::byte> all) noexcept {
    while (!all.empty()) {
      const ssize_t got = ::read(number_, all.data(), all.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      all = all.subspan(static_cast<std::size_t>(got));
    }
    return true;
  }

 private:
  int number_;
};

template <class = void>
std::unexpected<error> session_file_error(const std::string& path, const char* what) {
  const std::string why = std::system_category().message(errno);
  return fail(error_category::usage, "session_file",
              "the file of TLS sessions '" + path + "' cannot be " + what + ": " + why);
}

}  // namespace detail

COHTTPS_DEF result<void> save_tls_sessions(const tls_context& context, const std::string& path,
                                           std::span<const std::byte> key) {
  const auto sealed = tls::seal_sessions(context, key);
  if (!sealed) return std::unexpected(sealed.error());
  struct stat about = {};
  if (::lstat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode))
    return fail(error_category::usage, "session_file",
                "'" + path + "' is no file, and cannot be replaced by one");
  const std::string made = path + '.' + tls::random_text();
  {
    detail::open_file file(
        ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return detail::session_file_error(path, "written");
    if (!file.write(*sealed)) {
      auto failed = detail::session_file_error(path, "written");
      ::unlink(made.c_str());
      return failed;
    }
  }
  if (::rename(made.c_str(), path.c_str()) == 0) return {};
  auto failed = detail::session_file_error(path, "written");
  ::unlink(made.c_str());
  return failed;
}

COHTTPS_DEF result<std::size_t> load_tls_sessions(tls_context& context, const std::string& path,
                                                  std::span<const std::byte> key) {
  detail::open_file file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return 0;
  struct stat about = {};
  if (!file.is_open() || !file.about(about)) return detail::session_file_error(path, "read");
  if (!S_ISREG(about.st_mode))
    return fail(error_category::usage, "session_file", "'" + path + "' is no file");
  if (about.st_size < 0 ||
      static_cast<std::size_t>(about.st_size) > tls::maximum_sealed_sessions + 1024)
    return fail(error_category::usage, "session_file",
                "the file of TLS sessions '" + path + "' is larger than any that is written here");
  std::vector<std::byte> sealed(static_cast<std::size_t>(about.st_size));
  errno = 0;
  if (!file.read(sealed)) return detail::session_file_error(path, "read");
  return tls::open_sessions(context, key, sealed);
}

}  // namespace cohttps
