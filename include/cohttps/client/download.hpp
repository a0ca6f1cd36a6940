// The file that a download is written to.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/date.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/url/url.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace cohttps::detail {

/// PATH.part until all of it is there, then PATH. For a download that can go on later,
/// PATH.part.from tells where it came from, and holds the validator that the server gave.
///
/// `begin`, then `ask`, `answered`, `write` for each part, `finish`; again from `ask` on where
/// `answered` says so. What is written are the bytes as the server sent them, with the content
/// coding that they have, if any: none is asked for.
class download_file {
 public:
  download_file(std::string path, bool resumes)
      : path_(std::move(path)), part_(path_ + ".part"), from_(part_ + ".from"), resumes_(resumes) {}
  download_file(const download_file&) = delete;
  download_file& operator=(const download_file&) = delete;
  ~download_file();

  /// Opens the file. Fails with usage "download_file" when it cannot be written, and
  /// "download_busy" when another download writes it. `headers` are the caller's.
  COHTTPS_DECL result<void> begin(const url& from, const fields& headers);

  /// Asks for what the file lacks.
  COHTTPS_DECL void ask(fields& headers) const;

  enum class verdict : std::uint8_t { go_on, start_over };

  /// Decides what follows on a response. `start_over`: the part that is there cannot be
  /// completed and was removed; ask once more. Fails with policy "unsuccessful_status" unless the
  /// status is 2xx, and with protocol "range_mismatch" when the server sends a part that was not
  /// asked for.
  COHTTPS_DECL result<verdict> answered(const exchange_state& found);

  /// Fails with usage "download_file".
  COHTTPS_DECL result<void> write(std::span<const std::byte> part);

  /// Gives the file its name. Fails with protocol "range_mismatch" when the server sent less than
  /// the rest; what came is kept.
  COHTTPS_DECL result<void> finish();

  bool complete() const noexcept { return complete_; }
  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t resumed_at() const noexcept { return resumed_at_; }

 private:
  /// RFC 9110, 8.8: what proves that two representations are the same byte for byte.
  COHTTPS_DECL static std::string strong_validator(const fields& headers);
  /// The validator of a response that is of the kind that is known of what is there.
  COHTTPS_DECL std::optional<std::string_view> validator_in(const fields& headers) const;
  /// The first byte of a Content-Range, or, without one, its complete length.
  struct content_range {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> complete;
  };
  COHTTPS_DECL static content_range parse_content_range(std::string_view value);

  /// True when the open file is still the one of that name: another download may have given it its
  /// final name before it let go of the lock.
  COHTTPS_DECL bool is_part() const;
  COHTTPS_DECL std::string kept_validator() const;
  COHTTPS_DECL result<void> keep_validator(const fields& headers) const;
  COHTTPS_DECL result<void> discard();
  COHTTPS_DECL std::unexpected<error> unwritable() const;

  std::string path_, part_, from_;
  std::string source_;     // a hash of the URL asked for
  std::string validator_;  // of what is there already
  bool resumes_;
  bool ranged_ = false;  // the caller asks for a part
  bool complete_ = false;
  int number_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t resumed_at_ = 0;
  std::optional<std::uint64_t> whole_;  // the size that the server says there is, of a part
};

inline download_file::~download_file() {
  if (number_ < 0) return;
  if (!complete_ && (!resumes_ || size_ == 0)) ::unlink(part_.c_str());
  ::close(number_);
}

// Two lines: the hash of the URL and the validator.

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/download.ipp>
#endif
