// The time limits of an operation, and the stop that ends it.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/transport/concepts.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace cohttps::net {

using duration = std::chrono::nanoseconds;

inline constexpr time_point never = time_point::max();

/// One operation's place in the queue: when it has to end, and what to stop then.
class deadline_entry {
 public:
  deadline_entry() = default;
  deadline_entry(const deadline_entry&) = delete;
  deadline_entry& operator=(const deadline_entry&) = delete;

 private:
  template <transport Transport>
  friend class deadline_queue;
  template <transport Transport>
  friend class deadline;

  stop_source stop_;
  time_point at_ = never;
  bool passed_ = false;  // it was this deadline that asked for the stop
  deadline_entry* previous_ = nullptr;
  deadline_entry* next_ = nullptr;
};

/// The deadlines of a client's running operations, behind one timer.
///
/// Deadlines move all the time, mostly later, and hardly ever pass. So moving one later is a store;
/// the timer fires at the earliest time it was ever asked for and then looks at all of them.
template <transport Transport>
class deadline_queue {
 public:
  explicit deadline_queue(Transport transport)
      : transport_(std::move(transport)), timer_(transport_.make_timer()) {}
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  Transport& transport() noexcept { return transport_; }

  void add(deadline_entry& e) noexcept {
    e.next_ = first_;
    if (first_) first_->previous_ = &e;
    first_ = &e;
  }

  /// With the last one the timer goes too: nothing keeps the loop alive.
  void remove(deadline_entry& e) noexcept {
    (e.previous_ ? e.previous_->next_ : first_) = e.next_;
    if (e.next_) e.next_->previous_ = e.previous_;
    if (first_ || armed_ == never) return;
    armed_ = never;
    timer_.cancel();
  }

  void set(deadline_entry& e, time_point at) {
    e.at_ = at;
    if (at < armed_) arm(at);
  }

 private:
  void arm(time_point at) {
    armed_ = at;
    timer_.set(at, [](void* self) noexcept { static_cast<deadline_queue*>(self)->fire(); }, this);
  }

  void fire() noexcept {
    armed_ = never;
    const time_point now = transport_.now();
    // A stop may end operations, and with them entries: start over after each.
    for (deadline_entry* e = first_; e;) {
      if (e->at_ > now) {
        e = e->next_;
        continue;
      }
      e->at_ = never;
      e->passed_ = !e->stop_.stop_requested();
      e->stop_.request_stop(stop_reason::timed_out);
      e = first_;
    }
    time_point earliest = never;
    for (deadline_entry* e = first_; e; e = e->next_) earliest = std::min(earliest, e->at_);
    if (earliest < armed_) arm(earliest);
  }

  Transport transport_;
  typename Transport::timer_type timer_;
  deadline_entry* first_ = nullptr;
  time_point armed_ = never;
};

/// The time `d` after `from`; `never` when there is no such time.
inline time_point later(time_point from, duration d) { return d > never - from ? never : from + d; }

/// "10 s" or "250 ms".
inline std::string describe(duration d) {
  using namespace std::chrono;
  if (d % 1s == 0s) return std::to_string(duration_cast<seconds>(d).count()) + " s";
  return std::to_string(duration_cast<milliseconds>(d).count()) + " ms";
}

/// The limits of one operation: in all, and of the phase it is in.
template <transport Transport>
class deadline {
 public:
  /// `total` counts from now; without it only phases have limits. `caller` and `race` stop the
  /// operation too.
  deadline(deadline_queue<Transport>& queue, std::optional<duration> total, stop_token caller,
           stop_token race = {})
      : queue_(queue),
        total_(total),
        end_(total ? later(queue.transport().now(), *total) : never),
        caller_(caller),
        race_(race),
        on_caller_(caller, forward{&entry_.stop_}) {
    on_race_.emplace(race, forward{&entry_.stop_});
    queue_.add(entry_);
    queue_.set(entry_, end_);
  }
  ~deadline() { queue_.remove(entry_); }

  /// What every wait of the operation takes.
  stop_token token() noexcept { return entry_.stop_; }
  stop_source& stop() noexcept { return entry_.stop_; }
  time_point now() { return queue_.transport().now(); }
  Transport& transport() noexcept { return queue_.transport(); }

  /// From now on the operation is in `p`, which has to end, or to make progress, within `limit`.
  void enter(phase p, std::optional<duration> limit) {
    phase_ = p;
    limit_ = limit;
    progress();
  }

  /// Something happened: the phase's limit starts again.
  void progress() {
    if (limit_)
      queue_.set(entry_, std::min(end_, later(now(), *limit_)));
    else
      queue_.set(entry_, end_);
  }

  /// Lets the operation go on when it was only the phase's limit that passed.
  bool forgive() noexcept {
    if (!entry_.passed_ || now() >= end_ || caller_.stop_requested() || race_.stop_requested())
      return false;
    entry_.passed_ = false;
    entry_.stop_.reset();
    return true;
  }

  /// The operation has won its race: only the caller's own token stops what is left of it.
  void leave_race() noexcept {
    on_race_.reset();
    race_ = {};
  }

  /// Says in `e` what the operation was doing, and that it was a limit that stopped it.
  [[gnu::cold]] error explain(error e) {
    if (e.category() == error_category::canceled && entry_.passed_) {
      error late = timeout();
      late.attempts(e.attempts()).replay(e.replay());
      e = std::move(late);
    }
    e.during(phase_);
    return e;
  }

 private:
  struct forward {
    stop_source* to;
    void operator()() const noexcept { to->request_stop(); }
  };

  error timeout() {
    const bool in_all = now() >= end_;
    std::string message = in_all ? "the operation did not end within " + describe(*total_)
                                 : "nothing happened for " + describe(*limit_);
    switch (phase_) {
      case phase::resolve:
        message += " while looking up the host name";
        break;
      case phase::connect:
        message += " while connecting";
        break;
      case phase::handshake:
        message += " in the TLS handshake";
        break;
      case phase::send:
        message += " while sending the request";
        break;
      case phase::receive_head:
        message += " while waiting for the response";
        break;
      case phase::receive_body:
        message += " while receiving the content";
        break;
      default:
        break;
    }
    message += in_all ? "; allow more with the option timeout"
                      : "; allow more with the option timeouts of the client";
    return error(error_category::timeout, in_all ? "total_timeout" : "phase_timeout",
                 std::move(message));
  }

  deadline_queue<Transport>& queue_;
  deadline_entry entry_;
  std::optional<duration> total_;
  std::optional<duration> limit_;
  time_point end_;
  phase phase_ = phase::none;
  stop_token caller_;
  stop_token race_;
  stop_callback<forward> on_caller_;
  std::optional<stop_callback<forward>> on_race_;
};

}  // namespace cohttps::net
