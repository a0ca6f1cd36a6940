// Definitions for multipart_form.hpp.
#pragma once

#include <cohttps/client/multipart_form.hpp>

namespace cohttps {

COHTTPS_DEF multipart_form multipart_form::with_boundary(std::string_view boundary) {
  return multipart_form(multipart::with_boundary(boundary));
}

COHTTPS_DEF multipart_form& multipart_form::add(std::string_view name, std::string_view bytes,
                                                const part_options& options) & {
  if (form_) keep(form_->add(name, bytes, options));
  return *this;
}

COHTTPS_DEF multipart_form&& multipart_form::add(std::string_view name, std::string_view bytes,
                                                 const part_options& options) && {
  return std::move(add(name, bytes, options));
}

COHTTPS_DEF multipart_form&& multipart_form::add_file(std::string_view name,
                                                      const std::string& path,
                                                      part_options options) && {
  return std::move(add_file(name, path, options));
}

COHTTPS_DEF result<void> multipart_form::check() const {
  if (form_) return {};
  return std::unexpected(form_.error());
}

}  // namespace cohttps

namespace cohttps {
namespace detail {

COHTTPS_DEF auto multipart_source::bytes_of(const multipart::segment& segment) -> result<view> {
  if (std::exchange(segment_left_, 0)) return view();
  return std::as_bytes(std::span(segment.bytes));
}

COHTTPS_DEF auto multipart_source::next_of_file(const multipart::segment& segment) -> result<view> {
  if (!segment_left_) {
    const std::string& path = files_[*segment.source];
    file_.emplace(path);
    if (auto there = file_->check(); !there) return pass(std::move(there));
    if (file_->size().value_or(0) < segment.size)
      return fail(error_category::usage, "content_file",
                  "the file '" + path + "' has become shorter since it was added to a form");
    segment_left_ = segment.size;
  }
  buffer_.resize(file_piece);
  const auto most =
      static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), *segment_left_));
  auto part = file_->read(std::span(buffer_).first(most));
  if (part) *segment_left_ -= part->size();
  return part;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF multipart_form& multipart_form::add_file(std::string_view name, const std::string& path,
                                                     part_options options) & {
  if (!form_) return *this;
  const detail::file_reader file(path);
  if (auto there = file.check(); !there) {
    keep(std::move(there));
    return *this;
  }
  if (!file.size()) {
    form_ = fail(error_category::usage, "content_file",
                 "'" + path + "' is no regular file, so its size is not known beforehand");
    return *this;
  }
  if (!options.filename) {
    const auto slash = path.rfind('/');
    options.filename = std::string_view(path).substr(slash == path.npos ? 0 : slash + 1);
  }
  auto added = form_->add_source(name, *file.size(), options);
  if (added) files_.push_back(path);
  keep(std::move(added));
  return *this;
}

}  // namespace cohttps
