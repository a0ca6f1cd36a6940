// Definitions for certificate_policies.hpp.
#pragma once

#include <cohttps/tls/verify/certificate_policies.hpp>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF std::optional<std::string> next_policy(der::bytes& in) {
  const auto id = der::next(in, 0x06);
  if (!id) return std::nullopt;
  return std::string(id->content.begin(), id->content.end());
}

COHTTPS_DEF policy_set policies_of(const Botan::X509_Certificate& certificate) {
  const auto value = extension(certificate, {2, 5, 29, 32});
  policy_set found;
  der::bytes in = value ? der::bytes(*value) : der::bytes();
  const auto list = der::next(in, der::sequence);
  for (in = list ? list->content : der::bytes(); !in.empty();) {
    const auto one = der::next(in, der::sequence);
    der::bytes inside = one ? one->content : der::bytes();
    auto id = next_policy(inside);
    if (!id) return {};
    found.insert(*std::move(id));
  }
  return found;
}

COHTTPS_DEF std::optional<std::vector<std::pair<std::string, std::string>>> mappings_of(
    const Botan::X509_Certificate& certificate) {
  const auto value = extension(certificate, {2, 5, 29, 33});
  std::vector<std::pair<std::string, std::string>> found;
  if (!value) return found;
  der::bytes in = *value;
  const auto list = der::next(in, der::sequence);
  if (!list) return std::nullopt;
  for (in = list->content; !in.empty();) {
    const auto one = der::next(in, der::sequence);
    if (!one) return std::nullopt;
    der::bytes inside = one->content;
    auto above = next_policy(inside), below = next_policy(inside);
    if (!above || !below || *above == any_policy || *below == any_policy) return std::nullopt;
    found.emplace_back(*std::move(above), *std::move(below));
  }
  return found;
}

COHTTPS_DEF std::optional<std::size_t> skip_count(der::bytes& in, std::uint8_t tag) {
  const auto number = der::next(in, tag);
  if (!number) return std::nullopt;
  std::size_t value = 0;
  for (const auto byte : number->content) value = std::min<std::size_t>(value * 256 + byte, 255);
  return value;
}

COHTTPS_DEF policy_limits policy_limits::of(const Botan::X509_Certificate& certificate) {
  policy_limits found;
  if (const auto value = extension(certificate, {2, 5, 29, 36})) {
    der::bytes in = *value;
    const auto list = der::next(in, der::sequence);
    in = list ? list->content : der::bytes();
    found.require_explicit = skip_count(in, 0x80);
    found.inhibit_mapping = skip_count(in, 0x81);
    if (!list || !in.empty()) found.require_explicit = 0;  // malformed, so the strictest value
  }
  if (const auto value = extension(certificate, {2, 5, 29, 54})) {
    der::bytes in = *value;
    found.inhibit_any = skip_count(in, der::integer).value_or(0);
  }
  return found;
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF bool has_required_policy(const certificate_chain& path) {
  if (std::ranges::none_of(
          path, [](const auto& each) { return extension(each, {2, 5, 29, 36}).has_value(); }))
    return true;
  detail::policy_set valid;
  bool any = true;  // all policies are valid
  std::size_t require_explicit = path.size(), mapping = path.size(), inhibit_any = path.size();
  for (std::size_t i = path.size() - 1; i-- > 0;) {
    const auto& certificate = path[i];
    const bool is_self_issued = certificate.subject_dn() == certificate.issuer_dn();
    const auto limits = detail::policy_limits::of(certificate);

    auto next = detail::policies_of(certificate);
    const bool names_any = next.erase(std::string(detail::any_policy)) != 0 &&
                           (inhibit_any > 0 || (is_self_issued && i > 0));
    if (!any) std::erase_if(next, [&](const auto& policy) { return !valid.contains(policy); });
    if (names_any) next.insert(valid.begin(), valid.end());
    any = any && names_any;
    valid = std::move(next);
    if (require_explicit == 0 && !any && valid.empty()) return false;
    if (i == 0) {
      const bool required = require_explicit <= 1 || limits.require_explicit == 0;
      return !required || any || !valid.empty();
    }

    const auto mappings = detail::mappings_of(certificate);
    if (!mappings) return false;
    detail::policy_set mapped;
    for (const auto& [above, below] : *mappings)
      if (mapping > 0 && (any || valid.contains(above))) mapped.insert(below);
    for (const auto& [above, _] : *mappings) valid.erase(above);
    valid.merge(mapped);

    if (!is_self_issued)
      for (auto* left : {&require_explicit, &mapping, &inhibit_any}) *left -= *left > 0;
    require_explicit = std::min(require_explicit, limits.require_explicit.value_or(path.size()));
    mapping = std::min(mapping, limits.inhibit_mapping.value_or(path.size()));
    inhibit_any = std::min(inhibit_any, limits.inhibit_any.value_or(path.size()));
  }
  return true;
}

}  // namespace cohttps::tls
