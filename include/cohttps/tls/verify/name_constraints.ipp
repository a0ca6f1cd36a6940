// Definitions for name_constraints.hpp.
#pragma once

#include <cohttps/tls/verify/name_constraints.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::string_view general_name::text() const noexcept {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

}  // namespace cohttps::tls

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF placement place_dns(std::string_view name, std::string_view subtree) {
  if (subtree.empty()) return placement::inside;
  const bool strictly_below = subtree.starts_with('.');
  const std::string domain = ascii::lower(subtree.substr(strictly_below ? 1 : 0));
  if (!is_host_name(domain)) return placement::unclear;
  std::string own = ascii::lower(name);
  if (own.ends_with('.')) own.pop_back();
  if (own == domain) return strictly_below ? placement::outside : placement::inside;
  if (own.ends_with('.' + domain)) {
    const std::string_view below_star = std::string_view(own).substr(own.starts_with("*.") ? 2 : 0);
    return is_host_name(below_star) ? placement::inside : placement::unclear;
  }
  const auto star = own.rfind('*');
  if (star == std::string::npos) return placement::outside;
  const auto dot = own.find('.');
  if (star > dot) return placement::unclear;
  // The wildcard "*.example.com" also covers "www.example.com", which may be the subtree.
  const std::string_view above = std::string_view(own).substr(std::min(dot, own.size()));
  const auto first = std::string_view(domain).substr(0, domain.find('.'));
  return !strictly_below && domain.substr(first.size()) == above ? placement::unclear
                                                                 : placement::outside;
}

COHTTPS_DEF placement place_host(std::string_view host, std::string_view subtree) {
  const bool below = subtree.starts_with('.');
  if (!is_host_name(host) || !is_host_name(subtree.substr(below ? 1 : 0)))
    return placement::unclear;
  const bool is_inside =
      below ? ascii::lower(host).ends_with(ascii::lower(subtree)) : ascii::iequals(host, subtree);
  return is_inside ? placement::inside : placement::outside;
}

COHTTPS_DEF placement place_email(std::string_view name, std::string_view subtree) {
  const auto at = name.rfind('@');
  if (at == std::string_view::npos || at == 0) return placement::unclear;
  if (const auto its = subtree.rfind('@'); its != std::string_view::npos) {
    if (name.substr(0, at) != subtree.substr(0, its)) return placement::outside;
    subtree.remove_prefix(its + 1);
  }
  return place_host(name.substr(at + 1), subtree);
}

COHTTPS_DEF placement place_uri(std::string_view uri, std::string_view subtree) {
  const auto colon = uri.find("://");
  if (colon == std::string_view::npos) return placement::unclear;
  std::string_view host = uri.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  return place_host(host.substr(0, host.find(':')), subtree);
}

COHTTPS_DEF placement place_address(der::bytes address, der::bytes subnet) {
  if (subnet.size() != 8 && subnet.size() != 32) return placement::unclear;
  if (address.size() != 4 && address.size() != 16) return placement::unclear;
  const std::size_t half = subnet.size() / 2;
  bool ended = false, inside = address.size() == half;
  for (std::size_t i = 0; i < half; ++i) {
    const std::uint8_t mask = subnet[half + i];
    const auto rest = static_cast<std::uint8_t>(~mask);
    if ((ended && mask != 0) || (rest & (rest + 1)) != 0) return placement::unclear;
    ended = mask != 0xff;
    inside = inside && ((address[i] ^ subnet[i]) & mask) == 0;
  }
  return inside ? placement::inside : placement::outside;
}

COHTTPS_DEF placement place_directory(der::bytes name, der::bytes subtree) try {
  const auto own = der::elements_of(name), above = der::elements_of(subtree);
  if (!own || !above) return placement::unclear;
  if (above->size() > own->size()) return placement::outside;
  const auto first = [](const std::vector<der::bytes>& all, std::size_t count) {
    std::vector<std::uint8_t> encoded;
    Botan::DER_Encoder out(encoded);
    out.start_sequence();
    for (std::size_t i = 0; i < count; ++i) out.raw_bytes(all[i].data(), all[i].size());
    out.end_cons();
    Botan::X509_DN made;
    Botan::BER_Decoder(encoded).decode(made);
    return made;
  };
  return first(*own, above->size()) == first(*above, above->size()) ? placement::inside
                                                                    : placement::outside;
} catch (const Botan::Exception&) {
  return placement::unclear;
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF placement place(const general_name& name, const general_name& subtree) {
  switch (name.form) {
    case name_form::dns:
      return detail::place_dns(name.text(), subtree.text());
    case name_form::email:
      return detail::place_email(name.text(), subtree.text());
    case name_form::uri:
      return detail::place_uri(name.text(), subtree.text());
    case name_form::address:
      return detail::place_address(name.value, subtree.value);
    case name_form::directory:
      return detail::place_directory(name.value, subtree.value);
  }
  return placement::unclear;
}

COHTTPS_DEF std::optional<name_constraints> name_constraints::read(der::bytes value) {
  const auto outer = der::next(value, der::sequence);
  if (!outer || !value.empty() || outer->content.empty()) return std::nullopt;
  name_constraints made;
  der::bytes in = outer->content;
  if (!read_subtrees(in, 0xa0, made.permitted)) return std::nullopt;
  if (!read_subtrees(in, 0xa1, made.excluded)) return std::nullopt;
  return in.empty() ? std::optional(std::move(made)) : std::nullopt;
}

COHTTPS_DEF const general_name* name_constraints::first_forbidden(
    const std::vector<general_name>& names) const {
  for (const auto& name : names) {
    bool constrained = false, allowed = false;
    for (const auto& subtree : permitted) {
      if (subtree.form != name.form) continue;
      constrained = true;
      allowed = allowed || place(name, subtree) == placement::inside;
    }
    if (constrained && !allowed) return &name;
    for (const auto& subtree : excluded)
      if (subtree.form == name.form && place(name, subtree) != placement::outside) return &name;
  }
  return nullptr;
}

COHTTPS_DEF bool name_constraints::read_subtrees(der::bytes& from, std::uint8_t tag,
                                                 std::vector<general_name>& list) {
  const auto subtrees = der::next(from, tag);
  if (!subtrees) return true;
  der::bytes in = subtrees->content;
  if (in.empty()) return false;
  while (!in.empty()) {
    const auto subtree = der::next(in, der::sequence);
    if (!subtree) return false;
    der::bytes inside = subtree->content;
    const auto base = der::next(inside);
    // The minimum has to be 0, which is the default, and a maximum is not allowed.
    if (const auto minimum = der::next(inside, 0x80);
        minimum && (minimum->content.size() != 1 || minimum->content[0] != 0))
      return false;
    if (!base || !inside.empty()) return false;
    list.push_back({name_form(base->tag), {base->content.begin(), base->content.end()}});
  }
  return true;
}

}  // namespace cohttps::tls

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF std::optional<std::vector<general_name>> constrained_names(
    const Botan::X509_Certificate& certificate) {
  std::vector<general_name> names;
  bool has_email = false;
  if (const auto value = extension(certificate, {2, 5, 29, 17})) {
    der::bytes in = *value;
    const auto list = der::next(in, der::sequence);
    if (!list || !in.empty()) return std::nullopt;
    for (in = list->content; !in.empty();) {
      const auto one = der::next(in);
      if (!one) return std::nullopt;
      names.push_back({name_form(one->tag), {one->content.begin(), one->content.end()}});
      has_email = has_email || names.back().form == name_form::email;
    }
  }
  const auto& subject = certificate.subject_dn();
  if (subject.empty()) return names;
  names.push_back({name_form::directory, certificate.raw_subject_dn()});
  if (!has_email)
    for (const auto& email : subject.get_attribute("PKCS9.EmailAddress"))
      names.push_back({name_form::email, {email.begin(), email.end()}});
  return names;
}

COHTTPS_DEF std::string describe(const general_name& name,
                                 const Botan::X509_Certificate& certificate) {
  switch (name.form) {
    case name_form::dns:
    case name_form::email:
    case name_form::uri:
      return ascii::printable(name.text(), 100) + " in";
    case name_form::address:
      return to_string(name.value) + " in";
    case name_form::directory:
      return name.value == certificate.raw_subject_dn() ? "the subject of" : "a directory name in";
  }
  return "a name of a form that is not known here in";
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF result<void> check_name_constraints(const certificate_chain& path) {
  constexpr std::size_t most_comparisons = 1 << 16;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto value = extension(path[i], {2, 5, 29, 30});
    if (!value) continue;
    if (!path[i].is_CA_cert())
      return refuse("name_constraints", path[i],
                    "has name constraints, which only an authority's may have; the server needs a "
                    "new certificate");
    const auto constraints = name_constraints::read(*value);
    if (!constraints)
      return refuse("name_constraints", path[i],
                    "is an authority's, and its name constraints are malformed; the server needs a "
                    "certificate of another authority");
    for (std::size_t below = 0; below < i; ++below) {
      const auto& subject = path[below];
      if (below > 0 && subject.subject_dn() == subject.issuer_dn()) continue;
      const auto names = detail::constrained_names(subject);
      if (!names)
        return refuse("bad_certificate", subject,
                      "has a malformed list of names (subjectAltName); the server needs a new "
                      "certificate");
      if (names->size() * (constraints->permitted.size() + constraints->excluded.size()) >
          most_comparisons)
        return refuse("name_constraints", path[i],
                      "is an authority's, and has too many name constraints to be compared with "
                      "the names below it; the server needs a certificate of another authority");
      if (const auto* name = constraints->first_forbidden(*names))
        return refuse("name_constraints", path[i],
                      "is an authority's, and its name constraints forbid " +
                          detail::describe(*name, subject) + " the certificate " +
                          tls::describe(subject) +
                          "; the server needs a certificate of another authority");
    }
  }
  return {};
}

}  // namespace cohttps::tls
