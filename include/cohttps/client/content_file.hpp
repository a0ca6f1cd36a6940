// Content that is read from a file as it is sent.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

class file_source final : public content_source {
 public:
  explicit file_source(std::string path)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "rb")) {
    if (!file_ || ::fseeko(file_.get(), 0, SEEK_END) != 0) return;
    if (const auto end = ::ftello(file_.get()); end >= 0 && rewind_file())
      length_ = static_cast<std::uint64_t>(end);
  }

  std::optional<std::uint64_t> length() const noexcept override { return length_.value_or(0); }

  task<result<std::span<const std::byte>>> next() override {
    if (buffer_.empty()) buffer_.resize(piece);
    const std::size_t got =
        length_ ? std::fread(buffer_.data(), 1, buffer_.size(), file_.get()) : 0;
    if (!length_ || std::ferror(file_.get()))
      co_return fail(error_category::usage, "content_file",
                     "the file '" + path_ + "' cannot be read");
    co_return std::span<const std::byte>(buffer_).first(got);
  }

  bool rewind() noexcept override { return length_ && rewind_file(); }

 private:
  static constexpr std::size_t piece = 64 * 1024;

  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };
  bool rewind_file() noexcept {
    std::clearerr(file_.get());
    return ::fseeko(file_.get(), 0, SEEK_SET) == 0;
  }

  std::string path_;
  std::unique_ptr<std::FILE, closer> file_;
  std::optional<std::uint64_t> length_;
  std::vector<std::byte> buffer_;
};

}  // namespace detail

COHTTPS_DEFINITION content content::file(const std::string& path, std::string_view media_type) {
  return content(std::make_unique<detail::file_source>(path), media_type);
}

}  // namespace cohttps
