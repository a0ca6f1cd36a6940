// Definitions for path_builder.hpp.
#pragma once

#include <cohttps/tls/verify/path_builder.hpp>

namespace cohttps::tls {

COHTTPS_DEF bool names_other_key(const Botan::X509_Certificate& subject,
                                 const Botan::X509_Certificate& issuer) {
  const auto& wanted = subject.authority_key_id();
  const auto& own = issuer.subject_key_id();
  return !wanted.empty() && !own.empty() && wanted != own;
}

COHTTPS_DEF auto path_builder::issuers(const Botan::Certificate_Store& roots) const
    -> std::vector<candidate> {
  const auto& last = path_.back();
  std::vector<candidate> found;  // by doubts; equal ones keep their order
  const auto add = [&](const Botan::X509_Certificate& issuer, bool trusted) {
    const int about = doubts(issuer);
    found.insert(std::ranges::upper_bound(found, about, {}, &candidate::doubts),
                 {issuer, trusted, about});
  };
  for (const auto& root : roots.find_all_certs(last.issuer_dn(), {})) add(root, true);
  for (const auto& each : sent_) {
    if (each.subject_dn() != last.issuer_dn()) continue;
    if (std::ranges::none_of(found, [&](const auto& known) { return known.certificate == each; }))
      add(each, false);
  }
  return found;
}

COHTTPS_DEF int path_builder::doubts(const Botan::X509_Certificate& issuer) const {
  const Botan::X509_Time now(now_);
  return (now < issuer.not_before() || issuer.not_after() < now ? 1 : 0) +
         (issuer.is_CA_cert() ? 0 : 2) + (names_other_key(path_.back(), issuer) ? 4 : 0);
}

}  // namespace cohttps::tls
