// The outer form of TLS records (RFC 8446, 5.1 and RFC 5246, 6.2): what frames the stream.
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::tls {

/// False in a program that defines COHTTPS_NO_RECORD_READER for all its source files: then Botan
/// reads every record.
#if defined(COHTTPS_NO_RECORD_READER)
inline constexpr bool has_record_reader = false;
#else
inline constexpr bool has_record_reader = true;
#endif

namespace detail {

// Bytes as Botan has them.
COHTTPS_DECL std::span<std::uint8_t> octets(std::span<std::byte> bytes) noexcept;
COHTTPS_DECL std::span<const std::uint8_t> octets(std::span<const std::byte> bytes) noexcept;

}  // namespace detail

enum class record_type : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

struct record_header {
  static constexpr std::size_t size = 5;

  record_type type;  ///< may be a value that is not listed
  std::uint16_t version;
  std::size_t length;  ///< of what follows the header

  /// Nothing when `bytes` does not hold all of it.
  static constexpr std::optional<record_header> read(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < size) return std::nullopt;
    const auto number = [&](std::size_t at) {
      return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                        std::to_integer<unsigned>(bytes[at + 1]));
    };
    return record_header{static_cast<record_type>(bytes[0]), number(1), number(3)};
  }

  constexpr bool known_type() const noexcept {
    return type >= record_type::change_cipher_spec && type <= record_type::application_data;
  }
};

/// What a record may carry at most: as plaintext, as ciphertext of TLS 1.3, and of TLS 1.2.
inline constexpr std::size_t maximum_plaintext = 16384;
inline constexpr std::size_t maximum_ciphertext_13 = maximum_plaintext + 256;
inline constexpr std::size_t maximum_ciphertext_12 = maximum_plaintext + 2048;

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/record.ipp>
#endif
