// Definitions for verification_cache.hpp.
#pragma once

#include <cohttps/tls/verify/verification_cache.hpp>

namespace cohttps::tls {

COHTTPS_DEF result<std::shared_ptr<const verified_chain>> chain_cache::verify(
    const certificate_chain& chain, std::string_view host, time_point now, const trust_store& roots,
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
    return found;  // not cached, so that each connection calls `pin_report`
  }
  time_point until = now + lifetime;
  for (const auto& each : found->path) until = std::min(until, to_time_point(each.not_after()));
  if (unrevoked_until(until, *found, roots, staples)) add(key, {now, until, found});
  return found;
}

COHTTPS_DEF const key_pins::report& chain_cache::pin_report() const noexcept {
  return pins_.tell();
}

COHTTPS_DEF result<certificate_chain> chain_cache::path_of(const certificate_chain& chain,
                                                           time_point now,
                                                           const trust_store& roots) const {
  auto found = verify_chain(chain, now, roots, {}, minimum_, false);
  if (!found) return pass(std::move(found));
  return std::move(found->path);
}

COHTTPS_DEF std::size_t chain_cache::size() const {
  const std::scoped_lock lock(mutex_);
  return successes_.size();
}

COHTTPS_DEF bool chain_cache::unrevoked_until(time_point until, const verified_chain& found,
                                              const trust_store& roots,
                                              const ocsp_staples& staples) {
  if (!detail::check_lists(found.path, roots, until)) return false;
  const auto staple = detail::check_staples(found.path, staples, until, false);
  return staple && *staple == found.staple;
}

COHTTPS_DEF std::string chain_cache::key_of(const certificate_chain& chain, std::string_view host,
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

COHTTPS_DEF std::shared_ptr<const verified_chain> chain_cache::find(const std::string& key,
                                                                    time_point now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = successes_.find(key);
  if (found == successes_.end() || !found->second.holds(now)) return nullptr;
  return found->second.chain;
}

COHTTPS_DEF void chain_cache::add(const std::string& key, success when) {
  const std::scoped_lock lock(mutex_);
  if (successes_.size() >= most)
    std::erase_if(successes_, [&](const auto& each) { return !each.second.holds(when.from); });
  if (successes_.size() >= most) successes_.clear();
  successes_.insert_or_assign(key, when);
}

COHTTPS_DEF certificate_summary summary_cache::of(const Botan::X509_Certificate& certificate) {
  const std::string name = certificate.fingerprint("SHA-256");
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = summaries_.find(name); found != summaries_.end()) return found->second;
  }
  auto made = summarize(certificate);
  const std::scoped_lock lock(mutex_);
  if (summaries_.size() >= most) summaries_.clear();
  summaries_.insert_or_assign(name, made);
  return made;
}

COHTTPS_DEF bool signature_verifier::verify(const Botan::Public_Key& key, std::string_view padding,
                                            Botan::Signature_Format format,
                                            const std::vector<std::uint8_t>& message,
                                            const std::vector<std::uint8_t>& signature) {
  std::string name = key.fingerprint_public("SHA-256");
  name.append(padding) += format == Botan::Signature_Format::DerSequence ? ":DER" : ":raw";
  // A verifier stores the message while it works, so two threads must not use the same one.
  auto verifier = take(name);
  if (!verifier) verifier = std::make_unique<Botan::PK_Verifier>(key, padding, format);
  if (!verifier->verify_message(message, signature)) return false;
  put(std::move(name), std::move(verifier));
  return true;
}

COHTTPS_DEF auto signature_verifier::take(const std::string& name) -> ready {
  const std::scoped_lock lock(mutex_);
  const auto found = ready_.find(name);
  return found == ready_.end() ? nullptr : std::move(found->second);
}

COHTTPS_DEF void signature_verifier::put(std::string name, ready verifier) {
  const std::scoped_lock lock(mutex_);
  if (ready_.size() >= most) ready_.clear();
  ready_[std::move(name)] = std::move(verifier);
}

}  // namespace cohttps::tls
