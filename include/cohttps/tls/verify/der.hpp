// A small reader of DER (X.690). It finds a field of a certificate without parsing the whole.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/verify/host_name.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::tls::der {

using bytes = std::span<const std::uint8_t>;

enum tag : std::uint8_t {
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  sequence = 0x30,
  context_0 = 0xa0,  ///< [0], constructed
};

struct element {
  std::uint8_t tag;
  bytes content;
  bytes whole;  ///< header and content
};

/// Takes the element at the front of `in`. Nothing when it is incomplete, or when its length is not
/// encoded as DER requires.
COHTTPS_DECL std::optional<element> next(bytes& in) noexcept;

/// Takes the element at the front of `in` if its tag is `expected`.
COHTTPS_DECL std::optional<element> next(bytes& in, std::uint8_t expected) noexcept;

/// Returns the elements of the sequence `in`, or nothing when it is malformed or has bytes after
/// it.
COHTTPS_DECL std::optional<std::vector<bytes>> elements_of(bytes in);

/// Returns the encoded subject of a certificate, or nothing when `certificate` is not a certificate
/// (RFC 5280, 4.1).
COHTTPS_DECL std::optional<bytes> subject_of(bytes certificate) noexcept;

/// Returns the dNSName and iPAddress entries in the value of a subjectAltName extension (RFC 5280,
/// 4.2.1.6), or nothing when the list is malformed. An address that is not 4 or 16 bytes long is
/// skipped, and the other names are still returned.
COHTTPS_DECL std::optional<certificate_names> alternative_names(bytes extension);

}  // namespace cohttps::tls::der

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/der.ipp>
#endif
