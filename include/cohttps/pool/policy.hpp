// Decides which request gets which connection, without any I/O.
#pragma once

#include <cohttps/connection/route.hpp>
#include <cohttps/pool/options.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::pool {

using detail::route;
using time_point = std::chrono::steady_clock::time_point;

/// The places for connections, and the requests that hold a place or wait for one.
///
/// ```
///   ask ──▶ granted, with a connection ─────────────────────────┐
///    │                                                          ▼
///    ├────▶ granted, to make one ──▶ opened ──────────────▶ in use ──▶ give_back ──▶ idle
///    │                                  │                       │                     │
///    └────▶ queued ── first in, ────────┘                       └──▶ remove ◀── old, dead, or
///           withdraw  first out                                                 evicted
/// ```
/// After every call there is no queued request that could get a place. `next_closed` returns the
/// connections that leave. `Connection` is a smart pointer to a type with `usable()`, which is
/// false if the peer has closed the connection or sent unexpected bytes.
///
/// A connection carries `capacity` requests at a time: one for HTTP/1.1, many for HTTP/2.
template <class Connection>
class policy {
 public:
  struct host;

  /// A connection that exists or is being made.
  struct place {
    Connection connection{};
    host* of = nullptr;
    std::size_t capacity = 1;
    std::size_t used = 0;
    time_point begun{};
    time_point created{};
    time_point idle_since{};
    std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max();  // the peer's limit
    bool opened = false;
    bool preferred = false;  // takes requests before the other connections of the host
    bool draining = false;   // takes no new request
    place* older = nullptr;
    place* newer = nullptr;
    std::unique_ptr<place> next_closed = {};
  };

  /// A request for a connection. The object must not be destroyed before it has a place or was
  /// withdrawn.
  struct request {
    request() = default;
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    bool fresh = false;      ///< gets no idle connection, because one turned out to be dead
    bool preferred = false;  ///< gets a preferred connection, or makes one; see `lacks_preferred`

    bool queued() const noexcept { return queued_in_ != nullptr; }
    /// The granted place. If it is `opened`, the request uses its connection. Otherwise the request
    /// has to make the connection.
    place* granted = nullptr;

   private:
    friend policy;
    host* queued_in_ = nullptr;
    request* before_ = nullptr;
    request* after_ = nullptr;
    std::uint64_t ticket_ = 0;
  };

  enum class sharing : std::uint8_t { no, unknown, yes };

  struct host {
    const route* id = nullptr;
    std::vector<std::unique_ptr<place>> places;
    sharing shares = sharing::no;  // whether the newest connection carries many requests
    bool failing = false;          // the last connection could not be made
    request* first = nullptr;
    request* last = nullptr;
  };

  explicit policy(const options& bounds) noexcept : options_(bounds) {
    options_.per_host = std::max<std::size_t>(options_.per_host, 1);
    options_.total = std::max<std::size_t>(options_.total, 1);
  }
  policy(const policy&) = delete;
  policy& operator=(const policy&) = delete;

  /// Grants a place to `r`, or queues it: see `r.queued()`.
  void ask(const route& to, request& r, time_point now) {
    expire(now);
    host& h = hosts_.try_emplace(to).first->second;
    if (!h.id) {
      h.id = &hosts_.find(to)->first;
      if (to.may_share()) h.shares = sharing::unknown;
    }
    if (h.places.empty() && !h.first) h.failing = false;
    // Requests that already wait for this host come first.
    if (!h.first && grant(h, r, now)) return;
    r.ticket_ = ++tickets_;
    r.queued_in_ = &h;
    r.before_ = h.last;
    (h.last ? h.last->after_ : h.first) = &r;
    h.last = &r;
    ++queued_;
  }

  /// True if `f(*connection)` is true for a connection of this route that takes requests.
  template <class F>
  bool any_of(const route& with, F f) const {
    const auto found = hosts_.find(with);
    return found != hosts_.end() && std::ranges::any_of(found->second.places, [&](const auto& p) {
             return p->opened && !p->draining && f(*p->connection);
           });
  }

  /// True if the host has connections, none of which is preferred or still being made, and if there
  /// is room for one more.
  bool lacks_preferred(const route& to) const {
    const auto found = hosts_.find(to);
    if (found == hosts_.end()) return false;
    const auto& places = found->second.places;
    return !places.empty() && places.size() < options_.per_host && open_ < options_.total &&
           std::ranges::none_of(
               places, [](const auto& p) { return !p->opened || (p->preferred && !p->draining); });
  }

  /// Returns the route of a connection to any host that takes requests, and for which `f(route,
  /// *connection)` is true; null if there is none.
  template <class F>
  const route* find(F f) const {
    for (const auto& [k, h] : hosts_)
      for (const auto& p : h.places)
        if (p->opened && !p->draining && f(k, *p->connection)) return &k;
    return nullptr;
  }

  /// The connection for the place `p` has been made.
  void opened(place& p, Connection connection, std::size_t capacity, time_point now,
              bool preferred = false) {
    p.preferred = preferred;
    p.connection = std::move(connection);
    p.opened = true;
    p.capacity = capacity;
    p.of->shares = capacity > 1 ? sharing::yes : sharing::no;
    p.of->failing = false;
    p.created = now;
    ++created_;
    serve(now);
  }

  /// The connection for the place `p` cannot be made. From now on no request waits for the
  /// connection of another request to this host: that one may fail too, and the delays would add
  /// up.
  void failed(place& p) noexcept { p.of->failing = true; }

  /// Sets how many requests the connection carries from now on. If this is 0 and `kept` is true, it
  /// may take requests again later. If `kept` is false, it takes no more.
  void set_capacity(place& p, std::size_t capacity, bool kept, time_point now) {
    p.capacity = capacity;
    p.draining = p.draining || !kept;
    if (p.draining && p.used == 0) remove(p);
    serve(now);
  }

  /// Grants places to requests that have waited long enough for the connection of another request
  /// (`share_wait`).
  void pass(time_point now) { serve(now); }

  /// Returns the time at which to call `pass` next; `time_point::max()` if no request waits in this
  /// way.
  time_point wait_ends(time_point now) const noexcept {
    time_point first = time_point::max();
    if (queued_ == 0) return first;
    if (out_of_memory_) return now + std::chrono::milliseconds(10);
    for (const auto& [_, h] : hosts_)
      if (h.first && h.shares != sharing::no && !h.failing)
        for (const auto& p : h.places)
          if (!p->opened && now - p->begun < options_.share_wait)
            first = std::min(first, p->begun + options_.share_wait);
    return first;
  }

  /// A request on `p` has ended. `reusable` is true if the connection can carry another one.
  /// `idle_limit` is the time for which the peer keeps an idle connection.
  void give_back(place& p, bool reusable, time_point now,
                 std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) {
    p.idle_limit = idle_limit;
    --p.used;
    --active_;
    p.draining = p.draining || !reusable || !p.opened;
    settle(p, now);
    expire(now);
    serve(now);
  }

  /// Removes a request that does not wait any more.
  void withdraw(request& r) noexcept {
    if (r.queued()) unqueue(r);
  }

  /// Returns the next request that was queued and now has a place, the oldest first; null if there
  /// is none.
  request* next_granted() noexcept {
    request* r = granted_first_;
    if (!r) return nullptr;
    forget_granted(*r);
    return r;
  }

  /// Removes a request from those that `next_granted` returns.
  void forget_granted(request& r) noexcept {
    request** link = &granted_first_;
    request* before = nullptr;
    while (*link && *link != &r) before = *link, link = &(*link)->after_;
    if (!*link) return;
    *link = r.after_;
    if (granted_last_ == &r) granted_last_ = before;
    r.after_ = nullptr;
  }

  /// Keeps no connections from now on: idle ones leave, and those in use take no further request.
  void close() {
    closing_ = true;
    for (auto& [_, h] : hosts_)
      for (auto& p : h.places) p->draining = true;
    close_idle();
  }

  /// Closes the idle connections.
  void close_idle() {
    while (oldest_idle_) remove(*oldest_idle_);
    forget_empty_hosts();
  }

  bool any_granted() const noexcept { return granted_first_ != nullptr; }

  /// Returns a connection that has left, so that the caller closes it; null if there is none.
  Connection next_closed() noexcept {
    if (!closed_) return {};
    const std::unique_ptr<place> first = std::move(closed_);
    closed_ = std::move(first->next_closed);
    return std::move(first->connection);
  }

  statistics stats() const noexcept { return {open_, idle_, active_, queued_, created_, reused_}; }

 private:
  bool too_old(const place& p, time_point now) const noexcept {
    return now - p.created >= options_.lifetime ||
           (p.used == 0 && now - p.idle_since >= idle_limit(p));
  }
  std::chrono::nanoseconds idle_limit(const place& p) const noexcept {
    return std::min(options_.idle_timeout, p.idle_limit);
  }

  bool grant(host& h, request& r, time_point now) {
    while (place* p = best(h, r)) {
      if (!too_old(*p, now) && p->connection->usable()) {
        ++reused_;
        use(*p, r);
        return true;
      }
      p->draining = true;
      if (p->used == 0) remove(*p);
    }
    if (one_is_coming(h, now)) return false;
    if (h.places.size() >= options_.per_host) {
      // An idle connection occupies the place if the request wants a `fresh` one, or if that
      // connection takes no request.
      place* in_the_way = idle_of(h);
      if (!in_the_way) return false;
      remove(*in_the_way);
    }
    if (open_ >= options_.total) {
      if (!oldest_idle_) return false;
      remove(*oldest_idle_);
    }
    place& made = *h.places.emplace_back(std::make_unique<place>());
    made.of = &h;
    made.begun = now;
    ++open_;
    use(made, r);
    return true;
  }

  /// Returns the connection for a request among those that can carry another one: a preferred one,
  /// else the one that was used last, so that the others can grow old.
  place* best(host& h, const request& r) noexcept {
    place* found = nullptr;
    for (auto& p : h.places) {
      if (!p->opened || p->draining || p->used >= p->capacity) continue;
      if ((r.fresh && p->used == 0) || (r.preferred && !p->preferred)) continue;
      if (!found ||
          (p->preferred == found->preferred ? p->idle_since >= found->idle_since : p->preferred))
        found = p.get();
    }
    return found;
  }

  /// True if a connection is being made that may carry many requests. A second connection would be
  /// useless then.
  bool one_is_coming(const host& h, time_point now) const noexcept {
    return h.shares != sharing::no && !h.failing &&
           std::ranges::any_of(h.places, [&](const auto& p) {
             return !p->opened && now - p->begun < options_.share_wait;
           });
  }

  place* idle_of(host& h) noexcept {
    for (auto& p : h.places)
      if (p->opened && p->used == 0) return p.get();
    return nullptr;
  }

  void use(place& p, request& r) noexcept {
    if (p.opened && p.used == 0) leave_idle(p);
    ++p.used;
    ++active_;
    r.granted = &p;
  }

  /// Makes a place idle, or drops it, if it carries no request any more.
  void settle(place& p, time_point now) {
    if (p.used != 0) return;
    p.idle_since = now;
    if (closing_ || p.draining || too_old(p, now)) {
      drop(p);
      return;
    }
    p.older = newest_idle_;
    (newest_idle_ ? newest_idle_->newer : oldest_idle_) = &p;
    newest_idle_ = &p;
    ++idle_;
  }

  void leave_idle(place& p) noexcept {
    (p.older ? p.older->newer : oldest_idle_) = p.newer;
    (p.newer ? p.newer->older : newest_idle_) = p.older;
    p.older = p.newer = nullptr;
    --idle_;
  }

  /// Removes an idle place.
  void remove(place& p) {
    leave_idle(p);
    drop(p);
  }

  void drop(place& p) {
    host& h = *p.of;
    const auto at =
        std::ranges::find_if(h.places, [&](const auto& each) { return each.get() == &p; });
    std::unique_ptr<place> gone = std::move(*at);
    h.places.erase(at);
    --open_;
    if (!gone->opened) return;
    gone->next_closed = std::move(closed_);
    closed_ = std::move(gone);
  }

  void expire(time_point now) {
    bool any = false;
    for (place* p = oldest_idle_; p && now - p->idle_since >= idle_limit(*p);) {
      place* const newer = p->newer;
      remove(*p);
      p = newer;
      any = true;
    }
    if (any || too_many_hosts()) forget_empty_hosts();
  }

  /// Forgets hosts without connections and without waiting requests. It keeps those of which it
  /// knows whether their connections carry many requests, until there are too many hosts.
  void forget_empty_hosts() {
    const bool all = too_many_hosts();
    std::erase_if(hosts_, [all](const auto& entry) {
      const host& h = entry.second;
      return h.places.empty() && !h.first &&
             (all || !h.id->may_share() || h.shares == sharing::unknown);
    });
  }
  bool too_many_hosts() const noexcept { return hosts_.size() > 2 * options_.total + 2 * queued_; }

  /// Grants places to the waiting requests of all hosts, the oldest first.
  void serve(time_point now) noexcept try {
    out_of_memory_ = false;
    while (queued_ != 0) {
      request* next = nullptr;
      for (auto& [_, h] : hosts_)
        if (h.first && (!next || h.first->ticket_ < next->ticket_) && could_grant(h, now))
          next = h.first;
      if (!next) return;
      // A connection turned out to be dead, so another request may be the next one now.
      if (!grant(*next->queued_in_, *next, now)) continue;
      unqueue(*next);
      (granted_last_ ? granted_last_->after_ : granted_first_) = next;
      granted_last_ = next;
    }
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;  // the waiting requests are tried again a little later
  }

  bool could_grant(host& h, time_point now) noexcept {
    if (best(h, *h.first)) return true;
    if (one_is_coming(h, now)) return false;
    if (idle_of(h)) return true;
    return h.places.size() < options_.per_host && (open_ < options_.total || oldest_idle_);
  }

  void unqueue(request& r) noexcept {
    host& h = *r.queued_in_;
    (r.before_ ? r.before_->after_ : h.first) = r.after_;
    (r.after_ ? r.after_->before_ : h.last) = r.before_;
    r.before_ = r.after_ = nullptr;
    r.queued_in_ = nullptr;
    --queued_;
  }

  options options_;
  std::unordered_map<route, host, detail::route_hash> hosts_;
  place* oldest_idle_ = nullptr;
  place* newest_idle_ = nullptr;
  request* granted_first_ = nullptr;
  request* granted_last_ = nullptr;
  std::unique_ptr<place> closed_;
  bool closing_ = false;
  bool out_of_memory_ = false;
  std::size_t open_ = 0;
  std::size_t idle_ = 0;
  std::size_t active_ = 0;
  std::size_t queued_ = 0;
  std::uint64_t created_ = 0;
  std::uint64_t reused_ = 0;
  std::uint64_t tickets_ = 0;
};

}  // namespace cohttps::pool
