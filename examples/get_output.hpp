// The files that `get` writes.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/tls/random.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace get {

/// Writes to a file that appears under its name once it is whole: `finish` puts it there, and
/// without `finish` what was there stays. Until then it has no name where the system knows such
/// files, so that a signal leaves nothing behind, and else a random one, so that nobody can place a
/// link there.
///
/// Written in place are what is no regular file, such as a pipe, everything below /dev and /proc,
/// such as /dev/stdout (but not /dev/shm, a folder like others), a file in a folder that takes no
/// new ones, and a download that goes on.
class output_file {
 public:
  enum class kind {
    content,  ///< an existing file's mode is kept
    secret,   ///< for its owner alone
    rest,     ///< appended to what is there; a symbolic link is not followed
  };

  output_file(std::string name, kind what) : name_(std::move(name)) { open(what); }
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  ~output_file() {
    if (number_ < 0) return;
    ::close(number_);
    discard();
  }

  bool write(std::string_view bytes) {
    while (number_ >= 0 && !bytes.empty()) {
      const ssize_t taken = ::write(number_, bytes.data(), bytes.size());
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) return note_error(), false;
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    return number_ >= 0;
  }

  bool finish() {
    if (number_ < 0) return false;
    if (unnamed_ && !give_name()) return false;
    if (::close(std::exchange(number_, -1)) != 0 ||
        (!made_.empty() && std::rename(made_.c_str(), name_.c_str()) != 0)) {
      note_error();
      discard();
      return false;
    }
    return true;
  }

  /// Why it cannot be written.
  std::string why() const {
    if (error_ == ENXIO) return "nobody reads from it";  // a pipe
    if (error_ == ELOOP) return "it is a symbolic link, which is not followed here";
    return std::strerror(error_);
  }

 private:
  void open(kind what) {
    struct stat before = {};
    const bool exists = ::stat(name_.c_str(), &before) == 0;
    const bool special = (name_.starts_with("/dev/") && !name_.starts_with("/dev/shm/")) ||
                         name_.starts_with("/proc/");
    if (special || (exists && !S_ISREG(before.st_mode))) return open_in_place(0);
    if (what == kind::rest) return open_in_place(O_APPEND | O_CREAT | O_NOFOLLOW);
    // A new file would take the place of one that must not be written.
    if (exists && ::faccessat(AT_FDCWD, name_.c_str(), W_OK, AT_EACCESS) != 0) return note_error();
    const mode_t mode = what == kind::secret ? 0600 : 0666;
    open_unnamed(mode);
    if (number_ < 0) open_named(mode);
    if (number_ < 0 && exists && (error_ == EACCES || error_ == EPERM || error_ == EROFS))
      return open_in_place(O_TRUNC | O_NOFOLLOW);
    if (number_ < 0 || !exists) return;
    // Root can give it to who had it, others to a group of their own. The mode comes last, as a new
    // owner clears a part of it.
    if (::fchown(number_, before.st_uid, before.st_gid) != 0)
      (void)!::fchown(number_, static_cast<uid_t>(-1), before.st_gid);
    if (what != kind::secret) (void)::fchmod(number_, before.st_mode & 07777);
  }

  void note_error() noexcept { error_ = errno; }

  void open_in_place(int how) noexcept {
    // A pipe that nobody reads from would hold the program up for ever.
    number_ = ::open(name_.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | how, 0666);
    if (number_ < 0) return note_error();
    if (const int flags = ::fcntl(number_, F_GETFL); flags >= 0)
      ::fcntl(number_, F_SETFL, flags & ~O_NONBLOCK);
  }

  std::string folder() const {
    const auto slash = name_.rfind('/');
    return slash == name_.npos ? "." : slash == 0 ? "/" : name_.substr(0, slash);
  }
  /// Short, as the name may be as long as names can be.
  std::string random_name() const {
    return folder() + "/.get-" + cohttps::tls::random_text().substr(0, 16);
  }

  void open_unnamed(mode_t mode) {
#ifdef O_TMPFILE
    number_ = ::open(folder().c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
    if (number_ < 0) return note_error();
    // Without /proc it cannot get a name.
    unnamed_ = ::access(descriptor().c_str(), F_OK) == 0;
    if (!unnamed_) ::close(std::exchange(number_, -1));
#else
    (void)mode;
#endif
  }
  void open_named(mode_t mode) {
    made_ = random_name();
    number_ = ::open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (number_ >= 0) return;
    note_error();
    made_.clear();
  }

  std::string descriptor() const { return "/proc/self/fd/" + std::to_string(number_); }
  bool give_name() {
    const auto link_to = [&](const std::string& name) {
      return ::linkat(AT_FDCWD, descriptor().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) ==
             0;
    };
    if (link_to(name_)) return true;
    if (errno == EEXIST) {
      made_ = random_name();
      if (link_to(made_)) return true;
      made_.clear();
    }
    note_error();
    return false;
  }

  void discard() noexcept {
    if (!made_.empty()) ::unlink(made_.c_str());
  }

  std::string name_;
  std::string made_;      // until it gets its own; empty: none
  bool unnamed_ = false;  // as long as it is written
  int number_ = -1;
  int error_ = EBADF;
};

/// Where a partial response says that it belongs: "bytes FIRST-LAST/SIZE" (RFC 9110, 14.4).
struct content_range {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> size = {};  ///< of the whole; nothing for "*"

  static std::optional<content_range> parse(std::string_view text) {
    using cohttps::ascii::parse_decimal;
    constexpr std::string_view unit = "bytes";
    if (!cohttps::ascii::iequals(text.substr(0, unit.size()), unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    if (text.empty() || text.front() != ' ') return std::nullopt;
    text = cohttps::ascii::trim(text);
    const auto slash = text.find('/');
    const auto range = text.substr(0, slash);
    const auto hyphen = range.find('-');
    if (slash == text.npos || hyphen == range.npos) return std::nullopt;
    const auto first = parse_decimal(range.substr(0, hyphen));
    const auto last = parse_decimal(range.substr(hyphen + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    const auto size = parse_decimal(text.substr(slash + 1));
    if (!size && text.substr(slash + 1) != "*") return std::nullopt;
    return content_range{*first, size};
  }
};

}  // namespace get
