// Definitions for der.hpp.
#pragma once

#include <cohttps/tls/verify/der.hpp>

namespace cohttps::tls::der {

COHTTPS_DEF std::optional<element> next(bytes& in) noexcept {
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

COHTTPS_DEF std::optional<element> next(bytes& in, std::uint8_t expected) noexcept {
  return !in.empty() && in[0] == expected ? next(in) : std::nullopt;
}

COHTTPS_DEF std::optional<std::vector<bytes>> elements_of(bytes in) {
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

COHTTPS_DEF std::optional<bytes> subject_of(bytes certificate) noexcept {
  const auto outer = next(certificate, sequence);
  if (!outer || !certificate.empty()) return std::nullopt;
  bytes in = outer->content;
  const auto to_be_signed = next(in, sequence);
  if (!to_be_signed) return std::nullopt;
  in = to_be_signed->content;
  next(in, context_0);  // the version, which is optional
  if (!next(in, integer)) return std::nullopt;
  for (int skipped = 0; skipped < 3; ++skipped)  // signature, issuer, validity
    if (!next(in, sequence)) return std::nullopt;
  const auto subject = next(in, sequence);
  return subject ? std::optional(subject->whole) : std::nullopt;
}

COHTTPS_DEF std::optional<certificate_names> alternative_names(bytes extension) {
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
