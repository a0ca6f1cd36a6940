// Definitions for manual_loop.hpp.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/testing/manual_loop.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

namespace cohttps::testing {

COHTTPS_INLINE manual_loop::~manual_loop() {
  // The objects that an event owns may cancel, schedule or post other events while they are
  // destroyed.
  while (pending() != 0) std::exchange(events_, {}).clear();
}

COHTTPS_INLINE manual_loop::event_id manual_loop::schedule(time_point when,
                                                           std::function<void()> call) {
  events_.push_back({std::max(when, now_), ++last_, std::move(call)});
  std::push_heap(events_.begin(), events_.end(), later);
  return last_;
}

COHTTPS_INLINE void manual_loop::post(std::function<void()> call) {
  std::lock_guard lock(mutex_);
  posted_.push_back(std::move(call));
  any_posted_.store(true, std::memory_order_release);
}

COHTTPS_INLINE void manual_loop::cancel(event_id id) noexcept {
  const auto found = std::ranges::find(events_, id, &event::id);
  if (found == events_.end()) return;
  const event dropped = std::move(*found);  // destroyed last: its objects may use the loop
  events_.erase(found);
  std::make_heap(events_.begin(), events_.end(), later);
}

COHTTPS_INLINE bool manual_loop::run_one() {
  take_posted();
  if (events_.empty()) return false;
  std::pop_heap(events_.begin(), events_.end(), later);
  const event next = std::move(events_.back());
  events_.pop_back();
  now_ = next.when;
  next.call();
  return true;
}

COHTTPS_INLINE void manual_loop::take_posted() {
  if (!any_posted_.load(std::memory_order_acquire)) return;
  std::lock_guard lock(mutex_);
  for (auto& call : posted_) schedule(now_, std::move(call));
  posted_.clear();
  any_posted_.store(false, std::memory_order_release);
}

namespace detail {

COHTTPS_INLINE background_task keep(task<void> t) {
  task<void> work = std::move(t);
  co_await std::move(work);
}

COHTTPS_INLINE void drive(manual_loop& loop, background_task& root) {
  while (!root.done())
    if (!loop.run_one())
      throw error(error_category::usage, "nothing_to_wait_for",
                  "the task waits for something that no event can bring about");
  if (root.failure()) std::rethrow_exception(root.failure());
}

}  // namespace detail

}  // namespace cohttps::testing
