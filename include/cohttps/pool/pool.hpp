// The connection pool of a client. It carries out the decisions of `policy`.
#pragma once

#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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

/// The right of one request to one connection. `give_back` returns the connection to the pool. A
/// lease that is destroyed without it closes an HTTP/1.1 connection; an HTTP/2 connection that
/// takes more requests stays open.
template <class>
class lease {
 public:
  using connection = detail::connection;

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

  /// False if the connection still has to be made and passed to `opened`.
  bool connected() const noexcept { return place_ && place_->opened; }
  connection& operator*() const noexcept { return *place_->connection; }
  connection* operator->() const noexcept { return place_->connection.get(); }

  void opened(std::unique_ptr<connection> made);

  /// The connection cannot be made. Do not call it if the reason is a stop of this request.
  void failed() noexcept;

  /// The exchange is complete. The pool keeps the connection for another request, for as long as
  /// `idle_limit` and the pool's options allow.
  void give_back(std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) noexcept;

 private:
  friend pool<>;
  using place = policy<std::unique_ptr<connection>>::place;

  lease(pool<>& of, place& granted) noexcept : pool_(&of), place_(&granted) {}
  void end(bool reusable,
           std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max()) noexcept;
  void abandon() noexcept;

  pool<>* pool_ = nullptr;
  place* place_ = nullptr;
};

template <class>
class pool {
 public:
  using connection = detail::connection;
  using connection_ptr = std::unique_ptr<connection>;

  /// `seen_by` must outlive the pool.
  pool(any_transport transport, const options& bounds, const observers& seen_by)
      : transport_(std::move(transport)),
        wake_(transport_.make_timer()),
        wait_timer_(transport_.make_timer()),
        observers_(seen_by),
        policy_(bounds) {}

  /// Waits until it is this request's turn, and returns a lease. With `fresh` the connection is not
  /// an idle one: it is new, or other requests use it. The caller keeps `to` until then. Fails with
  /// category `canceled` if `stop` is requested.
  acquisition<> acquire(const route& to, bool fresh, stop_token stop);

  /// True if `acquire_preferred` would grant the right to make a connection, at once.
  bool lacks_preferred(const route& to) const { return policy_.lacks_preferred(to); }

  /// Returns a lease of a preferred connection, or one to make such a connection although others
  /// are there.
  acquisition<> acquire_preferred(const route& to, stop_token stop);

  /// Keeps no connections from now on.
  void close();

  /// Closes the idle connections.
  void close_idle();

  statistics stats() const noexcept { return policy_.stats(); }

  /// True if `f(connection)` is true for a connection of this route that takes requests.
  template <class F>
  bool any_of(const route& with, F f) const {
    return policy_.any_of(with, f);
  }

  /// Returns the route of a connection to any host that takes requests, and for which `f(route,
  /// connection)` is true; null if there is none.
  template <class F>
  const route* find(F f) const {
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

  void ask(const route& to, request& r);
  void opened(policy_type::place& p, connection_ptr made);
  void set_capacity(policy_type::place& p);
  void give_back(policy_type::place& p, bool reusable,
                 std::chrono::nanoseconds idle_limit = std::chrono::nanoseconds::max());

  /// Stops a waiting request. Its coroutine resumes in the loop's next turn, as after all stops.
  void stop(request& r) noexcept;

  /// Removes a request whose coroutine does not wait any more.
  void leave(request& r) noexcept;

  void after_change();

  void watch_waits();
  void open_for_waiting() noexcept;

  // Closes connections outside of the policy, because closing sends bytes to the peer.
  void close_closed();

  // Schedules `resume`. The loop resumes the waiting coroutines, and not the function that gave
  // back a connection.
  void wake();
  // Resumes one coroutine for each turn of the loop, because it may destroy the client and this
  // pool.
  void resume() noexcept;
  static void resume(request& r) noexcept;

  any_transport transport_;
  any_timer wake_;
  any_timer wait_timer_;  // for the requests that wait for another one's connection
  time_point wait_ends_ = time_point::max();
  const observers& observers_;
  policy_type policy_;
  request* stopped_ = nullptr;
};

/// Waits in the queue for a lease.
template <class>
class acquisition {
 public:
  acquisition(pool<>& from, const route& to, bool fresh, bool preferred, stop_token stop)
      : pool_(from), route_(to), stop_(stop) {
    request_.fresh = fresh;
    request_.preferred = preferred;
    request_.self = this;
  }
  acquisition(const acquisition&) = delete;
  acquisition& operator=(const acquisition&) = delete;
  ~acquisition() { pool_.leave(request_); }

  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  result<lease<>> await_resume();

 private:
  friend pool<>;
  struct on_stop {
    acquisition* self;
    void operator()() const noexcept { self->pool_.stop(self->request_); }
  };

  pool<>& pool_;
  const route& route_;
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
acquisition<> pool<T>::acquire(const route& to, bool fresh, stop_token stop) {
  return acquisition<>(*this, to, fresh, false, stop);
}

template <class T>
acquisition<> pool<T>::acquire_preferred(const route& to, stop_token stop) {
  return acquisition<>(*this, to, false, true, stop);
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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/pool/pool.ipp>
#endif
