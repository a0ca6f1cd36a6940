// Definitions for file.hpp.
#pragma once

#include <cohttps/core/file.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace cohttps::detail {

template <class = void>
std::error_code last_file_error() noexcept {
  return {errno, std::system_category()};
}

template <class = void>
file_status file_status_of(const struct stat& from) noexcept {
  using kind = file_status::kind;
  file_status found;
  found.type = S_ISREG(from.st_mode)   ? kind::regular
               : S_ISDIR(from.st_mode) ? kind::directory
               : S_ISLNK(from.st_mode) ? kind::link
                                       : kind::other;
  found.owned = from.st_uid == ::geteuid();
  found.size = from.st_size > 0 ? static_cast<std::uint64_t>(from.st_size) : 0;
  found.links = static_cast<std::uint64_t>(from.st_nlink);
  found.device = static_cast<std::uint64_t>(from.st_dev);
  found.number = static_cast<std::uint64_t>(from.st_ino);
  return found;
}

COHTTPS_DEF file_status file_status::of_target(const std::string& path) noexcept {
  struct stat found = {};
  return ::stat(path.c_str(), &found) == 0 ? file_status_of(found) : file_status();
}

COHTTPS_DEF file_status file_status::of_link(const std::string& path) noexcept {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0 ? file_status_of(found) : file_status();
}

COHTTPS_DEF file file::open(const std::string& path, unsigned how,
                            std::error_code& failed) noexcept {
  int flags = O_CLOEXEC;
  flags |= how & write ? O_WRONLY | O_CREAT : O_RDONLY;
  if ((how & create_new) == create_new) flags |= O_EXCL;
  if (how & truncate) flags |= O_TRUNC;
  if (how & append) flags |= O_APPEND;
  if (how & no_link) flags |= O_NOFOLLOW;
  if (how & no_wait) flags |= O_NONBLOCK;
  const int number = ::open(path.c_str(), flags, how & owner_only ? 0600 : 0666);
  if (number < 0) failed = last_file_error();
  return file(number);
}

COHTTPS_DEF void file::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

COHTTPS_DEF file_status file::status() const noexcept {
  struct stat found = {};
  return ::fstat(number_, &found) == 0 ? file_status_of(found) : file_status();
}

COHTTPS_DEF std::size_t file::read_some(std::span<std::byte> into,
                                        std::error_code& failed) noexcept {
  ssize_t count = -1;
  do count = ::read(number_, into.data(), into.size());
  while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<std::size_t>(count);
  failed = last_file_error();
  return 0;
}

COHTTPS_DEF std::size_t file::write_all(std::string_view part, std::error_code& failed) noexcept {
  const std::size_t size = part.size();
  while (!part.empty()) {
    const ssize_t count = ::write(number_, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      failed = last_file_error();
      break;
    }
    part.remove_prefix(static_cast<std::size_t>(count));
  }
  return size - part.size();
}

COHTTPS_DEF void file::write_at(std::uint64_t at, std::string_view part,
                                std::error_code& failed) noexcept {
  while (!part.empty()) {
    const ssize_t count = ::pwrite(number_, part.data(), part.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      failed = last_file_error();
      return;
    }
    part.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
}

COHTTPS_DEF void file::seek(std::uint64_t to, std::error_code& failed) noexcept {
  if (::lseek(number_, static_cast<off_t>(to), SEEK_SET) < 0) failed = last_file_error();
}

COHTTPS_DEF void file::resize(std::uint64_t size, std::error_code& failed) noexcept {
  if (::ftruncate(number_, static_cast<off_t>(size)) != 0) failed = last_file_error();
}

COHTTPS_DEF void file::sync(std::error_code& failed) noexcept {
  // EINVAL and EROFS: there is nothing to wait for.
  if (::fsync(number_) != 0 && errno != EINVAL && errno != EROFS) failed = last_file_error();
}

COHTTPS_DEF bool file::try_lock() noexcept { return ::flock(number_, LOCK_EX | LOCK_NB) == 0; }

COHTTPS_DEF void file::rename(const std::string& from, const std::string& to,
                              std::error_code& failed) noexcept {
  if (std::rename(from.c_str(), to.c_str()) != 0) failed = last_file_error();
}

COHTTPS_DEF void file::remove(const std::string& path) noexcept { ::unlink(path.c_str()); }

}  // namespace cohttps::detail
