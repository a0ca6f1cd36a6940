// Addresses that names had, for a while.
#pragma once

#include <cohttps/core/ascii.hpp>
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
  std::optional<std::vector<endpoint>> lookup(std::string_view host, time_point now) const {
    std::lock_guard lock(state_->mutex);
    const auto found = state_->names.find(ascii::lower(host));
    if (found == state_->names.end()) return std::nullopt;
    if (now - found->second->stored >= state_->time_to_live) {
      state_->remove(found);
      return std::nullopt;
    }
    return found->second->addresses;
  }

  void store(std::string_view host, std::vector<endpoint> addresses, time_point now) const {
    if (state_->time_to_live <= duration::zero() || addresses.empty()) return;
    std::string name = ascii::lower(host);
    std::lock_guard lock(state_->mutex);
    if (const auto old = state_->names.find(name); old != state_->names.end()) state_->remove(old);
    if (state_->names.size() == max_names)
      state_->remove(state_->names.find(state_->by_age.front().name));
    state_->by_age.push_back({std::move(name), std::move(addresses), now});
    const auto added = std::prev(state_->by_age.end());
    state_->names.emplace(added->name, added);
  }

  /// Its addresses turned out to be of no use.
  void forget(std::string_view host) const {
    std::lock_guard lock(state_->mutex);
    const auto found = state_->names.find(ascii::lower(host));
    if (found != state_->names.end()) state_->remove(found);
  }

  void clear() const {
    std::lock_guard lock(state_->mutex);
    state_->names.clear();
    state_->by_age.clear();
  }

  std::size_t size() const {
    std::lock_guard lock(state_->mutex);
    return state_->names.size();
  }

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
    void remove(index::iterator place) {
      const auto e = place->second;
      names.erase(place);
      by_age.erase(e);
    }

    std::mutex mutex;
    const duration time_to_live;
    ages by_age;
    index names;
  };

  std::shared_ptr<state> state_;
};

}  // namespace cohttps::net
