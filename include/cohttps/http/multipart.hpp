// multipart/form-data (RFC 7578), as browsers write it (the HTML Standard, 4.10.21.8).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A form with files, whose content is known piece by piece and whose size is known in advance.
///
/// ```
///   auto form = multipart::create(tls::random_text);
///   form->add("comment", "two files");
///   form->add("first", "a, b\n", {.filename = "list.csv", .content_type = "text/csv"});
///   form->add_source("second", 4'000'000'000, {.filename = "film.mkv"});  // sent from elsewhere
///   // Content-Type: form->content_type(), Content-Length: form->size(), then each of segments()
/// ```
class multipart {
 public:
  static constexpr std::size_t max_name = 8 * 1024;  ///< bytes of a name or file name

  /// At least 128 random bits as characters of a token; empty when there is no randomness to be
  /// had.
  /// `<cohttps/tls/hash.hpp>` has one.
  using random_text = std::string (*)();

  /// What a part says beside its name. Views, read during the call alone.
  struct part_options {
    /// Makes it a file. May be empty, as it is for a file that was not chosen.
    std::optional<std::string_view> filename = {};
    /// Without one, a file is "application/octet-stream", and a text says nothing.
    std::string_view content_type = {};
  };

  /// The content in order: bytes, or so many bytes from elsewhere.
  struct segment {
    std::string bytes;                  ///< empty for a source
    std::optional<std::size_t> source;  ///< what `add_source` returned
    std::uint64_t size;
  };

  /// With a random boundary. Fails with usage "multipart_no_randomness".
  COHTTPS_DECL static result<multipart> create(random_text random);

  /// With this boundary (RFC 2046, 5.1.1): 1 to 70 of letters, digits and "'+_-.", and a text that
  /// stands at no line of the content. Fails with usage "multipart_invalid".
  COHTTPS_DECL static result<multipart> with_boundary(std::string_view boundary);

  /// Adds a part with content from memory, which goes out as it is.
  ///
  /// Errors: usage, "multipart_invalid" (a control character other than CR and LF in a name, a
  /// content type that is no field value, or the boundary in `content`); limit,
  /// "multipart_name_too_long". Then nothing was added.
  COHTTPS_DECL result<void> add(std::string_view name, std::string_view content,
                                const part_options& options);
  COHTTPS_DECL result<void> add(std::string_view name, std::string_view content);

  /// Adds a part of `size` bytes that come from elsewhere when the content is sent. Returns the
  /// number of the source, from 0 on. Errors as of `add`.
  COHTTPS_DECL result<std::size_t> add_source(std::string_view name, std::uint64_t size,
                                              const part_options& options);

  /// The value of Content-Type.
  std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }

  /// Bytes of all segments: the value of Content-Length.
  std::uint64_t size() const noexcept { return size_; }

  const std::vector<segment>& segments() const noexcept { return segments_; }

 private:
  COHTTPS_DECL explicit multipart(std::string_view boundary)
      : boundary_(boundary), delimiter_("\r\n--" + boundary_) {
    segments_.push_back({{}, std::nullopt, 0});
    append(delimiter().substr(2));
    append("--\r\n");
  }

  /// What stands before each part and, with "--", behind the last.
  std::string_view delimiter() const noexcept { return delimiter_; }

  COHTTPS_DECL void append(std::string_view text);

  /// Turns the end of the form into the beginning of a part.
  COHTTPS_DECL void open(std::string_view head);
  COHTTPS_DECL void close();

  COHTTPS_DECL static result<std::string> part_head(std::string_view name,
                                                    const part_options& options);

  /// Names, other than file names, have line ends of one kind.
  COHTTPS_DECL static std::string with_crlf(std::string_view name);

  COHTTPS_DECL static result<void> append_escaped(std::string& out, std::string_view name);

  std::string boundary_;
  std::string delimiter_;
  std::vector<segment> segments_;  // the last is of bytes, and ends with the end of the form
  std::uint64_t size_ = 0;
  std::size_t sources_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/multipart.ipp>
#endif
