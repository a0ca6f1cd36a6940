// Definitions for pool.hpp.
#pragma once

#include <cohttps/pool/pool.hpp>

namespace cohttps::pool {

template <class T>
void lease<T>::give_back(std::chrono::nanoseconds idle_limit) noexcept {
  if (connected()) place_->connection->release_memory();
  end(true, idle_limit);
}

template <class T>
void lease<T>::abandon() noexcept {
  end(connected() && place_->connection->outlives_streams());
}

template <class T>
void pool<T>::close() {
  policy_.close();
  close_closed();
}

template <class T>
void pool<T>::close_idle() {
  policy_.close_idle();
  close_closed();
}

template <class T>
void pool<T>::ask(const route& to, request& r) {
  policy_.ask(to, r, transport_.now());
  close_closed();
  watch_waits();
}

template <class T>
void pool<T>::opened(policy_type::place& p, connection_ptr made) {
  made->on_capacity(
      [](void* self, void* in) {
        static_cast<pool*>(self)->set_capacity(*static_cast<policy_type::place*>(in));
      },
      this, &p);
  const std::size_t capacity = made->capacity();
  const bool preferred = made->preferred();
  policy_.opened(p, std::move(made), capacity, transport_.now(), preferred);
  after_change();
}

template <class T>
void pool<T>::set_capacity(policy_type::place& p) {
  const auto& c = *p.connection;
  policy_.set_capacity(p, c.capacity(), c.outlives_streams(), transport_.now());
  after_change();
}

template <class T>
void pool<T>::give_back(policy_type::place& p, bool reusable, std::chrono::nanoseconds idle_limit) {
  policy_.give_back(p, reusable, transport_.now(), idle_limit);
  after_change();
}

template <class T>
void pool<T>::stop(request& r) noexcept {
  if (!r.queued()) return;  // it has its place already
  policy_.withdraw(r);
  r.stopped = true;
  r.next_stopped = stopped_;
  stopped_ = &r;
  wake();
}

template <class T>
void pool<T>::leave(request& r) noexcept {
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

template <class T>
void pool<T>::after_change() {
  close_closed();
  if (policy_.any_granted()) wake();
  watch_waits();
}

template <class T>
void pool<T>::watch_waits() {
  const time_point ends =
      policy_.stats().queued == 0 ? time_point::max() : policy_.wait_ends(transport_.now());
  if (ends == std::exchange(wait_ends_, ends)) return;
  if (ends == time_point::max()) return wait_timer_.cancel();
  wait_timer_.set(
      ends, [](void* self) noexcept { static_cast<pool*>(self)->open_for_waiting(); }, this);
}

template <class T>
void pool<T>::open_for_waiting() noexcept {
  wait_ends_ = time_point::max();
  policy_.pass(transport_.now());
  after_change();
}

template <class T>
void pool<T>::close_closed() {
  while (const connection_ptr c = policy_.next_closed())
    detail::notify(observers_, &observer::on_closed, events::closed{*c->info, c->exchanges});
}

template <class T>
void pool<T>::wake() {
  wake_.set(
      time_point::min(), [](void* self) noexcept { static_cast<pool*>(self)->resume(); }, this);
}

template <class T>
void pool<T>::resume() noexcept {
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

template <class T>
bool acquisition<T>::await_ready() {
  if (stop_.stop_requested()) return true;
  pool_.ask(route_, request_);
  return !request_.queued();
}

template <class T>
void acquisition<T>::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  detail::notify(pool_.observers_, &observer::on_queued, events::queued{route_.to});
  on_stop_.emplace(stop_, on_stop{this});
}

template <class T>
result<lease<>> acquisition<T>::await_resume() {
  on_stop_.reset();
  if (auto* granted = std::exchange(request_.granted, nullptr)) return pool_.make_lease(*granted);
  return fail(error_category::canceled, "canceled", "the operation was canceled");
}

}  // namespace cohttps::pool
