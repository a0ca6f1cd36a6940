// As much of DER (X.690) as it takes to find a field of a certificate without parsing all of it.
#pragma once

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
inline std::optional<element> next(bytes& in) noexcept {
  if (in.size() < 2 || (in[0] & 0x1f) == 0x1f) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = in[1];
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 3 || in.size() < 2 + count || in[2] == 0) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | in[2 + i];
    if (length < 0x80) return std::nullopt;
    header += count;
  }
  if (in.size() - header < length) return std::nullopt;
  const element found{in[0], in.subspan(header, length), in.first(header + length)};
  in = in.subspan(header + length);
  return found;
}

/// Takes the element at the front of `in` when it carries `expected`.
inline std::optional<element> next(bytes& in, std::uint8_t expected) noexcept {
  return !in.empty() && in[0] == expected ? next(in) : std::nullopt;
}

/// The elements of a sequence that is all of `in`; nothing when it is malformed.
inline std::optional<std::vector<bytes>> elements_of(bytes in) {
  const auto list = next(in, sequence);
  if (!list || !in.empty()) return std::nullopt;
  std::vector<bytes> found;
  for (in = list->content; !in.empty();) {
    const auto one = next(in);
    if (!one) return std::nullopt;
    found.push_back(one->whole);
  }
  return found;
}

/// The subject of a certificate, as encoded; nothing when `certificate` is none (RFC 5280, 4.1).
inline std::optional<bytes> subject_of(bytes certificate) noexcept {
  const auto outer = next(certificate, sequence);
  if (!outer || !certificate.empty()) return std::nullopt;
  bytes in = outer->content;
  const auto to_be_signed = next(in, sequence);
  if (!to_be_signed) return std::nullopt;
  in = to_be_signed->content;
  next(in, context_0);  // the version, which may be left out
  if (!next(in, integer)) return std::nullopt;
  for (int skipped = 0; skipped < 3; ++skipped)  // signature, issuer, validity
    if (!next(in, sequence)) return std::nullopt;
  const auto subject = next(in, sequence);
  return subject ? std::optional(subject->whole) : std::nullopt;
}

/// The dNSName and iPAddress entries of a subjectAltName extension's value (RFC 5280, 4.2.1.6).
/// Nothing when the list is malformed. An address that is neither 4 nor 16 bytes long is none that
/// a host can have: the other names count all the same.
inline std::optional<certificate_names> alternative_names(bytes extension) {
  const auto list = next(extension, sequence);
  if (!list || !extension.empty()) return std::nullopt;
  certificate_names names;
  for (bytes in = list->content; !in.empty();) {
    const auto name = next(in);
    if (!name) return std::nullopt;
    const bytes value = name->content;
    if (name->tag == 0x82) {
      names.dns.emplace_back(value.begin(), value.end());
    } else if (name->tag == 0x87 && (value.size() == 4 || value.size() == 16)) {
      names.ip.emplace_back(value.begin(), value.end());
    }
  }
  return names;
}

}  // namespace cohttps::tls::der
