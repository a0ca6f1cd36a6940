// A file of the operating system. The POSIX calls for files stand in file.ipp.
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohttps::detail {

/// The properties of a file.
struct file_status {
  enum class kind : std::uint8_t { missing, regular, directory, link, other };
  kind type = kind::missing;
  bool owned = false;        // by the user who runs the program
  std::uint64_t size = 0;    // of a regular file, in bytes
  std::uint64_t links = 0;   // the number of its names
  std::uint64_t device = 0;  // together with `number` the identity of the file
  std::uint64_t number = 0;

  bool is_regular() const noexcept { return type == kind::regular; }
  bool is_same_file(const file_status& other) const noexcept {
    return type != kind::missing && device == other.device && number == other.number;
  }

  /// Returns the properties of the file with this name, or `missing`. The two functions differ in
  /// the treatment of a symbolic link.
  COHTTPS_DECL static file_status of_target(const std::string& path) noexcept;
  COHTTPS_DECL static file_status of_link(const std::string& path) noexcept;
};

/// An open file, or none. The destructor closes it. Each function sets `failed` if it fails, and
/// leaves it alone otherwise; it goes on after an interruption by a signal.
class file {
 public:
  /// How a file is opened: a union of these bits.
  enum mode : unsigned {
    read = 1,
    write = 2,        // makes the file if it does not exist
    create_new = 6,   // for writing; fails if the file exists
    truncate = 8,     // removes the content
    append = 16,      // each write goes to the end
    owner_only = 32,  // nobody else may read a file that is made
    no_link = 64,     // fails for a symbolic link
    no_wait = 128,    // does not wait for the other end of a pipe
  };

  file() = default;
  COHTTPS_DECL static file open(const std::string& path, unsigned how,
                                std::error_code& failed) noexcept;
  file(file&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  file& operator=(file&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~file() { close(); }

  explicit operator bool() const noexcept { return number_ >= 0; }
  COHTTPS_DECL void close() noexcept;

  COHTTPS_DECL file_status status() const noexcept;

  /// Reads at most as many bytes as `into` has room for. Returns 0 at the end of the file.
  COHTTPS_DECL std::size_t read_some(std::span<std::byte> into, std::error_code& failed) noexcept;

  /// Writes all of `part`. Returns the number of bytes that were written, also after a failure.
  COHTTPS_DECL std::size_t write_all(std::string_view part, std::error_code& failed) noexcept;
  /// Writes all of `part` to the position `at`.
  COHTTPS_DECL void write_at(std::uint64_t at, std::string_view part,
                             std::error_code& failed) noexcept;

  COHTTPS_DECL void seek(std::uint64_t to, std::error_code& failed) noexcept;
  COHTTPS_DECL void resize(std::uint64_t size, std::error_code& failed) noexcept;
  /// Waits until the storage device has the content. Does nothing for a file on none.
  COHTTPS_DECL void sync(std::error_code& failed) noexcept;

  /// Locks the file until it is closed. Returns false if another open file holds the lock.
  COHTTPS_DECL bool try_lock() noexcept;

  /// Gives the file `from` the name `to`. A file with this name is replaced.
  COHTTPS_DECL static void rename(const std::string& from, const std::string& to,
                                  std::error_code& failed) noexcept;
  /// Removes the name of a file, if there is one.
  COHTTPS_DECL static void remove(const std::string& path) noexcept;

 private:
  explicit file(int number) noexcept : number_(number) {}

  int number_ = -1;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/core/file.ipp>
#endif
