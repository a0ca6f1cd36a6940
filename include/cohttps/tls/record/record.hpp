// The headers and sizes of TLS records (RFC 8446, 5.1 and RFC 5246, 6.2).
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::tls {

/// Whether the program has the record layer of its own (`record_layer`). A program can define
/// `COHTTPS_NO_RECORD_LAYER` for all its source files; then it is false, and Botan opens and seals
/// every record.
#if defined(COHTTPS_NO_RECORD_LAYER)
inline constexpr bool has_record_layer = false;
#else
inline constexpr bool has_record_layer = true;
#endif

namespace detail {

// The same bytes as the type that Botan uses.
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

  record_type type;  ///< may be a value that `record_type` does not list
  std::uint16_t version;
  std::size_t length;  ///< the number of bytes after the header

  /// Returns nothing when `bytes` is shorter than a header.
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

/// The largest content of a record, in bytes: plaintext, ciphertext of TLS 1.3, and of TLS 1.2.
inline constexpr std::size_t maximum_plaintext = 16384;
inline constexpr std::size_t maximum_ciphertext_13 = maximum_plaintext + 256;
inline constexpr std::size_t maximum_ciphertext_12 = maximum_plaintext + 2048;

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/record/record.ipp>
#endif
