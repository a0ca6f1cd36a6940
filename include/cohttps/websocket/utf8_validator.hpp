// Checks text piece by piece whether it is UTF-8 (RFC 3629).
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace cohttps::websocket {

/// A piece may end in the middle of a character.
class utf8_validator {
 public:
  /// False at the first byte that cannot be a part of UTF-8. Not to be called again then.
  COHTTPS_DECL bool take(std::span<const std::byte> piece) noexcept;

  /// True between two characters.
  bool complete() const noexcept { return missing_ == 0; }

  void reset() noexcept { missing_ = 0; }

 private:
  int missing_ = 0;  // continuation bytes of the character
  // The range of the next continuation byte. It is smaller behind some first bytes, which excludes
  // overlong forms, surrogates, and code points over U+10FFFF.
  std::uint8_t low_ = 0;
  std::uint8_t high_ = 0;
};

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/utf8_validator.ipp>
#endif
