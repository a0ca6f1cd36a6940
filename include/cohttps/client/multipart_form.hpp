// A form with files as the content of a request.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/file_reader.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/multipart.hpp>
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

/// Fields and files of a form (multipart/form-data, RFC 7578), written as browsers write them.
///
/// ```
///   multipart_form form;
///   form.add("comment", "two files").add_file("film", "holiday.mkv");
///   auto response = co_await client.post("https://example.com/", std::move(form));
/// ```
/// Files are read as they are sent, on the loop's thread, and need not fit into memory; the
/// content's length is known, and it can be sent again. What is wrong, with a name or a file, is
/// remembered: `check` tells it, and a request with the form fails with it.
class multipart_form {
 public:
  using part_options = multipart::part_options;

  multipart_form() : multipart_form(multipart::create(tls::random_text)) {}

  /// With a boundary of the caller's, for a content that is the same each time; see
  /// `multipart::with_boundary`.
  COHTTPS_DECL static multipart_form with_boundary(std::string_view boundary);

  /// Adds a text, or bytes as a file when `options.filename` is given. Fails as `multipart::add`.
  COHTTPS_DECL multipart_form& add(std::string_view name, std::string_view bytes,
                                   const part_options& options = {}) &;
  COHTTPS_DECL multipart_form&& add(std::string_view name, std::string_view bytes,
                                    const part_options& options = {}) &&;

  /// Adds a regular file, as it is when it is sent; that it is then shorter than now is an error
  /// (usage, "content_file"). `options.filename` is by default the last part of `path`.
  COHTTPS_DECL multipart_form& add_file(std::string_view name, const std::string& path,
                                        part_options options = {}) &;
  COHTTPS_DECL multipart_form&& add_file(std::string_view name, const std::string& path,
                                         part_options options = {}) &&;

  /// The first thing that went wrong.
  COHTTPS_DECL result<void> check() const;

  /// For `client.post(url, std::move(form))`.
  operator content() &&;

 private:
  explicit multipart_form(result<multipart> begun) : form_(std::move(begun)) {}

  template <class T>
  void keep(result<T> added) {
    if (!added) form_ = pass(std::move(added));
  }

  result<multipart> form_;
  std::vector<std::string> files_;  // by the number of the source
};

namespace detail {

/// The segments of a form one after another; one file at a time is open.
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
      left_.reset();
    }
    co_return std::span<const std::byte>();
  }

  bool can_rewind() const noexcept override { return true; }
  bool rewind() noexcept override {
    at_ = 0;
    file_.reset();
    left_.reset();
    return true;
  }

 private:
  using view = std::span<const std::byte>;

  COHTTPS_DECL result<view> bytes_of(const multipart::segment& segment);

  COHTTPS_DECL result<view> next_of_file(const multipart::segment& segment);

  multipart form_;
  std::vector<std::string> files_;
  std::size_t at_ = 0;                 // the segment
  std::optional<std::uint64_t> left_;  // of it, once it is begun
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
