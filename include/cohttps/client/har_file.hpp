// A file with a HAR 1.2 log that is valid after each entry.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohttps {

/// Writes a HAR log entry by entry.
/// ```
///   head entry ,\n entry tail
///                        ^ the next entry and a new tail are written here, at once
/// ```
/// The file is therefore a valid log whenever the program ends. If a write was cut, by a crash of
/// the system for example, `read_har_file` reads the entries before it.
class har_file {
 public:
  /// Makes the file, or replaces its content. Only the owner can read a new file. Fails with usage
  /// "har_file".
  COHTTPS_DECL static result<har_file> create(const std::string& path);

  /// Adds what `write_har_entry` returned. Fails with usage "har_file"; the file then has the
  /// entries before, if the system lets it.
  COHTTPS_DECL result<void> append(std::string_view entry);

  /// The number of entries that were written.
  std::uint64_t entries() const noexcept { return entries_; }

 private:
  explicit har_file(std::string path) noexcept : path_(std::move(path)) {}

  COHTTPS_DECL std::unexpected<error> unwritable(std::error_code why) const;

  std::string path_;
  detail::file file_;
  std::uint64_t end_ = 0;  // where the tail begins
  std::uint64_t entries_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/har_file.ipp>
#endif
