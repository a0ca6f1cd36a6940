// Caches the answers of the resolver for a limited time.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/transport/concepts.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Keeps the addresses that the resolver returned for a name: for a fixed time, because getaddrinfo
/// does not say how long an answer is valid, or for the time that a resolver of the program says.
/// It does not keep failures.
///
/// Copies share one cache, so several clients can use it. A cache holds at most 1024 names; a new
/// name replaces the oldest one. The case of names does not matter.
///
/// Threads: all members may be called at the same time.
class dns_cache {
 public:
  using duration = std::chrono::nanoseconds;

  static constexpr std::size_t max_names = 1024;  ///< names that are kept at most

  /// With a `time_to_live` of 0 the cache keeps nothing.
  explicit dns_cache(duration time_to_live = std::chrono::seconds(60))
      : state_(std::make_shared<state>(time_to_live)) {}

  /// Returns the addresses of `host`, in the resolver's order; nothing if it has none that are
  /// recent enough.
  COHTTPS_DECL std::optional<std::vector<endpoint>> lookup(std::string_view host,
                                                           time_point now) const;

  /// Keeps `addresses` for the time `valid`; empty: for the cache's `time_to_live`.
  COHTTPS_DECL void store(std::string_view host, std::vector<endpoint> addresses, time_point now,
                          std::optional<duration> valid = {}) const;

  /// Removes a host, for example because all its addresses failed.
  COHTTPS_DECL void forget(std::string_view host) const;

  COHTTPS_DECL void clear() const;

  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    std::string name;
    std::vector<endpoint> addresses;
    time_point stored;
    duration time_to_live;
  };
  struct state {
    using ages = std::list<entry>;  // oldest first
    using index =
        std::map<std::string_view, ages::iterator, std::less<>>;  // views of the entries' names

    explicit state(duration lifetime) : time_to_live(lifetime) {}
    COHTTPS_DECL void remove(index::iterator place);

    std::mutex mutex;
    const duration time_to_live;
    ages by_age;
    index names;
  };

  std::shared_ptr<state> state_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/dns_cache.ipp>
#endif
