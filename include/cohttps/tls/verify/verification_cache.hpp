// Caches the results of verification. A full handshake spends three quarters of its time on
// signatures. Most of these are signatures of certificates, which do not change.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/explain.hpp>
#include <cohttps/tls/verify/key_pins.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/hash.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Caches verified chains together with their hosts. A cache belongs to one `tls_context`, whose
/// roots and rules never change. It keeps only successes, for ten minutes. It keeps them no longer
/// than the certificates on the path are valid, and not at all when a staple or a list expires
/// before.
///
/// Threads: all members may be called at the same time.
class chain_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;
  static constexpr std::chrono::minutes lifetime{10};
  static constexpr std::size_t most = 512;

  explicit chain_cache(key_sizes minimum = {}, key_pins pins = {})
      : minimum_(minimum), pins_(std::move(pins)) {}

  /// Works as `cohttps::tls::verify`. Also sets `verified_chain::unpinned` when no pinned key is on
  /// the path.
  COHTTPS_DECL result<std::shared_ptr<const verified_chain>> verify(const certificate_chain& chain,
                                                                    std::string_view host,
                                                                    time_point now,
                                                                    const trust_store& roots,
                                                                    const ocsp_staples& staples);

  /// Returns `tls_options::pin_report`, which may be null.
  COHTTPS_DECL const key_pins::report& pin_report() const noexcept;

  /// Returns the path of a chain that was already verified when its session began. Does not check
  /// its host, pins or staples.
  COHTTPS_DECL result<certificate_chain> path_of(const certificate_chain& chain, time_point now,
                                                 const trust_store& roots) const;

  COHTTPS_DECL std::size_t size() const;

 private:
  /// Whether the lists and staples give the same result at the time `until` as now. They expire at
  /// their nextUpdate.
  COHTTPS_DECL static bool unrevoked_until(time_point until, const verified_chain& found,
                                           const trust_store& roots, const ocsp_staples& staples);

  struct success {
    time_point from, until;
    std::shared_ptr<const verified_chain> chain;
    bool holds(time_point now) const { return from <= now && now < until; }
  };

  // The key is a digest of everything that the result depends on: the certificates, the host and
  // the staples.
  COHTTPS_DECL static std::string key_of(const certificate_chain& chain, std::string_view host,
                                         const ocsp_staples& staples);

  COHTTPS_DECL std::shared_ptr<const verified_chain> find(const std::string& key,
                                                          time_point now) const;

  COHTTPS_DECL void add(const std::string& key, success when);

  const key_sizes minimum_;
  const key_pins pins_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, success> successes_;
};

/// Caches the results of `summarize`, because servers send the same certificates again and again.
///
/// Threads: all members may be called at the same time.
class summary_cache {
 public:
  static constexpr std::size_t most = 64;

  COHTTPS_DECL certificate_summary of(const Botan::X509_Certificate& certificate);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, certificate_summary> summaries_;
};

/// Verifies signatures of handshakes. Keeps Botan's verifier of each key, so that its tables are
/// computed once. Keeps no results.
///
/// Threads: all members may be called at the same time.
class signature_verifier {
 public:
  static constexpr std::size_t most = 64;

  COHTTPS_DECL bool verify(const Botan::Public_Key& key, std::string_view padding,
                           Botan::Signature_Format format, const std::vector<std::uint8_t>& message,
                           const std::vector<std::uint8_t>& signature);

 private:
  using ready = std::unique_ptr<Botan::PK_Verifier>;

  COHTTPS_DECL ready take(const std::string& name);
  COHTTPS_DECL void put(std::string name, ready verifier);

  std::mutex mutex_;
  std::unordered_map<std::string, ready> ready_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/verification_cache.ipp>
#endif
