// Request methods (RFC 9110, 9).
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

/// A request method: one of the constants, or any other token that `parse` reads. A method is never
/// empty, and needs no heap memory. Methods are case-sensitive (RFC 9110, 9.1).
class method {
 public:
  /// The longest method that `parse` accepts. The longest registered method has 17 characters.
  static constexpr std::size_t max_size = 31;

  /// The methods of RFC 9110 and PATCH; `delete_` is DELETE.
  static const method get, head, post, put, delete_, options, patch, connect, trace;

  /// Makes the method GET.
  constexpr method() noexcept : method("GET") {}

  /// Makes a method of any token (RFC 9110, 5.6.2). Fails with usage "invalid_method" if `text` is
  /// empty, longer than `max_size`, or not a token.
  COHTTPS_DECL static result<method> parse(std::string_view text);

  /// The method as it is sent, such as "GET".
  constexpr std::string_view text() const noexcept { return {text_.data(), size_}; }

  /// True if the client asks only for a response, and not for a change on the server (RFC 9110,
  /// 9.2.1). False for methods that RFC 9110 does not define, because their meaning is unknown
  /// here.
  constexpr bool is_safe() const noexcept {
    return text() == "GET" || text() == "HEAD" || text() == "OPTIONS" || text() == "TRACE";
  }

  /// True if several identical requests have the same effect as one (RFC 9110, 9.2.2). False for
  /// methods that RFC 9110 does not define.
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
