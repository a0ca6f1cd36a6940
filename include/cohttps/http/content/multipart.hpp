// Writes multipart/form-data (RFC 7578) as browsers do (the HTML Standard, 4.10.21.8).
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

/// A form with files. The content is a list of segments, and its size is known in advance.
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

  /// A function that returns at least 128 random bits as characters of a token, or an empty text if
  /// the system has no randomness. `tls::random_text` in `<cohttps/tls/hash.hpp>` is such a
  /// function.
  using random_text = std::string (*)();

  /// The properties of a part besides its name. The views must stay valid only during the call.
  struct part_options {
    /// Makes the part a file. May be empty, as in browsers if the user chose no file.
    std::optional<std::string_view> filename = {};
    /// If it is empty, a file gets "application/octet-stream" and a text gets no Content-Type.
    std::string_view content_type = {};
  };

  /// A piece of the content: either bytes, or a source that provides `size` bytes.
  struct segment {
    std::string bytes;                  ///< empty for a source
    std::optional<std::size_t> source;  ///< the number that `add_source` returned
    std::uint64_t size;
  };

  /// Makes a form with a random boundary. Fails with usage "multipart_no_randomness".
  COHTTPS_DECL static result<multipart> create(random_text random);

  /// Makes a form with this boundary (RFC 2046, 5.1.1): 1 to 70 letters, digits and characters of
  /// "'+_-.". No line of the content may begin with "--" and the boundary. Fails with usage
  /// "multipart_invalid" if `boundary` has other characters or another length.
  COHTTPS_DECL static result<multipart> with_boundary(std::string_view boundary);

  /// Adds a part whose content is in memory. The form contains these bytes unchanged.
  ///
  /// Errors: usage, "multipart_invalid" (a control character other than CR and LF in a name, a
  /// content type that is not a field value, or the boundary in `content`); limit,
  /// "multipart_name_too_long". After an error the form is unchanged.
  COHTTPS_DECL result<void> add(std::string_view name, std::string_view content,
                                const part_options& options);
  COHTTPS_DECL result<void> add(std::string_view name, std::string_view content);

  /// Adds a part of `size` bytes that a source provides when the content is sent. Returns the
  /// number of the source, counted from 0. Errors as of `add`, and limit "multipart_too_large".
  COHTTPS_DECL result<std::size_t> add_source(std::string_view name, std::uint64_t size,
                                              const part_options& options);

  /// Returns the value of Content-Type.
  std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }

  /// Returns the number of bytes in all segments: the value of Content-Length.
  std::uint64_t size() const noexcept { return size_; }

  /// The parts of the form as they are sent, one after another.
  const std::vector<segment>& segments() const noexcept { return segments_; }

 private:
  COHTTPS_DECL explicit multipart(std::string_view boundary)
      : boundary_(boundary), delimiter_("\r\n--" + boundary_) {
    segments_.push_back({{}, std::nullopt, 0});
    append(delimiter().substr(2));
    append("--\r\n");
  }

  /// Stands before each part. With "--" it also stands after the last part.
  std::string_view delimiter() const noexcept { return delimiter_; }

  COHTTPS_DECL void append(std::string_view text);

  /// Replaces the end of the form with the beginning of a part.
  COHTTPS_DECL void open(std::string_view head);
  COHTTPS_DECL void close();

  COHTTPS_DECL static result<std::string> part_head(std::string_view name,
                                                    const part_options& options);

  /// Converts all line ends to CRLF, as the HTML Standard requires for names, but not for file
  /// names.
  COHTTPS_DECL static std::string with_crlf(std::string_view name);

  COHTTPS_DECL static result<void> append_escaped(std::string& out, std::string_view name);

  std::string boundary_;
  std::string delimiter_;
  std::vector<segment> segments_;  // the last one holds bytes, and ends with the end of the form
  std::uint64_t size_ = 0;
  std::size_t sources_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/multipart.ipp>
#endif
