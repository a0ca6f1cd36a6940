// The time limits of an operation, and the stop that ends it.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/stop_tokens.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::net {

/// One operation's place in the queue: when it has to end, and what to stop then.
class deadline_entry {
 public:
  deadline_entry() = default;
  deadline_entry(const deadline_entry&) = delete;
  deadline_entry& operator=(const deadline_entry&) = delete;

  /// Ends the operation for good, whatever limit may have passed in this moment.
  void stop() noexcept {
    passed_ = false;
    final_ = true;
    stop_.request_stop();
  }

 private:
  friend class deadline_queue;
  friend class deadline;

  stop_source stop_;
  time_point at_ = never;
  bool passed_ = false;  // it was this deadline that asked for the stop
  bool final_ = false;   // somebody else did, maybe in the same moment
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
  explicit deadline_queue(any_transport transport, const cohttps::observers& seen_by = none())
      : transport_(std::move(transport)), observers_(seen_by), timer_(transport_.make_timer()) {}
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  any_transport& transport() noexcept { return transport_; }
  const any_transport& transport() const noexcept { return transport_; }
  const cohttps::observers& observers() const noexcept { return observers_; }

  void add(deadline_entry& e) noexcept {
    if (!first_) timer_.attach();
    e.next_ = first_;
    if (first_) first_->previous_ = &e;
    first_ = &e;
  }

  /// After the last one the timer keeps no loop alive.
  void remove(deadline_entry& e) noexcept {
    (e.previous_ ? e.previous_->next_ : first_) = e.next_;
    if (e.next_) e.next_->previous_ = e.previous_;
    if (first_ || armed_ == never) return;
    if (timer_.detach()) return;
    armed_ = never;
    timer_.cancel();
  }

  void set(deadline_entry& e, time_point at) {
    e.at_ = at;
    if (at < armed_) arm(at);
  }

  /// Stops every running operation.
  void stop_all() noexcept {
    for (deadline_entry* e = first_; e; e = e->next_) e->stop();
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

  static const cohttps::observers& none() {
    static const cohttps::observers empty;
    return empty;
  }

  any_transport transport_;
  const cohttps::observers& observers_;
  any_timer timer_;
  deadline_entry* first_ = nullptr;
  time_point armed_ = never;
};

/// "10 s" or "250 ms".
inline std::string describe(duration d) {
  using namespace std::chrono;
  if (d % 1s == 0s) return std::to_string(duration_cast<seconds>(d).count()) + " s";
  return std::to_string(duration_cast<milliseconds>(d).count()) + " ms";
}

/// The limits of one operation: in all, and of the phase it is in.
class deadline {
 public:
  /// `total` counts from now; without it only phases have limits. `caller` and `race` stop the
  /// operation too.
  deadline(deadline_queue& queue, std::optional<duration> total, stop_token caller,
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
  time_point last() const noexcept { return last_; }
  any_transport& transport() noexcept { return queue_.transport(); }
  const cohttps::observers& observers() const noexcept { return queue_.observers(); }
  /// Until the end of the operation in all; empty when that has no limit.
  std::optional<duration> left() const {
    if (!total_) return std::nullopt;
    return std::max(end_ - last_, duration());
  }

  /// From now on the operation is in `p`. A limit of the phase before that passed as it ended well
  /// is forgotten.
  void enter(phase p, const pace& limits) { enter(p, limits, now()); }
  void enter(phase p, const pace& limits, time_point at) {
    (void)forgive();
    phase_ = p;
    pace_ = limits;
    window_.restart(limits.rate);
    caller_rests_ = false;
    wait(limits.first ? limits.first : limits.idle, at);
  }
  /// What goes on is `p` from now on, under the limits that there are.
  void rename(phase p) noexcept { phase_ = p; }

  /// The same, with one limit for the phase, or for each wait in it.
  void enter(phase p, std::optional<duration> limit) { enter(p, pace{limit, limit, {}}); }

  /// `size` bytes went out or came in: the wait begins anew.
  void progress(std::size_t size) {
    const time_point at = now();
    if (rests()) return;
    window_.add(size, at);
    wait(pace_.idle, at);
  }

  /// The caller has something to do: neither the phase nor its rate counts until `resume`.
  void rest() { rest(now()); }
  void rest(time_point at) { pause(caller_rests_, at); }
  void resume() {
    go_on(caller_rests_);
    if (rests()) return;
    window_.begin(last_);
    queue_.set(entry_, std::min({end_, phase_end_, window_.end()}));
  }

  /// The same for as long as the caller's source of content is asked for more.
  class source_time {
   public:
    explicit source_time(deadline& of) : of_(of) { of_.pause(of_.source_rests_, of_.now()); }
    source_time(const source_time&) = delete;
    source_time& operator=(const source_time&) = delete;
    ~source_time() { of_.go_on(of_.source_rests_); }

   private:
    deadline& of_;
  };

  /// Lets the operation go on when it was only the phase's limit that passed.
  bool forgive() noexcept {
    if (!entry_.passed_ || entry_.final_ || now() >= end_) return false;
    entry_.passed_ = false;
    entry_.stop_.reset();
    return true;
  }

  /// The operation has won its race: only the caller's own token stops what is left of it.
  void leave_race() noexcept { on_race_.reset(); }

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
    deadline_entry* to;
    void operator()() const noexcept { to->stop(); }
  };

  bool rests() const noexcept { return caller_rests_ || source_rests_; }
  void pause(bool& who, time_point at) {
    if (!rests()) window_.pause(at);
    who = true;
    wait({}, at);
  }
  void go_on(bool& who) {
    const time_point at = now();
    who = false;
    if (rests()) return;
    window_.resume(at);
    wait(pace_.idle, at);
  }

  void wait(std::optional<duration> limit, time_point from) {
    if (rests()) limit.reset();
    limit_ = limit;
    phase_end_ = limit ? later(from, *limit) : never;
    queue_.set(entry_, std::min({end_, phase_end_, window_.end()}));
  }

  error timeout() const {
    if (total_ && end_ <= phase_end_ && end_ <= window_.end())
      return {error_category::timeout, known_reason::total_timeout,
              "the operation did not end within " + describe(*total_) + doing() +
                  "; allow more with request_options::timeout"};
    if (pace_.rate && window_.end() < phase_end_)
      return {error_category::timeout, "too_slow",
              "fewer than " + std::to_string(pace_.rate->bytes) + " bytes moved in " +
                  describe(pace_.rate->over) + doing() +
                  "; allow less with timeouts::minimum_rate"};
    // Content may take long as long as some of it moves; everything else has to be done in time.
    const bool is_content = phase_ == phase::send || phase_ == phase::receive_body;
    const std::string limit = describe(limit_.value_or(duration()));
    return {error_category::timeout, "phase_timeout",
            (is_content ? "no byte moved for " + limit : limit + " passed") + doing() +
                "; allow more with timeouts::" + std::string(option())};
  }

  /// The member of `timeouts` that sets the limit of the phase.
  std::string_view option() const {
    switch (phase_) {
      case phase::queue:
        return "queue";
      case phase::resolve:
      case phase::connect:
      case phase::tunnel:
        return "connect";
      case phase::handshake:
        return "tls";
      case phase::receive_head:
        return pace_.first ? "first_byte" : "idle";
      default:
        return "idle";
    }
  }

  std::string doing() const {
    switch (phase_) {
      case phase::queue:
        return " while waiting for a free connection";
      case phase::resolve:
        return " while looking up the host name";
      case phase::connect:
        return " while connecting";
      case phase::tunnel:
        return " while asking the proxy for a tunnel";
      case phase::handshake:
        return " in the TLS handshake";
      case phase::send:
        return " while sending the request";
      case phase::receive_head:
        return " while waiting for the response";
      case phase::receive_body:
        return " while receiving the content";
      case phase::none:
        break;
    }
    return {};
  }

  deadline_queue& queue_;
  deadline_entry entry_;
  std::optional<duration> total_;
  std::optional<duration> limit_;  // of the wait that goes on
  time_point last_;
  time_point end_;
  time_point phase_end_ = never;
  rate_window window_;
  pace pace_;
  phase phase_ = phase::none;
  bool caller_rests_ = false;
  bool source_rests_ = false;
  stop_callback<forward> on_caller_;
  std::optional<stop_callbacks<forward>> on_race_;
};

}  // namespace cohttps::net
