// Keeps the TLS sessions of earlier connections. A handshake that resumes one is shorter and needs
// no certificates.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/known_groups.hpp>
#include <cohttps/tls/verify/host_name.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/rng.h>
#include <botan/tls_session.h>
#include <botan/tls_session_manager.h>
#if __has_include(<botan/tls_session_id.h>)
#include <botan/tls_session_id.h>  // older versions have this in tls_session.h
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

/// The data that resumes a session.
struct stored_session {
  Botan::TLS::Session session;
  Botan::TLS::Session_Handle handle;  ///< the ticket, or the session identifier of TLS 1.2
  /// When the server's certificate was verified. A resumption does not change this time.
  std::chrono::system_clock::time_point verified;

  bool is_tls13() const { return session.version() == Botan::TLS::Version_Code::TLS_V13; }
  COHTTPS_DECL bool has(const Botan::TLS::Session_Handle& other) const;
};

/// The sessions of one client identity of a `tls_context`. All its connections have the same trust,
/// pins and identity. The parameter `origin` of the members contains the rest of what a session is
/// bound to: the host, the port and the offered protocols.
///
/// The cache uses each ticket of TLS 1.3 once, so that an observer cannot see that two connections
/// belong to one client (RFC 8446, C.4). For TLS 1.2 it keeps only the last session, and uses it
/// any number of times. A full cache drops the oldest session.
///
/// Threads: all members may be called at the same time.
class session_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;

  /// `most_each`: sessions for each origin; `most`: sessions in all.
  explicit session_cache(std::size_t most_each = 16, std::size_t most = 1024)
      : most_each_(most_each), max_sessions_(most) {}

  using shared_session = std::shared_ptr<const stored_session>;

  known_groups groups;  ///< for the same origins

  COHTTPS_DECL void put(const std::string& origin, stored_session made);

  /// Returns the newest session of `origin` that is usable at the time `now`, or null. Removes it
  /// if it is of TLS 1.3.
  COHTTPS_DECL shared_session take(const std::string& origin, time_point now);

  COHTTPS_DECL void remove(const std::string& origin, const Botan::TLS::Session_Handle& handle);

  COHTTPS_DECL void remove_all_of(const std::string& origin);

  COHTTPS_DECL std::size_t size() const;

  struct kept {
    std::string origin;
    shared_session session;
  };
  /// Returns all sessions, the oldest first.
  COHTTPS_DECL std::vector<kept> all() const;

 private:
  using entry = std::list<kept>::iterator;

  // False a day after the certificate was verified, even if the server allows more. A full
  // handshake then checks the certificate again.
  COHTTPS_DECL static bool is_usable(const stored_session& one, time_point now);

  COHTTPS_DECL void forget(std::vector<entry>& of_origin, entry which);
  COHTTPS_DECL void drop_if_empty(const std::string& origin);

  const std::size_t most_each_;
  const std::size_t max_sessions_;
  mutable std::mutex mutex_;
  std::list<kept> entries_;  // oldest first
  std::unordered_map<std::string, std::vector<entry>> origins_;
};

/// Gives Botan's client of one connection access to the cache.
template <class = void>
class session_link final : public Botan::TLS::Session_Manager {
 public:
  using time_point = session_cache::time_point;

  /// With a null `cache` no session is kept. `now` is the time of the handshake.
  session_link(std::shared_ptr<session_cache> cache, std::string_view host, std::uint16_t port,
               const std::vector<std::string>& alpn, time_point now,
               const std::shared_ptr<Botan::RandomNumberGenerator>& random)
      : Session_Manager(random), cache_(std::move(cache)), host_(host), verified_(now), now_(now) {
    origin_ = host_ + '\0' + std::to_string(port);
    for (const auto& protocol : alpn) origin_ += '\0' + protocol;
  }

  /// Whether this connection offers a session. The peer was verified when that session began.
  bool offered() const noexcept { return offered_; }

  bool offered_tls12() const noexcept { return offered_tls12_; }

  /// The group that the server is expected to choose. The client sends only its key share.
  std::optional<known_groups::group> expected_group() const;
  void learn(known_groups::group chosen);

  /// Removes all sessions and the known group of the origin. It is called after an error of the
  /// connection (RFC 5246, 7.2.2).
  void forget() noexcept;

  std::vector<Botan::TLS::Session_with_Handle> find(const Botan::TLS::Server_Information&,
                                                    Botan::TLS::Callbacks&,
                                                    const Botan::TLS::Policy&) override {
    std::vector<Botan::TLS::Session_with_Handle> found;
    while (cache_ && found.empty()) {
      const auto taken = cache_->take(origin_, now_);
      if (!taken) break;
      // The peer sends no certificate in a resumption, so the earlier one has to be valid now and
      // to cover the host (RFC 8446, 4.6.1).
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
    // Botan offers only TLS 1.2 together with a session of TLS 1.2. A server that did not resume
    // the session may support TLS 1.3 by now. So no session is kept, and the next handshake offers
    // TLS 1.3.
    stored_session stored{session, handle, resumed_ ? verified_ : now_};
    if (offered_ && !resumed_ && !stored.is_tls13()) return cache_->remove_all_of(origin_);
    cache_->put(origin_, std::move(stored));
  }
  std::size_t remove(const Botan::TLS::Session_Handle& handle) override {
    if (cache_) cache_->remove(origin_, handle);
    return 0;
  }
  std::size_t remove_all() override { return forget(), 0; }

  /// Records whether the handshake resumed a session. The sessions that a resuming handshake
  /// makes are as old as the resumed one.
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
#include <cohttps/tls/resumption/session_cache.ipp>
#endif
