// Which key exchange group the servers of an origin choose: a share of another one is work, and
// 1.2 KB, for nothing.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>

#include <botan/tls_algos.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace cohttps::tls {

/// Belongs to a `session_cache`, so that it tells the servers no more of a client than tickets do.
///
/// What was learnt holds for an hour, and its use does not prolong that: then the usual shares are
/// sent again, so that a server which has learnt a better group is not asked for the old one for
/// ever. Where the servers of an origin differ nothing is expected of them for as long, as a wrong
/// guess costs a round trip (HelloRetryRequest; RFC 8446, 4.1.4).
///
/// Threads: all members may be called at the same time.
class known_groups {
 public:
  using time_point = std::chrono::system_clock::time_point;
  using group = Botan::TLS::Group_Params;
  static constexpr std::chrono::hours lifetime{1};
  static constexpr std::size_t most = 1024;

  /// What the servers of `origin` are expected to choose; nothing: who knows.
  COHTTPS_DECL std::optional<group> find(const std::string& origin, time_point now) const;

  /// What one of them chose in a handshake that began at the time `now`.
  COHTTPS_DECL void learn(const std::string& origin, group chosen, time_point now);

  COHTTPS_DECL void forget(const std::string& origin);

  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    std::optional<group> chosen;  // nothing: now this, now that
    time_point since;
    bool holds(time_point now) const { return since <= now && now < since + lifetime; }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> known_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/known_groups.ipp>
#endif
