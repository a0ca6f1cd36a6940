// A form with files as the content of a request.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/file_reader.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/multipart.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/hash.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A form with fields and files (multipart/form-data, RFC 7578), in the format that browsers send.
///
/// ```
///   multipart_form form;
///   form.add("comment", "two files").add_file("film", "holiday.mkv");
///   auto response = co_await client.post("https://example.com/", std::move(form));
/// ```
/// The client reads the files during the transfer, on the event loop's thread, so they need not fit
/// into memory. The length of the content is known, and the client can send the content again. The
/// form stores its first error, for example an invalid name or an unreadable file. `check` returns
/// this error, and a request with the form fails with it.
class multipart_form {
 public:
  using part_options = multipart::part_options;  ///< The properties of a part besides its name.

  multipart_form() : multipart_form(multipart::create(tls::random_text)) {}

  /// Makes a form with a boundary of the caller, so that equal forms have equal content. See
  /// `multipart::with_boundary`.
  COHTTPS_DECL static multipart_form with_boundary(std::string_view boundary);

  /// Adds a text, or a file with these bytes if `options.filename` is set. Errors as of
  /// `multipart::add`.
  COHTTPS_DECL multipart_form& add(std::string_view name, std::string_view bytes,
                                   const part_options& options = {}) &;
  COHTTPS_DECL multipart_form&& add(std::string_view name, std::string_view bytes,
                                    const part_options& options = {}) &&;

  /// Adds a regular file. The client reads it when it sends the form. The request fails with usage
  /// "content_file" if the file is then shorter than now. By default `options.filename` is the last
  /// part of `path`. Errors as of `multipart::add_source`, and usage "content_file" if `path` is
  /// not a readable regular file.
  COHTTPS_DECL multipart_form& add_file(std::string_view name, const std::string& path,
                                        part_options options = {}) &;
  COHTTPS_DECL multipart_form&& add_file(std::string_view name, const std::string& path,
                                         part_options options = {}) &&;

  /// Returns the first error of the form, if there is one.
  COHTTPS_DECL result<void> check() const;

  /// Converts the form to content, for `client.post(url, std::move(form))`.
  operator content() &&;

 private:
  explicit multipart_form(result<multipart> begun) : form_(std::move(begun)) {}

  template <class T>
  void keep(result<T> added) {
    if (!added) form_ = pass(std::move(added));
  }

  result<multipart> form_;
  std::vector<std::string> files_;  // the path of each source, by its number
};

namespace detail {

/// Provides the segments of a form one after another. At most one file is open at a time.
class multipart_source final : public content_source {
 public:
  multipart_source(multipart form, std::vector<std::string> files)
      : form_(std::move(form)), files_(std::move(files)) {}

  std::optional<std::uint64_t> length() const noexcept override { return form_.size(); }

  task<result<std::span<const std::byte>>> next() override {
    while (at_ < form_.segments().size()) {
      const multipart::segment& segment = form_.segments()[at_];
      auto part = segment.source ? next_of_file(segment) : bytes_of(segment);
      if (!part || !part->empty()) co_return part;
      file_.reset();
      ++at_;
      segment_left_.reset();
    }
    co_return std::span<const std::byte>();
  }

  bool can_rewind() const noexcept override { return true; }
  bool rewind() noexcept override {
    at_ = 0;
    file_.reset();
    segment_left_.reset();
    return true;
  }

 private:
  using view = std::span<const std::byte>;

  COHTTPS_DECL result<view> bytes_of(const multipart::segment& segment);

  COHTTPS_DECL result<view> next_of_file(const multipart::segment& segment);

  multipart form_;
  std::vector<std::string> files_;
  std::size_t at_ = 0;                         // the index of the current segment
  std::optional<std::uint64_t> segment_left_;  // bytes left of it, once it has begun
  std::optional<file_reader> file_;
  std::vector<std::byte> buffer_;
};

}  // namespace detail

inline multipart_form::operator content() && {
  if (!form_) return content::failed(form_.error());
  const std::string type = form_->content_type();
  return content(std::make_unique<detail::multipart_source>(*std::move(form_), std::move(files_)),
                 type);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/multipart_form.ipp>
#endif
