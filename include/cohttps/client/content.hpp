// The content of a request: bytes in memory, a file, or generated pieces.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/representation.hpp>
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

/// The content of a request. It owns its bytes, except for `borrowed`.
///
/// The client may send content again together with its request: after a redirection that keeps the
/// content, with an answer to a challenge, or for a retry. This needs content that can be read
/// again from its beginning (`can_rewind`).
class [[nodiscard]] content {
 public:
  /// No content.
  content() noexcept = default;
  /// Text or bytes. `media_type` is the value of the Content-Type field; if it is empty, the client
  /// adds no such field.
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

  /// Refers to bytes without a copy. The caller must keep them unchanged until the operation has
  /// ended.
  COHTTPS_DECL static content borrowed(std::span<const std::byte> bytes,
                                       std::string_view media_type = {});
  COHTTPS_DECL static content borrowed(std::string_view text) noexcept;

  /// Converts a value to content with the type's `representation`. If `write` returns or throws an
  /// `error`, the request fails with it. If `write` throws another exception, the request fails
  /// with usage "representation_unwritable".
  template <class T>
  static content of(T&& value)
    requires(!std::is_reference_v<T>)
  {
    static_assert(detail::survives_as_temporary<T>,
                  "GCC before 13 destroys this value twice. Give it a name before the co_await: "
                  "const user alice{...}; co_await client.post(url, content::of(alice))");
    return of(std::as_const(value));
  }
  template <class T>
  static content of(const T& value) {
    static_assert(writable_representation<T>,
                  "content::of cannot write this type: include an adapter such as "
                  "<cohttps/adapters/nlohmann_json.hpp>, or specialise representation");
    auto written = write_representation(value);
    if (!written) return failed(std::move(written).error());
    return content(*std::move(written), representation<T>::media_type);
  }

  /// Makes a form without files (application/x-www-form-urlencoded). For a form with files see
  /// `multipart_form`.
  COHTTPS_DECL static content form(const query& pairs);

  /// Reads the content from a file during the transfer, on the event loop's thread. A regular file
  /// is sent with its current size. Content from a pipe is sent in chunks, until the pipe ends. The
  /// request fails with usage "content_file" if the file cannot be read, or if it has become
  /// shorter.
  COHTTPS_DECL static content file(const std::string& path, std::string_view media_type = {});

  /// Makes content that cannot be sent. A request with it fails with the error `why`.
  COHTTPS_DECL static content failed(error why);

  /// Generates the content piece by piece. `next()` returns an awaitable. Its result converts to
  /// `std::string`, and an empty result ends the content. With `length`, the pieces must have
  /// exactly this many bytes in all (otherwise usage "content_length_mismatch"). Without it, the
  /// content is sent in chunks. The client cannot send such content a second time. An exception
  /// from `next` leaves the operation.
  template <class Next>
    requires awaitable<std::invoke_result_t<Next&>>
  static content generated(Next next, std::optional<std::uint64_t> length = {});

  /// The value for the Content-Type field; empty: none.
  std::string_view media_type() const noexcept { return media_type_; }

  /// Fails if it is already known that the content cannot be sent.
  COHTTPS_DECL result<void> check() const;

  // The client uses the following functions.

  /// Returns the bytes in memory; none if the content comes from a source.
  COHTTPS_DECL std::span<const std::byte> memory() const noexcept;
  /// The source that gives the bytes; null if they are in memory.
  COHTTPS_DECL content_source* source() const noexcept;

  COHTTPS_DECL bool empty() const noexcept;
  /// The size in bytes; nothing if the source does not know it.
  COHTTPS_DECL std::optional<std::uint64_t> length() const noexcept;
  /// True if the content can be sent more than once.
  bool can_rewind() const noexcept { return !source_ || source_->can_rewind(); }
  /// Goes back to the beginning. Returns false if that is not possible.
  COHTTPS_DECL bool rewind() noexcept;

 private:
  std::string owned_;
  std::span<const std::byte> view_;
  std::unique_ptr<content_source> source_;
  std::string media_type_;
};

namespace detail {

class failed_source final : public content_source {
 public:
  explicit failed_source(error why) : why_(std::move(why)) {}

  result<void> check() const override { return std::unexpected(why_); }
  // The length is unknown: with the length 0 the request would be complete without its content.
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
