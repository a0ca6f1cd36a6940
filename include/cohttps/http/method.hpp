// The request method of RFC 9110, 9.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// A request method: one of the constants, or any other token through `parse`. Never empty, held
/// in place without heap memory. Methods are case-sensitive (RFC 9110, 9.1).
class method {
 public:
  /// The longest method that `parse` takes; the longest registered one has 17 characters.
  static constexpr std::size_t max_size = 31;

  static const method get, head, post, put, delete_, options, patch, connect, trace;

  /// GET.
  constexpr method() noexcept : method("GET") {}

  /// A method of any token (RFC 9110, 5.6.2). Fails with usage "invalid_method" when `text` is
  /// empty, longer than `max_size`, or not a token.
  COHTTPS_DECL static result<method> parse(std::string_view text);

  constexpr std::string_view text() const noexcept { return {text_.data(), size_}; }

  /// Asks for nothing but a response (RFC 9110, 9.2.1). False for methods that RFC 9110 does not
  /// define: their meaning is not known here.
  constexpr bool is_safe() const noexcept {
    return text() == "GET" || text() == "HEAD" || text() == "OPTIONS" || text() == "TRACE";
  }

  /// Means the same when it is sent twice (RFC 9110, 9.2.2). False for methods that RFC 9110 does
  /// not define.
  constexpr bool is_idempotent() const noexcept {
    return is_safe() || text() == "PUT" || text() == "DELETE";
  }

  friend constexpr bool operator==(const method& a, const method& b) noexcept {
    return a.text() == b.text();
  }

 private:
  explicit constexpr method(std::string_view text) noexcept
      : size_(static_cast<std::uint8_t>(text.size())) {
    for (std::size_t i = 0; i < text.size(); ++i) text_[i] = text[i];
  }

  std::array<char, max_size> text_{};
  std::uint8_t size_;
};

inline constexpr method method::get{"GET"};
inline constexpr method method::head{"HEAD"};
inline constexpr method method::post{"POST"};
inline constexpr method method::put{"PUT"};
inline constexpr method method::delete_{"DELETE"};
inline constexpr method method::options{"OPTIONS"};
inline constexpr method method::patch{"PATCH"};
inline constexpr method method::connect{"CONNECT"};
inline constexpr method method::trace{"TRACE"};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/method.ipp>
#endif
