// The URL of a call, as text or parsed.
#pragma once

#include <cohttps/url/url.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// A view of a URL, from text or from a `url`. The call copies it.
class url_text {
 public:
  url_text(std::string_view text) noexcept : text_(text) {}
  url_text(const char* text) noexcept : text_(text) {}
  url_text(const std::string& text) noexcept : text_(text) {}
  url_text(const url& parsed) noexcept : text_(parsed.href()) {}

  operator std::string_view() const noexcept { return text_; }

 private:
  std::string_view text_;
};

}  // namespace cohttps
