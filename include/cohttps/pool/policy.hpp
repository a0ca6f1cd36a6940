// Who gets which connection, decided without doing any I/O.
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

/// Places for connections, and the requests that hold or await them.
///
/// ```
///   ask ──▶ granted, with a connection ─────────────────────────┐
///    │                                                          ▼
///    ├────▶ granted, to make one ──▶ opened ──────────────▶ in use ──▶ give_back ──▶ idle
///    │                                  │                       │                     │
///    └────▶ queued ── first in, ────────┘                       └──▶ remove ◀── old, dead or in
///           withdraw  first out                                                 another's way
/// ```
/// After every call no queued request could be granted. A connection that leaves goes through
/// `closed`. `Connection` is a pointer-like owner with `usable()` behind it: false when the peer
/// has closed it or has spoken unasked.
///
/// A connection carries `capacity` requests at a time: one for HTTP/1.1, many for HTTP/2.
template <class Connection>
class policy {
 public:
  struct host;

  /// A connection, or one that is being made.
  struct place {
    Connection connection{};
    host* of = nullptr;
    std::size_t capacity = 1;
    std::size_t used = 0;
    time_point begun{};
    time_point created{};
    time_point idle_since{};
    std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max();  // of the peer's own
    bool opened = false;
    bool draining = false;  // takes no new request
    place* older = nullptr;
    place* newer = nullptr;
    std::unique_ptr<place> next_closed = {};
  };

  /// A request that asks; it stays where it is until it has a place or was withdrawn.
  struct request {
    request() = default;
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    bool fresh = false;  ///< wants no idle connection, as one turned out to be dead

    bool queued() const noexcept { return queued_in_ != nullptr; }
    /// What was granted: with `opened`, to be used; else to be made.
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
    sharing shares = sharing::no;  // whether the last connection made carries many requests
    bool failing = false;          // the last one could not be made
    request* first = nullptr;
    request* last = nullptr;
  };

  explicit policy(const options& bounds) noexcept : options_(bounds) {
    options_.per_host = std::max<std::size_t>(options_.per_host, 1);
    options_.total = std::max<std::size_t>(options_.total, 1);
  }
  policy(const policy&) = delete;
  policy& operator=(const policy&) = delete;

  /// Grants or queues `r`; `r.queued()` tells which.
  void ask(const route& to, request& r, time_point now) {
    expire(now);
    host& h = hosts_.try_emplace(to).first->second;
    if (!h.id) {
      h.id = &hosts_.find(to)->first;
      if (to.may_share()) h.shares = sharing::unknown;
    }
    if (h.places.empty() && !h.first) h.failing = false;
    // Whoever waits for this host was first.
    if (!h.first && grant(h, r, now)) return;
    r.ticket_ = ++tickets_;
    r.queued_in_ = &h;
    r.before_ = h.last;
    (h.last ? h.last->after_ : h.first) = &r;
    h.last = &r;
    ++queued_;
  }

  /// True when a connection that takes requests with this route is one that `f(*connection)` likes.
  template <class F>
  bool any_of(const route& with, F f) const {
    const auto found = hosts_.find(with);
    return found != hosts_.end() && std::ranges::any_of(found->second.places, [&](const auto& p) {
             return p->opened && !p->draining && f(*p->connection);
           });
  }

  /// The route of a connection that takes requests, of any host, for which `f(route, *connection)`
  /// is true; null when there is none.
  template <class F>
  const route* find(F f) const {
    for (const auto& [k, h] : hosts_)
      for (const auto& p : h.places)
        if (p->opened && !p->draining && f(k, *p->connection)) return &k;
    return nullptr;
  }

  /// The connection that `p` was granted for is there.
  void opened(place& p, Connection connection, std::size_t capacity, time_point now) {
    p.connection = std::move(connection);
    p.opened = true;
    p.capacity = capacity;
    p.of->shares = capacity > 1 ? sharing::yes : sharing::no;
    p.of->failing = false;
    p.created = now;
    ++created_;
    serve(now);
  }

  /// The connection that `p` was granted for cannot be made. Nobody waits for another one that may
  /// fail too: one after another they would be late by as many attempts.
  void failed(place& p) noexcept { p.of->failing = true; }

  /// How many requests the connection carries from now on. With 0 it may be that it takes some
  /// later, unless it is not `kept`.
  void set_capacity(place& p, std::size_t capacity, bool kept, time_point now) {
    p.capacity = capacity;
    p.draining = p.draining || !kept;
    if (p.draining && p.used == 0) remove(p);
    serve(now);
  }

  /// Time has come to `now`: who has waited long enough for another one's connection goes on.
  void pass(time_point now) { serve(now); }

  /// When that will be; the end of time when nobody waits so.
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

  /// One request on `p` has ended. `reusable`: the connection can carry more. `idle_limit`: the
  /// peer keeps it that long.
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

  /// A request that gives up waiting.
  void withdraw(request& r) noexcept {
    if (r.queued()) unqueue(r);
  }

  /// Requests that were queued and have their grant now, oldest first; null when there is none.
  request* next_granted() noexcept {
    request* r = granted_first_;
    if (!r) return nullptr;
    forget_granted(*r);
    return r;
  }

  /// Takes a request out of those that `next_granted` would give.
  void forget_granted(request& r) noexcept {
    request** link = &granted_first_;
    request* before = nullptr;
    while (*link && *link != &r) before = *link, link = &(*link)->after_;
    if (!*link) return;
    *link = r.after_;
    if (granted_last_ == &r) granted_last_ = before;
    r.after_ = nullptr;
  }

  /// Keeps no connection from now on: idle ones leave, those in use carry no further request.
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

  /// A connection that has left, to be closed in good order by whoever takes it; null when there is
  /// none.
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
    while (place* p = best(h, r.fresh)) {
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
      // An idle one is in the way here for who wants a `fresh` one, or when it takes no request.
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

  /// The connection with room for one more that was used last, so that the others can grow old;
  /// with `in_use`, none that is idle.
  place* best(host& h, bool in_use) noexcept {
    place* found = nullptr;
    for (auto& p : h.places)
      if (p->opened && !p->draining && p->used < p->capacity && (p->used > 0 || !in_use) &&
          (!found || p->idle_since >= found->idle_since))
        found = p.get();
    return found;
  }

  /// There is no use in a second connection while the first, which may carry many, is being made.
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

  /// What becomes of a place whose use has changed.
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

  /// An idle place.
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

  /// Whether a host's connections are shared is worth a while's memory.
  void forget_empty_hosts() {
    const bool all = too_many_hosts();
    std::erase_if(hosts_, [all](const auto& entry) {
      const host& h = entry.second;
      return h.places.empty() && !h.first &&
             (all || !h.id->may_share() || h.shares == sharing::unknown);
    });
  }
  bool too_many_hosts() const noexcept { return hosts_.size() > 2 * options_.total + 2 * queued_; }

  /// Grants what can be granted, first in, first out over all hosts.
  void serve(time_point now) noexcept try {
    out_of_memory_ = false;
    while (queued_ != 0) {
      request* next = nullptr;
      for (auto& [_, h] : hosts_)
        if (h.first && (!next || h.first->ticket_ < next->ticket_) && could_grant(h, now))
          next = h.first;
      if (!next) return;
      // When a connection turns out to be dead, what could be granted has changed.
      if (!grant(*next->queued_in_, *next, now)) continue;
      unqueue(*next);
      (granted_last_ ? granted_last_->after_ : granted_first_) = next;
      granted_last_ = next;
    }
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;  // whoever could have been granted a connection waits a little
  }

  bool could_grant(host& h, time_point now) noexcept {
    if (best(h, h.first->fresh)) return true;
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
