// What a request sends, and where it comes from.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/net/content_source.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// The content of a request. Owns what it sends, but for `borrowed`.
///
/// What can be given twice is sent again where the request is: after a redirection that keeps the
/// method, and when it is retried.
class [[nodiscard]] content {
 public:
  /// None.
  content() noexcept = default;
  /// Text or bytes, and their media type for the Content-Type field; empty for none.
  content(std::string owned, std::string_view media_type = {})
      : owned_(std::move(owned)), media_type_(media_type) {}
  content(const char* text) : content(std::string(text)) {}
  content(std::string_view text) : content(std::string(text)) {}
  content(std::span<const std::byte> bytes)
      : content(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())) {}
  explicit content(std::unique_ptr<content_source> source, std::string_view media_type = {})
      : source_(std::move(source)), media_type_(media_type) {}

  content(content&&) noexcept = default;
  content& operator=(content&&) noexcept = default;
  ~content() = default;

  /// Bytes that the caller keeps as they are until the operation has ended.
  static content borrowed(std::span<const std::byte> bytes) noexcept {
    content c;
    c.borrowed_ = bytes;
    return c;
  }
  static content borrowed(std::string_view text) noexcept {
    return borrowed(std::as_bytes(std::span(text)));
  }

  /// A file, read as it is sent, on the loop's thread. The request fails with usage
  /// ("content_file") when it cannot be read, or turns out shorter than it was.
  static content file(const std::string& path, std::string_view media_type = {});

  /// What `next` gives: `next()` returns an awaitable of something that `std::string` can be made
  /// from, empty at the end. With `length` it has to be so many bytes; else they go out in chunks.
  /// Cannot be given twice. What `next` throws leaves the operation.
  template <class Next>
    requires awaitable<std::invoke_result_t<Next&>>
  static content generated(Next next, std::optional<std::uint64_t> length = {});

  std::string_view media_type() const noexcept { return media_type_; }

  // What follows is for the client.

  /// Empty when it comes from a source.
  std::span<const std::byte> memory() const noexcept {
    return borrowed_.empty() ? std::as_bytes(std::span(owned_)) : borrowed_;
  }
  content_source* source() const noexcept { return source_.get(); }

  bool empty() const noexcept { return !source_ && memory().empty(); }
  std::optional<std::uint64_t> length() const noexcept {
    return source_ ? source_->length() : memory().size();
  }
  bool rewind() noexcept { return !source_ || source_->rewind(); }

 private:
  std::string owned_;
  std::span<const std::byte> borrowed_;
  std::unique_ptr<content_source> source_;
  std::string media_type_;
};

namespace detail {

class file_source final : public content_source {
 public:
  explicit file_source(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    file_.seekg(0, std::ios::end);
    const auto end = file_.tellg();
    file_.seekg(0);
    if (file_ && end >= 0) length_ = static_cast<std::uint64_t>(end);
  }

  std::optional<std::uint64_t> length() const noexcept override { return length_.value_or(0); }

  task<result<std::span<const std::byte>>> next() override {
    if (!length_) co_return unreadable("cannot be read");
    if (buffer_.empty()) buffer_.resize(piece);
    file_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    if (file_.bad()) co_return unreadable("cannot be read");
    const auto got = static_cast<std::size_t>(file_.gcount());
    co_return std::as_bytes(std::span(buffer_).first(got));
  }

  bool rewind() noexcept override {
    if (!length_) return false;
    file_.clear();
    file_.seekg(0);
    return static_cast<bool>(file_);
  }

 private:
  static constexpr std::size_t piece = 64 * 1024;

  std::unexpected<error> unreadable(std::string_view what) const {
    return fail(error_category::usage, "content_file",
                "the file '" + path_ + "' " + std::string(what));
  }

  std::string path_;
  std::ifstream file_;
  std::optional<std::uint64_t> length_;
  std::vector<char> buffer_;
};

template <class Next>
class generated_source final : public content_source {
 public:
  generated_source(Next next, std::optional<std::uint64_t> length)
      : next_(std::move(next)), length_(length) {}

  std::optional<std::uint64_t> length() const noexcept override { return length_; }
  task<result<std::span<const std::byte>>> next() override {
    started_ = true;
    piece_ = std::string(co_await next_());
    co_return std::as_bytes(std::span(piece_));
  }
  bool rewind() noexcept override { return !started_; }

 private:
  Next next_;
  std::optional<std::uint64_t> length_;
  std::string piece_;
  bool started_ = false;
};

}  // namespace detail

inline content content::file(const std::string& path, std::string_view media_type) {
  return content(std::make_unique<detail::file_source>(path), media_type);
}

template <class Next>
  requires awaitable<std::invoke_result_t<Next&>>
content content::generated(Next next, std::optional<std::uint64_t> length) {
  return content(std::make_unique<detail::generated_source<Next>>(std::move(next), length));
}

}  // namespace cohttps
