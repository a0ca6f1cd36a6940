// The connections of a client: the policy's driver.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/pool/policy.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace cohttps::pool {

template <class = void>
class pool;

template <class = void>
class acquisition;

template <class = void>
class lease;

/// The right of one request to one connection. Given back by `give_back`; a lease that is destroyed
/// closes the connection, unless others use it too.
template <class>
class lease {
 public:
  using connection = net::connection;

  lease() = default;
  lease(lease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), place_(std::exchange(other.place_, nullptr)) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      abandon();
      pool_ = std::exchange(other.pool_, nullptr);
      place_ = std::exchange(other.place_, nullptr);
    }
    return *this;
  }
  ~lease() { abandon(); }

  explicit operator bool() const noexcept { return place_ != nullptr; }

  /// False while the connection is still to be made, and given to `opened`.
  bool connected() const noexcept { return place_ && place_->opened; }
  connection& operator*() const noexcept { return *place_->connection; }
  connection* operator->() const noexcept { return place_->connection.get(); }

  void opened(std::unique_ptr<connection> made);

  /// It cannot be made, and not because this request was stopped.
  void failed() noexcept;

  /// The request has ended in order; the connection is kept for another one, for as long as
  /// `idle_limit`, and the pool's options, allow.
  void give_back(std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) noexcept {
    if (connected()) place_->connection->release_memory();
    end(true, idle_limit);
  }

 private:
  friend pool<>;
  using place = policy<std::unique_ptr<connection>>::place;

  lease(pool<>& of, place& granted) noexcept : pool_(&of), place_(&granted) {}
  void end(bool reusable,
           std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) noexcept;
  void abandon() noexcept { end(connected() && place_->connection->outlives_streams()); }

  pool<>* pool_ = nullptr;
  place* place_ = nullptr;
};

template <class>
class pool {
 public:
  using connection = net::connection;
  using connection_ptr = std::unique_ptr<connection>;

  /// `seen_by` outlives the pool.
  pool(any_transport transport, const options& bounds, const observers& seen_by)
      : transport_(std::move(transport)),
        wake_(transport_.make_timer()),
        patience_(transport_.make_timer()),
        observers_(seen_by),
        policy_(bounds) {}

  /// Gives a lease, at once or when it is this request's turn. `fresh` asks for one that
  /// is not idle: a new one, or one that others use. `to` lives until then.
  acquisition<> acquire(const key& to, bool fresh, stop_token stop);

  /// Keeps no connection from now on.
  void close() {
    policy_.close();
    close_closed();
  }

  /// Closes idle connections.
  void close_idle() {
    policy_.close_idle();
    close_closed();
  }

  statistics stats() const noexcept { return policy_.stats(); }

  /// True when a connection that takes requests with this key is one that `f(connection)` likes.
  template <class F>
  bool any_of(const key& with, F f) const {
    return policy_.any_of(with, f);
  }

  /// The key of a connection that takes requests, whoever they are to, for which `f(key,
  /// connection)` is true; null when there is none.
  template <class F>
  const key* find(F f) const {
    return policy_.find(f);
  }

 private:
  friend lease<>;
  friend acquisition<>;
  using policy_type = policy<connection_ptr>;
  struct request : policy_type::request {
    acquisition<>* self = nullptr;
    request* next_stopped = nullptr;
    bool stopped = false;
  };

  lease<> make_lease(policy_type::place& granted) noexcept { return lease<>(*this, granted); }

  void ask(const key& to, request& r) {
    policy_.ask(to, r, transport_.now());
    close_closed();
    watch_patience();
  }
  void opened(policy_type::place& p, connection_ptr made) {
    made->on_capacity(
        [](void* self, void* in) {
          static_cast<pool*>(self)->set_capacity(*static_cast<policy_type::place*>(in));
        },
        this, &p);
    const std::size_t capacity = made->capacity();
    policy_.opened(p, std::move(made), capacity, transport_.now());
    after_change();
  }
  void set_capacity(policy_type::place& p) {
    const auto& c = *p.connection;
    policy_.set_capacity(p, c.capacity(), c.outlives_streams(), transport_.now());
    after_change();
  }
  void give_back(policy_type::place& p, bool reusable,
                 std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) {
    policy_.give_back(p, reusable, transport_.now(), idle_limit);
    after_change();
  }

  /// A stop resumes the waiter in the loop's next turn, as all stops do.
  void stop(request& r) noexcept {
    if (!r.queued()) return;  // has its grant already
    policy_.withdraw(r);
    r.stopped = true;
    r.next_stopped = stopped_;
    stopped_ = &r;
    wake();
  }

  /// The waiter is gone, whatever it waited for.
  void leave(request& r) noexcept {
    policy_.withdraw(r);
    policy_.forget_granted(r);
    if (r.stopped)
      for (request** link = &stopped_; *link; link = &(*link)->next_stopped)
        if (*link == &r) {
          *link = r.next_stopped;
          break;
        }
    if (auto* unused = std::exchange(r.granted, nullptr)) give_back(*unused, true);
  }

  void after_change() {
    close_closed();
    if (policy_.any_granted()) wake();
    watch_patience();
  }

  void watch_patience() {
    const time_point ends =
        policy_.stats().queued == 0 ? time_point::max() : policy_.patience_ends(transport_.now());
    if (ends == std::exchange(patience_ends_, ends)) return;
    if (ends == time_point::max()) return patience_.cancel();
    patience_.set(
        ends, [](void* self) noexcept { static_cast<pool*>(self)->lose_patience(); }, this);
  }
  void lose_patience() noexcept {
    patience_ends_ = time_point::max();
    policy_.pass(transport_.now());
    after_change();
  }

  // Outside of the policy, as closing says goodbye to the peer.
  void close_closed() {
    while (const connection_ptr c = policy_.next_closed())
      net::notify(observers_, &observer::on_closed, events::closed{*c->info, c->exchanges});
  }

  // Waiters are resumed by the loop and not inside of whoever gave back.
  void wake() {
    wake_.set(
        time_point::min(), [](void* self) noexcept { static_cast<pool*>(self)->resume(); }, this);
  }
  // One a turn: what is resumed may be the end of the client and of this pool.
  void resume() noexcept {
    request* r = stopped_;
    if (r) {
      stopped_ = r->next_stopped;
      r->stopped = false;
    } else {
      r = static_cast<request*>(policy_.next_granted());
    }
    if (!r) return;
    if (stopped_ || policy_.any_granted()) wake();
    resume(*r);
  }
  static void resume(request& r) noexcept;

  any_transport transport_;
  any_timer wake_;
  any_timer patience_;  // of those who wait for another one's connection
  time_point patience_ends_ = time_point::max();
  const observers& observers_;
  policy_type policy_;
  request* stopped_ = nullptr;
};

/// Waits in the queue for a lease.
template <class>
class acquisition {
 public:
  acquisition(pool<>& from, const key& to, bool fresh, stop_token stop)
      : pool_(from), key_(to), stop_(stop) {
    request_.fresh = fresh;
    request_.self = this;
  }
  acquisition(const acquisition&) = delete;
  acquisition& operator=(const acquisition&) = delete;
  ~acquisition() { pool_.leave(request_); }

  bool await_ready() {
    if (stop_.stop_requested()) return true;
    pool_.ask(key_, request_);
    return !request_.queued();
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    net::notify(pool_.observers_, &observer::on_queued, events::queued{key_.to});
    on_stop_.emplace(stop_, on_stop{this});
  }
  result<lease<>> await_resume() {
    on_stop_.reset();
    if (auto* granted = std::exchange(request_.granted, nullptr)) return pool_.make_lease(*granted);
    return fail(error_category::canceled, "canceled", "the operation was canceled");
  }

 private:
  friend pool<>;
  struct on_stop {
    acquisition* self;
    void operator()() const noexcept { self->pool_.stop(self->request_); }
  };

  pool<>& pool_;
  const key& key_;
  stop_token stop_;
  pool<>::request request_;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::coroutine_handle<> waiter_;
};

template <class T>
void pool<T>::resume(request& r) noexcept {
  r.self->waiter_.resume();
}

template <class T>
acquisition<> pool<T>::acquire(const key& to, bool fresh, stop_token stop) {
  return acquisition<>(*this, to, fresh, stop);
}

template <class T>
void lease<T>::failed() noexcept {
  pool_->policy_.failed(*place_);
}

template <class T>
void lease<T>::opened(std::unique_ptr<connection> made) {
  pool_->opened(*place_, std::move(made));
}

template <class T>
void lease<T>::end(bool reusable, std::chrono::nanoseconds idle_limit) noexcept {
  if (!place_) return;
  std::exchange(pool_, nullptr)->give_back(*std::exchange(place_, nullptr), reusable, idle_limit);
}

}  // namespace cohttps::pool
