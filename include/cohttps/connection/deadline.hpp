// The time limits of an operation, and the stop that ends it.
#pragma once

#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/timeouts.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/stop_tokens.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// The entry of one operation in the queue: when the operation has to end, and the source that
/// stops it.
class deadline_entry {
 public:
  deadline_entry() = default;
  deadline_entry(const deadline_entry&) = delete;
  deadline_entry& operator=(const deadline_entry&) = delete;

  /// Stops the operation for good: `deadline::forgive` cannot undo it, even if a limit passes at
  /// the same moment.
  COHTTPS_DECL void stop() noexcept;

 private:
  friend class deadline_queue;
  friend class deadline;

  stop_source stop_;
  time_point at_ = never;
  bool limit_passed_ = false;  // the deadline requested the stop
  bool final_ = false;         // `stop` was called, so `forgive` does nothing
  deadline_entry* previous_ = nullptr;
  deadline_entry* next_ = nullptr;
};

/// The deadlines of a client's running operations, behind one timer.
///
/// Deadlines change very often, mostly to a later time, and rarely pass. So a change to a later
/// time only stores the time. The timer fires at the earliest time for which it was ever set, and
/// then checks all entries.
class deadline_queue {
 public:
  /// `seen_by` must outlive the queue.
  COHTTPS_DECL explicit deadline_queue(any_transport transport,
                                       const cohttps::observers& seen_by = none())
      : transport_(std::move(transport)), observers_(seen_by), timer_(transport_.make_timer()) {}
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  any_transport& transport() noexcept { return transport_; }
  const any_transport& transport() const noexcept { return transport_; }
  const cohttps::observers& observers() const noexcept { return observers_; }

  COHTTPS_DECL void add(deadline_entry& e) noexcept;

  /// Removes an entry. After the last entry is removed, the timer keeps no event loop running.
  COHTTPS_DECL void remove(deadline_entry& e) noexcept;

  COHTTPS_DECL void set(deadline_entry& e, time_point at);

  /// Stops every running operation.
  COHTTPS_DECL void stop_all() noexcept;

 private:
  COHTTPS_DECL void arm(time_point at);

  COHTTPS_DECL void fire() noexcept;

  COHTTPS_DECL static const cohttps::observers& none();

  any_transport transport_;
  const cohttps::observers& observers_;
  any_timer timer_;
  deadline_entry* first_ = nullptr;
  time_point timer_time_ = never;
};

/// Returns a text such as "10 s" or "250 ms".
COHTTPS_DECL std::string describe(duration d);

/// The limits of one operation: a total limit, and those of the current phase.
class deadline {
 public:
  /// `total` counts from now; without it only the phases have limits. The tokens `caller` and
  /// `race` also stop the operation.
  COHTTPS_DECL deadline(deadline_queue& queue, std::optional<duration> total, stop_token caller,
                        const stop_tokens& race = {})
      : queue_(queue),
        total_(total),
        last_(queue.transport().now()),
        end_(total ? later(last_, *total) : never),
        on_caller_(caller, forward{&entry_}) {
    on_race_.emplace(race, forward{&entry_});
    queue_.add(entry_);
    queue_.set(entry_, end_);
  }
  ~deadline() { queue_.remove(entry_); }

  /// Returns the token that every wait of the operation uses.
  stop_token token() noexcept { return entry_.stop_; }
  deadline_entry& entry() noexcept { return entry_; }
  bool stop_requested() const noexcept { return entry_.stop_.stop_requested(); }
  time_point now() noexcept { return last_ = queue_.transport().now(); }
  /// Returns the last result of `now`. The time is exact if the operation has not waited since
  /// then.
  time_point cached_now() const noexcept { return last_; }
  any_transport& transport() noexcept { return queue_.transport(); }
  const cohttps::observers& observers() const noexcept { return queue_.observers(); }
  deadline_queue& queue() noexcept { return queue_; }
  /// Returns the rest of the total limit; nothing without a total limit.
  COHTTPS_DECL std::optional<duration> left() const;

  /// Begins the phase `p`. If a limit of the previous phase passed at the moment when that phase
  /// succeeded, this limit is forgotten.
  COHTTPS_DECL void enter(phase p, const phase_limits& limits);
  COHTTPS_DECL void enter(phase p, const phase_limits& limits, time_point at);
  /// Changes the name of the current phase to `p`, and keeps its limits.
  void rename(phase p) noexcept { phase_ = p; }

  /// The same, with one limit for the first wait and for each later wait of the phase. If the
  /// request has `timeouts` of its own, they replace `limit`.
  COHTTPS_DECL void enter(phase p, std::optional<duration> limit);

  /// The request has limits of its own; `own` must outlive this object.
  void use(const timeouts& own) noexcept { own_ = &own; }

  /// `size` bytes were sent or received. The current wait begins again.
  COHTTPS_DECL void progress(std::size_t size);

  /// Pauses the limits of the phase and its rate until `resume`, because the caller is at work. The
  /// total limit still counts.
  COHTTPS_DECL void pause();
  COHTTPS_DECL void pause(time_point at);
  COHTTPS_DECL void resume();

  /// Pauses the limits in the same way while it exists, because the caller's content source is at
  /// work.
  class source_time {
   public:
    COHTTPS_DECL explicit source_time(deadline& of) : of_(of) {
      of_.pause_for(of_.source_paused_, of_.now());
    }
    source_time(const source_time&) = delete;
    source_time& operator=(const source_time&) = delete;
    ~source_time() { of_.resume_for(of_.source_paused_); }

   private:
    deadline& of_;
  };

  /// If only a limit of the phase has stopped the operation, undoes that stop and returns true.
  COHTTPS_DECL bool forgive() noexcept;

  /// The operation has its result. From now on the tokens in `race` do not stop it.
  COHTTPS_DECL void leave_race() noexcept;

  /// Removes the total limit of the operation.
  COHTTPS_DECL void lift_total();

  /// Adds the phase to `e`. If a limit stopped the operation, makes `e` an error of category
  /// `timeout`.
  COHTTPS_DECL [[gnu::cold]] error explain(error e);

 private:
  struct forward {
    deadline_entry* to;
    void operator()() const noexcept { to->stop(); }
  };

  bool paused() const noexcept { return caller_paused_ || source_paused_; }
  COHTTPS_DECL void pause_for(bool& who, time_point at);
  COHTTPS_DECL void resume_for(bool& who);

  COHTTPS_DECL void wait(std::optional<duration> limit, time_point from);

  COHTTPS_DECL error timeout() const;

  /// Returns the name of the member of `timeouts` that sets the limit of the phase.
  COHTTPS_DECL std::string_view option() const;

  COHTTPS_DECL std::string doing() const;

  deadline_queue& queue_;
  deadline_entry entry_;
  std::optional<duration> total_;
  std::optional<duration> limit_;  // of the current wait
  time_point last_;
  time_point end_;
  time_point phase_end_ = never;
  rate_window window_;
  phase_limits limits_;
  const timeouts* own_ = nullptr;
  phase phase_ = phase::none;
  bool caller_paused_ = false;
  bool source_paused_ = false;
  stop_callback<forward> on_caller_;
  std::optional<stop_callbacks<forward>> on_race_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/deadline.ipp>
#endif
