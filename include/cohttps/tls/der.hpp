// As much of DER (X.690) as it takes to find a field of a certificate without parsing all of it.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/host_name.hpp>

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

/// Takes the element at the front of `in`. Nothing for what is cut off or not minimal DER.
COHTTPS_DECL std::optional<element> next(bytes& in) noexcept;

/// Takes the element at the front of `in` when it carries `expected`.
COHTTPS_DECL std::optional<element> next(bytes& in, std::uint8_t expected) noexcept;

/// The elements of a sequence that is all of `in`; nothing when it is malformed.
COHTTPS_DECL std::optional<std::vector<bytes>> elements_of(bytes in);

/// The subject of a certificate, as encoded; nothing when `certificate` is none (RFC 5280, 4.1).
COHTTPS_DECL std::optional<bytes> subject_of(bytes certificate) noexcept;

/// The dNSName and iPAddress entries of a subjectAltName extension's value (RFC 5280, 4.2.1.6).
/// Nothing when the list is malformed. An address that is neither 4 nor 16 bytes long is none that
/// a host can have: the other names count all the same.
COHTTPS_DECL std::optional<certificate_names> alternative_names(bytes extension);

}  // namespace cohttps::tls::der

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/der.ipp>
#endif
