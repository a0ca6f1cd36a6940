// Definitions for certificate.hpp.
#pragma once

#include <cohttps/tls/verify/certificate.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::optional<std::vector<std::uint8_t>> extension(
    const Botan::X509_Certificate& certificate, std::initializer_list<std::uint32_t> oid) {
  const Botan::OID id(oid);
  const auto& extensions = certificate.v3_extensions();
  if (!extensions.extension_set(id)) return std::nullopt;
  return extensions.get_extension_bits(id);
}

COHTTPS_DEF std::optional<certificate_names> names_of(const Botan::X509_Certificate& certificate) {
  const auto value = extension(certificate, {2, 5, 29, 17});
  return value ? der::alternative_names(*value) : std::optional(certificate_names{});
}

COHTTPS_DEF bool allows_tls_servers(const Botan::X509_Certificate& certificate) {
  return !extension(certificate, {2, 5, 29, 37}) ||
         certificate.has_ex_constraint(Botan::OID({1, 3, 6, 1, 5, 5, 7, 3, 1})) ||
         certificate.has_ex_constraint(Botan::OID({2, 5, 29, 37, 0}));
}

COHTTPS_DEF std::optional<std::size_t> path_length_of(const Botan::X509_Certificate& authority) {
  const auto value = extension(authority, {2, 5, 29, 19});
  der::bytes in = value ? der::bytes(*value) : der::bytes();
  const auto constraints = der::next(in, der::sequence);
  if (!constraints) return std::nullopt;
  in = constraints->content;
  der::next(in, 0x01);  // the flag cA
  const auto length = der::next(in, der::integer);
  if (!length || length->content.size() != 1) return std::nullopt;  // absent, or very high
  return length->content[0];
}

COHTTPS_DEF std::string to_iso8601(const Botan::X509_Time& time) {
  std::string text = time.readable_string().substr(0, 19);  // "2025/01/31 00:00:00"
  std::ranges::replace(text, '/', '-');
  std::ranges::replace(text, ' ', 'T');
  return text + 'Z';
}

COHTTPS_DEF std::string to_iso8601(std::chrono::system_clock::time_point time) {
  return to_iso8601(Botan::X509_Time(time));
}

COHTTPS_DEF std::chrono::system_clock::time_point to_time_point(const Botan::X509_Time& time) {
  const std::string text = time.readable_string();
  const auto number = [&](std::size_t at, std::size_t length) {
    return static_cast<int>(
        ascii::parse_decimal(std::string_view(text).substr(at, length)).value_or(0));
  };
  using namespace std::chrono;
  if (number(0, 4) > 2261) return system_clock::time_point::max();
  const auto day = year(number(0, 4)) / number(5, 2) / number(8, 2);
  return sys_days(day) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
}

COHTTPS_DEF certificate_summary summarize(const Botan::X509_Certificate& certificate) {
  certificate_summary summary{
      .subject = certificate.subject_dn().to_string(),
      .issuer = certificate.issuer_dn().to_string(),
      .not_before = to_iso8601(certificate.not_before()),
      .not_after = to_iso8601(certificate.not_after()),
      .valid_from = to_time_point(certificate.not_before()),
      .valid_until = to_time_point(certificate.not_after()),
      .names = {},
      .sha256 = {},
  };
  if (auto names = names_of(certificate)) {
    summary.names = std::move(names->dns);
    for (const auto& ip : names->ip) summary.names.push_back(to_string(ip));
  }
  for (const char c : certificate.fingerprint("SHA-256"))
    if (c != ':') summary.sha256 += ascii::to_lower(c);
  return summary;
}

COHTTPS_DEF std::string describe(const Botan::X509_Certificate& certificate) {
  const auto name = [](const Botan::X509_DN& dn) {
    return dn.empty() ? std::string("(no subject)") : ascii::printable(dn.to_string(), 200);
  };
  return name(certificate.subject_dn()) + " (issued by " + name(certificate.issuer_dn()) +
         ", valid " + to_iso8601(certificate.not_before()) + " to " +
         to_iso8601(certificate.not_after()) + ")";
}

}  // namespace cohttps::tls
