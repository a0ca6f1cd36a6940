// What verification has found before: three quarters of a full handshake's time go into signatures,
// most of them those of certificates that do not change.
#pragma once

#include <cohttps/core/error.hpp>
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
  result<std::shared_ptr<const verified_chain>> verify(const certificate_chain& chain,
                                                       std::string_view host, time_point now,
                                                       const trust_store& roots,
                                                       const ocsp_staples& staples) {
    const std::string key = key_of(chain, host, staples);
    if (auto known = find(key, now)) return known;
    auto made = verify_chain(chain, now, roots, staples, minimum_);
    if (!made) return pass(std::move(made));
    auto found = std::make_shared<verified_chain>(*std::move(made));
    if (auto named = verify_host(chain.front(), host); !named) return pass(std::move(named));
    if (!pins_.match(found->path)) {
      found->unpinned = refuse("pin_mismatch", chain.front(),
                               "and those above it have none of the keys that are pinned for this "
                               "client")
                            .error();
      return found;  // and the next one is told of as well
    }
    time_point until = now + lifetime;
    for (const auto& each : found->path) until = std::min(until, to_time_point(each.not_after()));
    if (unrevoked_until(until, *found, roots, staples)) add(key, {now, until, found});
    return found;
  }

  /// Who is to be told of hosts without a pinned key, where those are not refused; may be null.
  const key_pins::report& pin_report() const noexcept { return pins_.tell(); }

  /// The path of a chain that was verified when its session began.
  result<certificate_chain> path_of(const certificate_chain& chain, time_point now,
                                    const trust_store& roots) const {
    auto found = verify_chain(chain, now, roots, {}, minimum_, false);
    if (!found) return pass(std::move(found));
    return std::move(found->path);
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return known_.size();
  }

 private:
  /// Whether the lists and staples, which have an end of their own (nextUpdate), still say at the
  /// time `until` what they say now.
  static bool unrevoked_until(time_point until, const verified_chain& found,
                              const trust_store& roots, const ocsp_staples& staples) {
    if (!detail::check_lists(found.path, roots, until)) return false;
    const auto staple = detail::check_staples(found.path, staples, until, false);
    return staple && *staple == found.staple;
  }

  struct success {
    time_point from, until;
    std::shared_ptr<const verified_chain> chain;
    bool holds(time_point now) const { return from <= now && now < until; }
  };

  // Over each certificate as a whole, the host and the staples: with another one of these it is
  // another question.
  static std::string key_of(const certificate_chain& chain, std::string_view host,
                            const ocsp_staples& staples) {
    const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
    const auto add = [&](auto bytes) {
      sha256->update_be(static_cast<std::uint64_t>(bytes.size()));
      sha256->update(bytes);
    };
    sha256->update_be(static_cast<std::uint64_t>(chain.size()));
    for (const auto& each : chain) add(std::string_view(each.fingerprint("SHA-256")));
    add(host);
    for (const auto& each : staples)
      add(each ? std::span(each->raw_bits()) : std::span<const std::uint8_t>());
    const auto digest = sha256->final();
    return {digest.begin(), digest.end()};
  }

  std::shared_ptr<const verified_chain> find(const std::string& key, time_point now) const {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(key);
    if (found == known_.end() || !found->second.holds(now)) return nullptr;
    return found->second.chain;
  }

  void add(const std::string& key, success when) {
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= most)
      std::erase_if(known_, [&](const auto& each) { return !each.second.holds(when.from); });
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(key, when);
  }

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

  certificate_summary of(const Botan::X509_Certificate& certificate) {
    const std::string name = certificate.fingerprint("SHA-256");
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = known_.find(name); found != known_.end()) return found->second;
    }
    auto made = summarize(certificate);
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(name, made);
    return made;
  }

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

  bool verify(const Botan::Public_Key& key, std::string_view padding,
              Botan::Signature_Format format, const std::vector<std::uint8_t>& message,
              const std::vector<std::uint8_t>& signature) {
    std::string name = key.fingerprint_public("SHA-256");
    name.append(padding) += format == Botan::Signature_Format::DerSequence ? ":DER" : ":raw";
    // A verifier holds the message while it works, so no two threads may have the same.
    auto verifier = take(name);
    if (!verifier) verifier = std::make_unique<Botan::PK_Verifier>(key, padding, format);
    if (!verifier->verify_message(message, signature)) return false;
    put(std::move(name), std::move(verifier));
    return true;
  }

 private:
  using ready = std::unique_ptr<Botan::PK_Verifier>;

  ready take(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = ready_.find(name);
    return found == ready_.end() ? nullptr : std::move(found->second);
  }
  void put(std::string name, ready verifier) {
    const std::scoped_lock lock(mutex_);
    if (ready_.size() >= most) ready_.clear();
    ready_[std::move(name)] = std::move(verifier);
  }

  std::mutex mutex_;
  std::unordered_map<std::string, ready> ready_;
};

}  // namespace cohttps::tls
