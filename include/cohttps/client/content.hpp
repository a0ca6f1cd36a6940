// What a request sends, and where it comes from.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/representation.hpp>
#include <cohttps/net/content_source.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/gcc_temporaries.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/query.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

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
  COHTTPS_DECL content(const char* text) : content(std::string(text)) {}
  COHTTPS_DECL content(std::string_view text) : content(std::string(text)) {}
  COHTTPS_DECL content(std::span<const std::byte> bytes)
      : content(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())) {}
  explicit content(std::unique_ptr<content_source> source, std::string_view media_type = {})
      : source_(std::move(source)), media_type_(media_type) {}

  content(content&&) noexcept = default;
  content& operator=(content&&) noexcept = default;
  ~content() = default;

  /// Bytes that the caller keeps as they are until the operation has ended.
  COHTTPS_DECL static content borrowed(std::span<const std::byte> bytes) noexcept;
  COHTTPS_DECL static content borrowed(std::string_view text) noexcept;

  /// A value as its `representation` writes it. The request fails with what `write` fails with, or
  /// usage "representation_unwritable" when it throws.
  template <writable_representation T>
  static content of(T&& value)
    requires(!std::is_reference_v<T>)
  {
    static_assert(detail::survives_as_temporary<T>,
                  "GCC before 13 destroys this value twice. Give it a name before the co_await: "
                  "const user alice{...}; co_await client.post(url, content::of(alice))");
    return of(std::as_const(value));
  }
  template <writable_representation T>
  static content of(const T& value) {
    auto written = write_representation(value);
    if (!written) return failed(std::move(written).error());
    return content(*std::move(written), representation<T>::media_type);
  }

  /// A form without files (application/x-www-form-urlencoded). One with files is a
  /// `multipart_form`.
  COHTTPS_DECL static content form(const query& pairs);

  /// A file, read as it is sent, on the loop's thread: as many bytes as it has now, or all that
  /// comes from a pipe, in chunks. The request fails with usage "content_file" when it cannot be
  /// read, or turns out shorter than it was.
  COHTTPS_DECL static content file(const std::string& path, std::string_view media_type = {});

  /// None, because of `why`: what the request fails with.
  COHTTPS_DECL static content failed(error why);

  /// What `next` gives: `next()` returns an awaitable of something that `std::string` can be made
  /// from, empty at the end. With `length` it has to be so many bytes; else they go out in chunks.
  /// Cannot be given twice. What `next` throws leaves the operation.
  template <class Next>
    requires awaitable<std::invoke_result_t<Next&>>
  static content generated(Next next, std::optional<std::uint64_t> length = {});

  std::string_view media_type() const noexcept { return media_type_; }

  /// What is known already to prevent sending it.
  COHTTPS_DECL result<void> check() const;

  // What follows is for the client.

  /// Empty when it comes from a source.
  COHTTPS_DECL std::span<const std::byte> memory() const noexcept;
  COHTTPS_DECL content_source* source() const noexcept;

  COHTTPS_DECL bool empty() const noexcept;
  COHTTPS_DECL std::optional<std::uint64_t> length() const noexcept;
  bool can_rewind() const noexcept { return !source_ || source_->can_rewind(); }
  COHTTPS_DECL bool rewind() noexcept;

 private:
  std::string owned_;
  std::span<const std::byte> borrowed_;
  std::unique_ptr<content_source> source_;
  std::string media_type_;
};

namespace detail {

class failed_source final : public content_source {
 public:
  explicit failed_source(error why) : why_(std::move(why)) {}

  result<void> check() const override { return std::unexpected(why_); }
  // Unknown, so that nothing that is complete can go out.
  std::optional<std::uint64_t> length() const noexcept override { return std::nullopt; }
  task<result<std::span<const std::byte>>> next() override {
    return result<std::span<const std::byte>>(std::unexpected(why_));
  }
  bool can_rewind() const noexcept override { return true; }
  bool rewind() noexcept override { return true; }

 private:
  error why_;
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
  bool can_rewind() const noexcept override { return !started_; }
  bool rewind() noexcept override { return !started_; }

 private:
  Next next_;
  std::optional<std::uint64_t> length_;
  std::string piece_;
  bool started_ = false;
};

}  // namespace detail

template <class Next>
  requires awaitable<std::invoke_result_t<Next&>>
content content::generated(Next next, std::optional<std::uint64_t> length) {
  return content(std::make_unique<detail::generated_source<Next>>(std::move(next), length));
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/content.ipp>
#endif
