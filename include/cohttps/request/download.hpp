// Writes a download into a file.
#pragma once

#include <cohttps/client/response_metadata.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/date.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohttps::detail {

/// The file of a download. Its name is PATH.part until the content is complete, and then PATH. If
/// the download can be resumed, PATH.part.from contains two lines: a hash of the URL, and the
/// validator of the content.
///
/// The caller calls `begin`, `ask`, `answered`, then `write` for each part, and `finish`. If
/// `answered` returns `start_over`, the caller continues with `ask`. The file contains the bytes
/// that the server sent, without decoding. `ask` asks for no content coding, unless the caller's
/// own fields do.
class download_file {
 public:
  download_file(std::string path, bool resumes)
      : path_(std::move(path)), part_(path_ + ".part"), from_(part_ + ".from"), resumes_(resumes) {}
  download_file(const download_file&) = delete;
  download_file& operator=(const download_file&) = delete;
  ~download_file();

  /// Opens the file. `headers` are the caller's fields. Fails with category usage: "download_file"
  /// if the file cannot be written, "download_busy" if another download writes it, and
  /// "download_range" if the caller has a Range field and resumes.
  COHTTPS_DECL result<void> begin(const url& from, const fields& headers);

  /// Adds the fields that ask for the missing rest of the content.
  COHTTPS_DECL void ask(fields& headers) const;

  enum class verdict : std::uint8_t { go_on, start_over };

  /// Decides how the download continues after a response. `start_over` means that the existing part
  /// cannot be completed and was removed; the caller has to ask again. Fails with policy
  /// "unsuccessful_status" if the status is not 2xx, and with protocol "range_mismatch" if the
  /// server sends a part although the request asked for all of the content.
  COHTTPS_DECL result<verdict> answered(const response_metadata& found);

  /// Fails with usage "download_file".
  COHTTPS_DECL result<void> write(std::span<const std::byte> part);

  /// Gives the file its final name. Fails with protocol "range_mismatch" if the server sent less or
  /// more than it announced. After less the received bytes are kept, after more they are not.
  COHTTPS_DECL result<void> finish();

  bool complete() const noexcept { return complete_; }
  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t resumed_at() const noexcept { return resumed_at_; }

 private:
  /// Returns the strong validator, which proves that two representations are equal byte for byte
  /// (RFC 9110, 8.8.1); empty if there is none.
  COHTTPS_DECL static std::string strong_validator(const fields& headers);
  /// Returns the validator of a response that is of the same kind as `validator_`: an ETag or a
  /// date.
  COHTTPS_DECL std::optional<std::string_view> validator_in(const fields& headers) const;
  /// The position of the first byte, and the complete length, in a Content-Range field.
  struct content_range {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> complete;
  };
  COHTTPS_DECL static content_range parse_content_range(std::string_view value);

  /// True if PATH.part is still the name of the open file. Another download may have given the file
  /// its final name before it released the lock.
  COHTTPS_DECL bool is_part() const;
  COHTTPS_DECL std::string kept_validator() const;
  COHTTPS_DECL result<void> keep_validator(const fields& headers) const;
  COHTTPS_DECL result<void> discard();
  COHTTPS_DECL std::unexpected<error> unwritable(std::error_code why) const;

  std::string path_, part_, from_;
  std::string source_;     // a hash of the URL
  std::string validator_;  // of the bytes that are in the file already
  bool resumes_;
  bool caller_range_ = false;  // the caller has a Range field
  bool complete_ = false;
  file file_;  // PATH.part
  std::uint64_t size_ = 0;
  std::uint64_t resumed_at_ = 0;
  std::optional<std::uint64_t> whole_;  // the complete length in a 206 response
};

inline download_file::~download_file() {
  if (file_ && !complete_ && (!resumes_ || size_ == 0)) file::remove(part_);
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/download.ipp>
#endif
