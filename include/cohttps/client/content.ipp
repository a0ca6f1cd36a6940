// Definitions for content.hpp.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/file_reader.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>

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

namespace detail {

template <class = void>
class file_source final : public content_source {
 public:
  explicit file_source(std::string path) : file_(std::move(path)) {}

  result<void> check() const override { return file_.check(); }
  std::optional<std::uint64_t> length() const noexcept override { return file_.size(); }
  task<result<std::span<const std::byte>>> next() override {
    buffer_.resize(file_piece);
    return file_.read(buffer_);
  }
  bool can_rewind() const noexcept override { return file_.can_rewind(); }
  bool rewind() noexcept override { return file_.rewind(); }
  std::string_view path() const noexcept override { return file_.path(); }

 private:
  file_reader file_;
  std::vector<std::byte> buffer_;
};

}  // namespace detail

COHTTPS_DEF content content::file(const std::string& path, std::string_view media_type) {
  return content(std::make_unique<detail::file_source<>>(path), media_type);
}

}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF content content::borrowed(std::span<const std::byte> bytes,
                                      std::string_view media_type) {
  content c;
  c.view_ = bytes;
  c.media_type_ = media_type;
  return c;
}

COHTTPS_DEF content content::borrowed(std::string_view text) noexcept {
  return borrowed(std::as_bytes(std::span(text)));
}

COHTTPS_DEF content content::form(const query& pairs) {
  return content(pairs.text(), query::media_type);
}

COHTTPS_DEF result<void> content::check() const {
  return source_ ? source_->check() : result<void>();
}

COHTTPS_DEF std::span<const std::byte> content::memory() const noexcept {
  return view_.empty() ? std::as_bytes(std::span(owned_)) : view_;
}

COHTTPS_DEF content_source* content::source() const noexcept { return source_.get(); }

COHTTPS_DEF bool content::empty() const noexcept { return !source_ && memory().empty(); }

COHTTPS_DEF std::optional<std::uint64_t> content::length() const noexcept {
  return source_ ? source_->length() : memory().size();
}

COHTTPS_DEF bool content::rewind() noexcept { return !source_ || source_->rewind(); }

COHTTPS_DEF content content::failed(error why) {
  return content(std::make_unique<detail::failed_source>(std::move(why)));
}

}  // namespace cohttps
