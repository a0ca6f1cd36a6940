// Remembers the key exchange group that the servers of an origin choose. With it the client does
// not compute and send key shares of other groups, which are up to 1.2 KB long.
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

/// The groups that the servers of each origin chose. Each `session_cache` has its own, so that a
/// server can recognize a client by its key share no better than by its tickets.
///
/// An entry is valid for an hour, and its use does not extend this time. After the hour the client
/// sends the usual key shares again, so that it notices when a server supports a better group. When
/// two servers of an origin choose different groups, no group is expected for the rest of the hour,
/// because a wrong guess costs a round trip (HelloRetryRequest; RFC 8446, 4.1.4).
///
/// Threads: all members may be called at the same time.
class known_groups {
 public:
  using time_point = std::chrono::system_clock::time_point;
  using group = Botan::TLS::Group_Params;
  static constexpr std::chrono::hours lifetime{1};
  static constexpr std::size_t most = 1024;

  /// Returns the group that the servers of `origin` are expected to choose, or nothing.
  COHTTPS_DECL std::optional<group> find(const std::string& origin, time_point now) const;

  /// Records the group that a server of `origin` chose in a handshake that began at the time `now`.
  COHTTPS_DECL void learn(const std::string& origin, group chosen, time_point now);

  COHTTPS_DECL void forget(const std::string& origin);

  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    std::optional<group> chosen;  // nothing when the servers of the origin differ
    time_point since;
    bool holds(time_point now) const { return since <= now && now < since + lifetime; }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> entries_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/known_groups.ipp>
#endif
