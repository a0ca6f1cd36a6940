// Sessions of earlier connections, by which a handshake is shorter and needs no certificates.
#pragma once

#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL bool has(const Botan::TLS::Session_Handle& other) const;
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

  COHTTPS_DECL void put(const std::string& origin, stored_session made);

  /// The newest session of `origin` that may still be used at the time `now`, or null.
  COHTTPS_DECL shared_session take(const std::string& origin, time_point now);

  COHTTPS_DECL void remove(const std::string& origin, const Botan::TLS::Session_Handle& handle);

  COHTTPS_DECL void remove_all_of(const std::string& origin);

  COHTTPS_DECL std::size_t size() const;

  struct kept {
    std::string origin;
    shared_session session;
  };
  /// The oldest first.
  COHTTPS_DECL std::vector<kept> all() const;

 private:
  using entry = std::list<kept>::iterator;

  // Whatever the server allows: after a day the certificate is looked at again.
  COHTTPS_DECL static bool is_usable(const stored_session& one, time_point now);

  COHTTPS_DECL void forget(std::vector<entry>& of_origin, entry which);
  COHTTPS_DECL void drop_if_empty(const std::string& origin);

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
  COHTTPS_DECL session_link(std::shared_ptr<session_cache> cache, std::string_view host,
                            std::uint16_t port, const std::vector<std::string>& alpn,
                            time_point now,
                            const std::shared_ptr<Botan::RandomNumberGenerator>& random)
      : Session_Manager(random), cache_(std::move(cache)), host_(host), verified_(now), now_(now) {
    origin_ = host_ + '\0' + std::to_string(port);
    for (const auto& protocol : alpn) origin_ += '\0' + protocol;
  }

  /// Whether a session was found for this connection, whose peer was verified when it began.
  bool offered() const noexcept { return offered_; }

  bool offered_tls12() const noexcept { return offered_tls12_; }

  /// The group of which alone a share is to be sent.
  COHTTPS_DECL std::optional<known_groups::group> expected_group() const;
  COHTTPS_DECL void learn(known_groups::group chosen);

  /// Something is wrong with the peer: none of its sessions is continued (RFC 5246, 7.2.2).
  COHTTPS_DECL void forget() noexcept;

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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/session_cache.ipp>
#endif
