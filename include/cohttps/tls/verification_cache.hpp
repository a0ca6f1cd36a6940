// What verification has found before: three quarters of a full handshake's time go into signatures,
// most of them those of certificates that do not change.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/key_pins.hpp>
#include <cohttps/tls/trust_store.hpp>
#include <cohttps/tls/verifier.hpp>

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

/// Chains that led a host to one of the roots. Belongs to a `tls_context`, whose roots and rules
/// never change. Only successes are kept, each for a few minutes and not past the end of a
/// certificate on its path, nor of a staple or a list of revoked certificates.
///
/// Threads: all members may be called at the same time.
class chain_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;
  static constexpr std::chrono::minutes lifetime{10};
  static constexpr std::size_t most = 512;

  explicit chain_cache(key_sizes minimum = {}, key_pins pins = {})
      : minimum_(minimum), pins_(std::move(pins)) {}

  /// As `cohttps::tls::verify`, and says whether one of the pins is on the path.
  COHTTPS_DECL result<std::shared_ptr<const verified_chain>> verify(const certificate_chain& chain,
                                                                    std::string_view host,
                                                                    time_point now,
                                                                    const trust_store& roots,
                                                                    const ocsp_staples& staples);

  /// Who is to be told of hosts without a pinned key, where those are not refused; may be null.
  COHTTPS_DECL const key_pins::report& pin_report() const noexcept;

  /// The path of a chain that was verified when its session began.
  COHTTPS_DECL result<certificate_chain> path_of(const certificate_chain& chain, time_point now,
                                                 const trust_store& roots) const;

  COHTTPS_DECL std::size_t size() const;

 private:
  /// Whether the lists and staples, which have an end of their own (nextUpdate), still say at the
  /// time `until` what they say now.
  COHTTPS_DECL static bool unrevoked_until(time_point until, const verified_chain& found,
                                           const trust_store& roots, const ocsp_staples& staples);

  struct success {
    time_point from, until;
    std::shared_ptr<const verified_chain> chain;
    bool holds(time_point now) const { return from <= now && now < until; }
  };

  // Over each certificate as a whole, the host and the staples: with another one of these it is
  // another question.
  COHTTPS_DECL static std::string key_of(const certificate_chain& chain, std::string_view host,
                                         const ocsp_staples& staples);

  COHTTPS_DECL std::shared_ptr<const verified_chain> find(const std::string& key,
                                                          time_point now) const;

  COHTTPS_DECL void add(const std::string& key, success when);

  const key_sizes minimum_;
  const key_pins pins_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, success> known_;
};

/// What `summarize` says of certificates, kept, as servers show the same ones again and again.
///
/// Threads: all members may be called at the same time.
class summary_cache {
 public:
  static constexpr std::size_t most = 64;

  COHTTPS_DECL certificate_summary of(const Botan::X509_Certificate& certificate);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, certificate_summary> known_;
};

/// Checks signatures of handshakes, and keeps what was computed from each key for the next one. It
/// remembers no outcome.
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
#include <cohttps/tls/verification_cache.ipp>
#endif
