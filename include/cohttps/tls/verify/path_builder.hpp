// Finds the paths from a certificate to a trust anchor (RFC 4158), the most likely path first.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>

#include <botan/certstor.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Whether the key identifiers of two certificates show that `issuer` did not issue `subject` (RFC
/// 5280, 4.2.1.1).
COHTTPS_DECL bool names_other_key(const Botan::X509_Certificate& subject,
                                  const Botan::X509_Certificate& issuer);

/// Searches the paths from issuer to issuer, depth first. A peer can send certificates that all
/// name each other as issuers, so the limits below bound the work.
class path_builder {
 public:
  static constexpr std::size_t longest_path = 41;      ///< 40 of the peer and a trust anchor
  static constexpr std::size_t most_steps = 1000;      ///< certificates added to a path
  static constexpr std::size_t most_signatures = 200;  ///< certificates on all complete paths

  /// `sent`: the peer's own certificate, and then others in any order.
  path_builder(const certificate_chain& sent, std::chrono::system_clock::time_point now)
      : sent_(sent), now_(now) {}

  /// Calls `accept` with one path after the other until `accept` returns true. Returns whether it
  /// did.
  template <class Accept>
  bool find(const Botan::Certificate_Store& roots, Accept&& accept) {
    path_ = {sent_.front()};
    const auto same_name = roots.find_all_certs(sent_.front().subject_dn(), {});
    if (std::ranges::find(same_name, sent_.front()) != same_name.end() && try_path(accept))
      return true;
    return climb(roots, accept);
  }

  /// Whether the search reached a limit of its work, so that there may be more paths.
  bool is_exhausted() const noexcept { return steps_ == most_steps || signatures_left_ == 0; }

  /// Whether a path of the greatest length had further issuers.
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

  /// Returns the possible issuers of the last certificate on the path, the most likely first.
  COHTTPS_DECL std::vector<candidate> issuers(const Botan::Certificate_Store& roots) const;

  /// Returns a number that is higher the less likely `issuer` is usable. It adds 1 when `issuer` is
  /// not valid now, 2 when it is not an authority, and 4 when its key identifier differs.
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
#include <cohttps/tls/verify/path_builder.ipp>
#endif
