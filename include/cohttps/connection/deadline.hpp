// The time limits of an operation, and the stop that ends it.
#pragma once

#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/phase_limits.hpp>
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

/// One operation's place in the queue: when it has to end, and what to stop then.
class deadline_entry {
 public:
  deadline_entry() = default;
  deadline_entry(const deadline_entry&) = delete;
  deadline_entry& operator=(const deadline_entry&) = delete;

  /// Ends the operation for good, whatever limit may have passed in this moment.
  COHTTPS_DECL void stop() noexcept;

 private:
  friend class deadline_queue;
  friend class deadline;

  stop_source stop_;
  time_point at_ = never;
  bool limit_passed_ = false;  // it was this deadline that asked for the stop
  bool final_ = false;         // somebody else did, maybe in the same moment
  deadline_entry* previous_ = nullptr;
  deadline_entry* next_ = nullptr;
};

/// The deadlines of a client's running operations, behind one timer.
///
/// Deadlines move all the time, mostly later, and hardly ever pass. So moving one later is a store;
/// the timer fires at the earliest time it was ever asked for and then looks at all of them.
class deadline_queue {
 public:
  /// `seen_by` outlives the queue.
  COHTTPS_DECL explicit deadline_queue(any_transport transport,
                                       const cohttps::observers& seen_by = none())
      : transport_(std::move(transport)), observers_(seen_by), timer_(transport_.make_timer()) {}
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  any_transport& transport() noexcept { return transport_; }
  const any_transport& transport() const noexcept { return transport_; }
  const cohttps::observers& observers() const noexcept { return observers_; }

  COHTTPS_DECL void add(deadline_entry& e) noexcept;

  /// After the last one the timer keeps no loop alive.
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

/// "10 s" or "250 ms".
COHTTPS_DECL std::string describe(duration d);

/// The limits of one operation: in all, and of the phase it is in.
class deadline {
 public:
  /// `total` counts from now; without it only phases have limits. `caller` and `race` stop the
  /// operation too.
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

  /// What every wait of the operation takes.
  stop_token token() noexcept { return entry_.stop_; }
  deadline_entry& entry() noexcept { return entry_; }
  bool stop_requested() const noexcept { return entry_.stop_.stop_requested(); }
  time_point now() noexcept { return last_ = queue_.transport().now(); }
  /// What `now` gave the last time: the same, as long as nothing was waited for since.
  time_point cached_now() const noexcept { return last_; }
  any_transport& transport() noexcept { return queue_.transport(); }
  const cohttps::observers& observers() const noexcept { return queue_.observers(); }
  /// Until the end of the operation in all; empty when that has no limit.
  COHTTPS_DECL std::optional<duration> left() const;

  /// From now on the operation is in `p`. A limit of the phase before that passed as it ended well
  /// is forgotten.
  COHTTPS_DECL void enter(phase p, const phase_limits& limits);
  COHTTPS_DECL void enter(phase p, const phase_limits& limits, time_point at);
  /// What goes on is `p` from now on, under the limits that there are.
  void rename(phase p) noexcept { phase_ = p; }

  /// The same, with one limit for the phase, or for each wait in it.
  COHTTPS_DECL void enter(phase p, std::optional<duration> limit);

  /// `size` bytes went out or came in: the wait begins anew.
  COHTTPS_DECL void progress(std::size_t size);

  /// The caller has something to do: neither the phase nor its rate counts until `resume`.
  COHTTPS_DECL void pause();
  COHTTPS_DECL void pause(time_point at);
  COHTTPS_DECL void resume();

  /// The same for as long as the caller's source of content is asked for more.
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

  /// Lets the operation go on when it was only the phase's limit that passed.
  COHTTPS_DECL bool forgive() noexcept;

  /// The operation has won its race: only the caller's own token stops what is left of it.
  COHTTPS_DECL void leave_race() noexcept;

  /// The operation has no limit in all from now on.
  COHTTPS_DECL void lift_total();

  /// Says in `e` what the operation was doing, and that it was a limit that stopped it.
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

  /// The member of `timeouts` that sets the limit of the phase.
  COHTTPS_DECL std::string_view option() const;

  COHTTPS_DECL std::string doing() const;

  deadline_queue& queue_;
  deadline_entry entry_;
  std::optional<duration> total_;
  std::optional<duration> limit_;  // of the wait that goes on
  time_point last_;
  time_point end_;
  time_point phase_end_ = never;
  rate_window window_;
  phase_limits limits_;
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
