// Addresses that names had, for a while.
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

namespace cohttps::net {

/// What the resolver gave for a name, kept for a fixed time: getaddrinfo does not say how long an
/// answer is good for. Failures are not kept.
///
/// A handle: copies share the cache, so several clients can. Holds 1024 names at most; the oldest
/// goes first. Names are compared without regard to case.
///
/// Threads: any, at the same time.
class dns_cache {
 public:
  using duration = std::chrono::nanoseconds;

  static constexpr std::size_t max_names = 1024;

  /// With a `time_to_live` of 0 nothing is kept.
  explicit dns_cache(duration time_to_live = std::chrono::seconds(60))
      : state_(std::make_shared<state>(time_to_live)) {}

  /// The addresses of `host`, in the resolver's order.
  COHTTPS_DECL std::optional<std::vector<endpoint>> lookup(std::string_view host,
                                                           time_point now) const;

  COHTTPS_DECL void store(std::string_view host, std::vector<endpoint> addresses,
                          time_point now) const;

  /// Its addresses turned out to be of no use.
  COHTTPS_DECL void forget(std::string_view host) const;

  COHTTPS_DECL void clear() const;

  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    std::string name;
    std::vector<endpoint> addresses;
    time_point stored;
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

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/dns_cache.ipp>
#endif
