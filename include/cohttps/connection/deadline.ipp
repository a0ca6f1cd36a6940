// Definitions for deadline.hpp.
#pragma once

#include <cohttps/connection/deadline.hpp>

namespace cohttps::detail {

COHTTPS_DEF void deadline_entry::stop() noexcept {
  limit_passed_ = false;
  final_ = true;
  stop_.request_stop();
}

COHTTPS_DEF void deadline_queue::add(deadline_entry& e) noexcept {
  if (!first_) timer_.attach();
  e.next_ = first_;
  if (first_) first_->previous_ = &e;
  first_ = &e;
}

COHTTPS_DEF void deadline_queue::remove(deadline_entry& e) noexcept {
  (e.previous_ ? e.previous_->next_ : first_) = e.next_;
  if (e.next_) e.next_->previous_ = e.previous_;
  if (first_ || timer_time_ == never) return;
  if (timer_.detach()) return;
  timer_time_ = never;
  timer_.cancel();
}

COHTTPS_DEF void deadline_queue::set(deadline_entry& e, time_point at) {
  e.at_ = at;
  if (at < timer_time_) arm(at);
}

COHTTPS_DEF void deadline_queue::stop_all() noexcept {
  for (deadline_entry* e = first_; e; e = e->next_) e->stop();
}

COHTTPS_DEF void deadline_queue::arm(time_point at) {
  timer_time_ = at;
  timer_.set(at, [](void* self) noexcept { static_cast<deadline_queue*>(self)->fire(); }, this);
}

COHTTPS_DEF void deadline_queue::fire() noexcept {
  timer_time_ = never;
  const time_point now = transport_.now();
  // A stop may end operations and so remove entries. The loop starts again after each stop.
  for (deadline_entry* e = first_; e;) {
    if (e->at_ > now) {
      e = e->next_;
      continue;
    }
    e->at_ = never;
    e->limit_passed_ = !e->stop_.stop_requested();
    e->stop_.request_stop(stop_reason::timed_out);
    e = first_;
  }
  time_point earliest = never;
  for (deadline_entry* e = first_; e; e = e->next_) earliest = std::min(earliest, e->at_);
  if (earliest < timer_time_) arm(earliest);
}

COHTTPS_DEF const cohttps::observers& deadline_queue::none() {
  static const cohttps::observers empty;
  return empty;
}

COHTTPS_DEF std::string describe(duration d) {
  using namespace std::chrono;
  if (d % 1s == 0s) return std::to_string(duration_cast<seconds>(d).count()) + " s";
  return std::to_string(duration_cast<milliseconds>(d).count()) + " ms";
}

COHTTPS_DEF std::optional<duration> deadline::left() const {
  if (!total_) return std::nullopt;
  return std::max(end_ - last_, duration());
}

COHTTPS_DEF void deadline::enter(phase p, const phase_limits& limits) { enter(p, limits, now()); }

COHTTPS_DEF void deadline::enter(phase p, const phase_limits& limits, time_point at) {
  (void)forgive();
  phase_ = p;
  limits_ = limits;
  window_.restart(limits.rate);
  caller_paused_ = false;
  wait(limits.first ? limits.first : limits.idle, at);
}

COHTTPS_DEF void deadline::enter(phase p, std::optional<duration> limit) {
  if (own_ && p != phase::none) limit = limit_of(*own_, p);
  enter(p, phase_limits{limit, limit, {}});
}

COHTTPS_DEF void deadline::progress(std::size_t size) {
  const time_point at = now();
  if (paused()) return;
  window_.add(size, at);
  wait(limits_.idle, at);
}

COHTTPS_DEF void deadline::pause() { pause(now()); }

COHTTPS_DEF void deadline::pause(time_point at) { pause_for(caller_paused_, at); }

COHTTPS_DEF void deadline::resume() {
  resume_for(caller_paused_);
  if (paused()) return;
  window_.begin(last_);
  queue_.set(entry_, std::min({end_, phase_end_, window_.end()}));
}

COHTTPS_DEF bool deadline::forgive() noexcept {
  if (!entry_.limit_passed_ || entry_.final_ || now() >= end_) return false;
  entry_.limit_passed_ = false;
  entry_.stop_.reset();
  return true;
}

COHTTPS_DEF void deadline::leave_race() noexcept { on_race_.reset(); }

COHTTPS_DEF void deadline::lift_total() {
  total_.reset();
  end_ = never;
  queue_.set(entry_, std::min({end_, phase_end_, window_.end()}));
}

COHTTPS_DEF error deadline::explain(error e) {
  if (e.category() == error_category::canceled && entry_.limit_passed_) {
    error late = timeout();
    late.attempts(e.attempts()).replay(e.replay());
    e = std::move(late);
  }
  e.during(phase_);
  return e;
}

COHTTPS_DEF void deadline::pause_for(bool& who, time_point at) {
  if (!paused()) window_.pause(at);
  who = true;
  wait({}, at);
}

COHTTPS_DEF void deadline::resume_for(bool& who) {
  const time_point at = now();
  who = false;
  if (paused()) return;
  window_.resume(at);
  wait(limits_.idle, at);
}

COHTTPS_DEF void deadline::wait(std::optional<duration> limit, time_point from) {
  if (paused()) limit.reset();
  limit_ = limit;
  phase_end_ = limit ? later(from, *limit) : never;
  queue_.set(entry_, std::min({end_, phase_end_, window_.end()}));
}

COHTTPS_DEF error deadline::timeout() const {
  if (total_ && end_ <= phase_end_ && end_ <= window_.end())
    return {error_category::timeout, known_reason::total_timeout,
            "the operation did not end within " + describe(*total_) + doing() +
                "; allow more with request_options::timeout"};
  if (limits_.rate && window_.end() < phase_end_)
    return {error_category::timeout, "too_slow",
            "fewer than " + std::to_string(limits_.rate->bytes) + " bytes moved in " +
                describe(limits_.rate->over) + doing() +
                "; allow less with timeouts::minimum_rate"};
  // The transfer of content may take any time while bytes move. All other phases have to end in
  // time.
  const bool is_content = phase_ == phase::send || phase_ == phase::receive_body;
  const std::string limit = describe(limit_.value_or(duration()));
  return {error_category::timeout, "phase_timeout",
          (is_content ? "no byte moved for " + limit : limit + " passed") + doing() +
              "; allow more with timeouts::" + std::string(option())};
}

COHTTPS_DEF std::string_view deadline::option() const {
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
      return limits_.first ? "first_byte" : "idle";
    default:
      return "idle";
  }
}

COHTTPS_DEF std::string deadline::doing() const {
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

}  // namespace cohttps::detail
