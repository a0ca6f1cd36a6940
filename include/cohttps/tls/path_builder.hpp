// The paths that lead from a certificate to a trusted one (RFC 4158), the likeliest first.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>

#include <botan/certstor.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Whether the key identifiers of two certificates say that the issuer of one is not the other
/// (RFC 5280, 4.2.1.1).
COHTTPS_DECL bool names_other_key(const Botan::X509_Certificate& subject,
                                  const Botan::X509_Certificate& issuer);

/// Climbs from issuer to issuer, and tries the next one where a way ends. A peer can send
/// certificates that are all each other's issuers, so the work is bounded.
class path_builder {
 public:
  static constexpr std::size_t longest_path = 41;  ///< 40 that are sent, and a trusted one
  static constexpr std::size_t most_steps = 1000;
  static constexpr std::size_t most_signatures = 200;  ///< on all the paths that are tried

  /// `sent`: the peer's own certificate, and others in any order.
  path_builder(const certificate_chain& sent, std::chrono::system_clock::time_point now)
      : sent_(sent), now_(now) {}

  /// Calls `accept` with one path after the other, until it returns true: then so does this.
  template <class Accept>
  bool find(const Botan::Certificate_Store& roots, Accept&& accept) {
    path_ = {sent_.front()};
    const auto same_name = roots.find_all_certs(sent_.front().subject_dn(), {});
    if (std::ranges::find(same_name, sent_.front()) != same_name.end() && try_path(accept))
      return true;
    return climb(roots, accept);
  }

  /// Whether there may be paths that were not tried.
  bool is_exhausted() const noexcept { return steps_ == most_steps || signatures_left_ == 0; }

  /// Whether a path went on where it had its greatest length.
  bool was_cut_short() const noexcept { return cut_short_; }

 private:
  struct candidate {
    Botan::X509_Certificate certificate;
    bool trusted;
    int doubts;
  };

  template <class Accept>
  bool climb(const Botan::Certificate_Store& roots, Accept& accept) {
    if (path_.back().is_self_signed()) return false;
    if (path_.size() == longest_path) {
      cut_short_ = cut_short_ || !issuers(roots).empty();
      return false;
    }
    for (auto& next : issuers(roots)) {
      if (is_exhausted()) return false;
      ++steps_;
      if (std::ranges::find(path_, next.certificate) != path_.end()) continue;
      path_.push_back(std::move(next.certificate));
      if ((next.trusted && try_path(accept)) || climb(roots, accept)) return true;
      path_.pop_back();
    }
    return false;
  }

  template <class Accept>
  bool try_path(Accept& accept) {
    if (signatures_left_ < path_.size()) signatures_left_ = 0;
    if (signatures_left_ == 0) return false;
    signatures_left_ -= path_.size();
    return accept(std::as_const(path_));
  }

  COHTTPS_DECL std::vector<candidate> issuers(const Botan::Certificate_Store& roots) const;

  /// Why it is probably not the issuer, or none that can be used; the last reason counts most.
  COHTTPS_DECL int doubts(const Botan::X509_Certificate& issuer) const;

  const certificate_chain& sent_;
  std::chrono::system_clock::time_point now_;
  certificate_chain path_;
  std::size_t steps_ = 0;
  std::size_t signatures_left_ = most_signatures;
  bool cut_short_ = false;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/path_builder.ipp>
#endif
