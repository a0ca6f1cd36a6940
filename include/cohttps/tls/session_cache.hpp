// Sessions of earlier connections, by which a handshake is shorter and needs no certificates.
#pragma once

#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/host_name.hpp>
#include <cohttps/tls/known_groups.hpp>
#include <cohttps/tls/verifier.hpp>

#include <botan/rng.h>
#include <botan/tls_session.h>
#include <botan/tls_session_manager.h>
#if __has_include(<botan/tls_session_id.h>)
#include <botan/tls_session_id.h>  // newer versions: before, a part of tls_session.h
#endif

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// What it takes to resume a session.
struct stored_session {
  Botan::TLS::Session session;
  Botan::TLS::Session_Handle handle;  ///< the ticket, or the server's identifier of TLS 1.2
  /// When the certificate was verified, be it several resumptions ago.
  std::chrono::system_clock::time_point verified;

  bool is_tls13() const { return session.version() == Botan::TLS::Version_Code::TLS_V13; }
  bool has(const Botan::TLS::Session_Handle& other) const {
    return handle.opaque_handle().get() == other.opaque_handle().get();
  }
};

/// The sessions of all connections that share their trust, pins and identity: a cache belongs to
/// one `tls_context`, and is divided by what else a session is bound to (`origin` in the members).
///
/// A ticket of TLS 1.3 is given out once, so that nobody on the way can tell that two connections
/// are of one client (RFC 8446, C.4). Of TLS 1.2 the last session is kept, and given out any number
/// of times. Full, it forgets the oldest.
///
/// Threads: all members may be called at the same time.
class session_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;

  explicit session_cache(std::size_t most_each = 16, std::size_t most = 1024)
      : most_each_(most_each), most_(most) {}

  using shared_session = std::shared_ptr<const stored_session>;

  known_groups groups;  ///< by the same origins

  void put(const std::string& origin, stored_session made) {
    auto session = std::make_shared<const stored_session>(std::move(made));
    const std::scoped_lock lock(mutex_);
    auto& of_origin = origins_[origin];
    // What a server of TLS 1.3 had to say before it was one is of no use: it would be asked for
    // TLS 1.2 again.
    for (std::size_t i = of_origin.size(); i-- > 0;)
      if (!of_origin[i]->session->is_tls13()) forget(of_origin, of_origin[i]);
    if (of_origin.size() == most_each_) forget(of_origin, of_origin.front());
    entries_.push_back({origin, std::move(session)});
    of_origin.push_back(std::prev(entries_.end()));
    if (entries_.size() > most_) {
      const std::string oldest = entries_.front().origin;
      forget(origins_.at(oldest), entries_.begin());
      drop_if_empty(oldest);
    }
  }

  /// The newest session of `origin` that may still be used at the time `now`, or null.
  shared_session take(const std::string& origin, time_point now) {
    const std::scoped_lock lock(mutex_);
    const auto found = origins_.find(origin);
    if (found == origins_.end()) return nullptr;
    shared_session taken;
    while (!taken && !found->second.empty()) {
      const entry last = found->second.back();
      if (is_usable(*last->session, now)) taken = last->session;
      if (!taken || taken->is_tls13()) forget(found->second, last);
    }
    drop_if_empty(origin);
    return taken;
  }

  void remove(const std::string& origin, const Botan::TLS::Session_Handle& handle) {
    const std::scoped_lock lock(mutex_);
    const auto found = origins_.find(origin);
    if (found == origins_.end()) return;
    for (std::size_t i = found->second.size(); i-- > 0;)
      if (found->second[i]->session->has(handle)) forget(found->second, found->second[i]);
    drop_if_empty(origin);
  }

  void remove_all_of(const std::string& origin) {
    const std::scoped_lock lock(mutex_);
    const auto found = origins_.find(origin);
    if (found == origins_.end()) return;
    for (const auto& each : found->second) entries_.erase(each);
    origins_.erase(found);
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

  struct kept {
    std::string origin;
    shared_session session;
  };
  /// The oldest first.
  std::vector<kept> all() const {
    const std::scoped_lock lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

 private:
  using entry = std::list<kept>::iterator;

  // Whatever the server allows: after a day the certificate is looked at again.
  static bool is_usable(const stored_session& one, time_point now) {
    constexpr std::chrono::hours day(24);
    const auto age = now - one.session.start_time();
    const auto hint = one.session.lifetime_hint();
    const bool unlimited = !one.is_tls13() && hint.count() == 0;  // RFC 5077, 5.6
    return age >= std::chrono::seconds(0) && age < day && now >= one.verified &&
           now - one.verified < day &&
           (unlimited || age < std::min<std::chrono::seconds>(hint, day));
  }

  void forget(std::vector<entry>& of_origin, entry which) {
    std::erase(of_origin, which);
    entries_.erase(which);
  }
  void drop_if_empty(const std::string& origin) {
    const auto found = origins_.find(origin);
    if (found != origins_.end() && found->second.empty()) origins_.erase(found);
  }

  const std::size_t most_each_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::list<kept> entries_;  // oldest first
  std::unordered_map<std::string, std::vector<entry>> origins_;
};

/// One connection's way to the cache, as Botan's client asks for it.
class session_link final : public Botan::TLS::Session_Manager {
 public:
  using time_point = session_cache::time_point;

  /// A null `cache` keeps nothing. `now` is the time of the handshake.
  session_link(std::shared_ptr<session_cache> cache, std::string_view host, std::uint16_t port,
               const std::vector<std::string>& alpn, time_point now,
               const std::shared_ptr<Botan::RandomNumberGenerator>& random)
      : Session_Manager(random), cache_(std::move(cache)), host_(host), verified_(now), now_(now) {
    origin_ = host_ + '\0' + std::to_string(port);
    for (const auto& protocol : alpn) origin_ += '\0' + protocol;
  }

  /// Whether a session was found for this connection, whose peer was verified when it began.
  bool offered() const noexcept { return offered_; }

  bool offered_tls12() const noexcept { return offered_tls12_; }

  /// The group of which alone a share is to be sent.
  std::optional<known_groups::group> expected_group() const {
    return cache_ ? cache_->groups.find(origin_, now_) : std::nullopt;
  }
  void learn(known_groups::group chosen) {
    if (cache_) cache_->groups.learn(origin_, chosen, now_);
  }

  /// Something is wrong with the peer: none of its sessions is continued (RFC 5246, 7.2.2).
  void forget() noexcept {
    if (!cache_) return;
    cache_->remove_all_of(origin_);
    cache_->groups.forget(origin_);
  }

  std::vector<Botan::TLS::Session_with_Handle> find(const Botan::TLS::Server_Information&,
                                                    Botan::TLS::Callbacks&,
                                                    const Botan::TLS::Policy&) override {
    std::vector<Botan::TLS::Session_with_Handle> found;
    while (cache_ && found.empty()) {
      const auto taken = cache_->take(origin_, now_);
      if (!taken) break;
      // Resumption asks for no certificate: that of then has to be good now (RFC 8446, 4.6.1).
      const auto& chain = taken->session.peer_certs();
      if (chain.empty() || !is_valid_at(chain.front(), now_) ||
          !verify_host(chain.front(), host_)) {
        cache_->remove(origin_, taken->handle);
        continue;
      }
      offered_ = true;
      offered_tls12_ = !taken->is_tls13();
      verified_ = taken->verified;
      found.push_back({taken->session, taken->handle});
    }
    return found;
  }

  void store(const Botan::TLS::Session& session,
             const Botan::TLS::Session_Handle& handle) override {
    if (!cache_) return;
    // Botan offers nothing newer beside a session of TLS 1.2. Whoever does not continue it may have
    // learnt TLS 1.3 since, so the next one is asked for that.
    stored_session stored{session, handle, resumed_ ? verified_ : now_};
    if (offered_ && !resumed_ && !stored.is_tls13()) return cache_->remove_all_of(origin_);
    cache_->put(origin_, std::move(stored));
  }
  std::size_t remove(const Botan::TLS::Session_Handle& handle) override {
    if (cache_) cache_->remove(origin_, handle);
    return 0;
  }
  std::size_t remove_all() override { return forget(), 0; }

  /// What the handshake came to; sessions that it leaves are as old as the one it continued.
  void set_resumed(bool resumed) noexcept { resumed_ = resumed; }

 private:
  std::optional<Botan::TLS::Session> retrieve_one(const Botan::TLS::Session_Handle&) override {
    return std::nullopt;
  }
  std::vector<Botan::TLS::Session_with_Handle> find_some(const Botan::TLS::Server_Information&,
                                                         std::size_t) override {
    return {};
  }

  std::shared_ptr<session_cache> cache_;
  std::string host_;
  std::string origin_;
  time_point verified_;
  time_point now_;
  bool offered_ = false;
  bool offered_tls12_ = false;
  bool resumed_ = false;
};

}  // namespace cohttps::tls
