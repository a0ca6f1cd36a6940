// Definitions for crl_scope.hpp.
#pragma once

#include <cohttps/tls/revocation/crl_scope.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::optional<crl_scope> crl_scope::of(const Botan::X509_CRL& list) {
  const Botan::OID key_id({2, 5, 29, 35}), delta({2, 5, 29, 27});
  const Botan::OID point({2, 5, 29, 28}), reason({2, 5, 29, 21});
  const auto& extensions = list.extensions();
  if (extensions.extension_set(delta) || !known(extensions, {key_id, point})) return std::nullopt;
  for (const auto& entry : list.get_revoked())
    if (!known(entry.extensions(), {reason})) return std::nullopt;
  crl_scope made;
  if (extensions.extension_set(point) && !made.read(extensions.get_extension_bits(point)))
    return std::nullopt;
  return made;
}

COHTTPS_DEF auto crl_scope::over(const Botan::X509_Certificate& subject) const -> extent {
  if (subject.is_CA_cert() ? only_users_ : only_authorities_) return extent::none;
  const auto named = is_named_ ? named_by(subject) : extent::all;
  return some_reasons_ ? std::min(named, extent::some_reasons) : named;
}

COHTTPS_DEF bool crl_scope::known(const Botan::Extensions& all,
                                  std::initializer_list<Botan::OID> understood) {
  return std::ranges::all_of(all.get_extension_oids(), [&](const auto& id) {
    return !all.critical_extension_set(id) || std::ranges::find(understood, id) != understood.end();
  });
}

COHTTPS_DEF auto crl_scope::names_in(der::bytes distribution_point) -> names {
  names found;
  const auto full = der::next(distribution_point, der::context_0);
  for (der::bytes in = full ? full->content : der::bytes(); !in.empty();) {
    const auto one = der::next(in);
    if (!one) break;
    found.emplace(one->whole.begin(), one->whole.end());
  }
  return found;
}

COHTTPS_DEF bool crl_scope::read(der::bytes value) {
  const auto outer = der::next(value, der::sequence);
  if (!outer || !value.empty()) return false;
  der::bytes in = outer->content;
  if (const auto name = der::next(in, der::context_0)) {
    is_named_ = true;
    names_ = names_in(name->content);
  }
  bool indirect = false, attributes = false, well_formed = true;
  const auto flag = [&](std::uint8_t tag) {
    const auto found = der::next(in, tag);
    if (found && found->content.size() != 1) well_formed = false;
    return found && well_formed && found->content[0] != 0;
  };
  only_users_ = flag(0x81);
  only_authorities_ = flag(0x82);
  some_reasons_ = der::next(in, 0x83).has_value();
  indirect = flag(0x84);
  attributes = flag(0x85);
  return well_formed && in.empty() && !indirect && !attributes;
}

COHTTPS_DEF auto crl_scope::named_by(const Botan::X509_Certificate& subject) const -> extent {
  const auto value = extension(subject, {2, 5, 29, 31});
  auto found = extent::none;
  der::bytes in = value ? der::bytes(*value) : der::bytes();
  const auto list = der::next(in, der::sequence);
  for (in = list ? list->content : der::bytes(); !in.empty();) {
    const auto point = der::next(in, der::sequence);
    if (!point) break;
    der::bytes inside = point->content;
    const auto name = der::next(inside, der::context_0);
    const bool of_reasons = der::next(inside, 0x81).has_value();
    if (!name || !inside.empty()) continue;  // without a name, or a list of another issuer
    for (const auto& one : names_in(name->content))
      if (names_.contains(one))
        found = std::max(found, of_reasons ? extent::some_reasons : extent::all);
  }
  return found;
}

}  // namespace cohttps::tls
