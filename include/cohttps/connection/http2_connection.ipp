// Definitions for http2_connection.hpp.
#pragma once

#include <cohttps/connection/http2_connection.hpp>

#ifdef COHTTPS_HAS_NGHTTP2

namespace cohttps::detail {

template <class T>
result<void> http2_connection<T>::open(stream& s, const http2::request_head& request) {
  auto opened = session_.open(s, request);
  if (opened) schedule();
  return opened;
}

template <class T>
void http2_connection<T>::wake(stream& s) noexcept {
  move_to_ready(s.waiting_);
  schedule();
}

template <class T>
task<bool> http2_connection<T>::settings_known(stop_token stop) {
  schedule();
  co_return co_await change(*this, session_.settled() || session_.failure() ? ready_ : settling_,
                            stop);
}

template <class T>
bool http2_connection<T>::takes_extended_connect() const noexcept {
  return session_.peer_takes_extended_connect();
}

template <class T>
std::span<const std::byte> http2_connection<T>::take_content(stream& s) {
  const bool credited = s.reader_has_some();
  const auto part = s.take_content();
  if (credited) flush();
  return part;
}

template <class T>
void http2_connection<T>::flush() {
  if (idle_writer_ && session_.wants_write()) schedule();
}

template <class T>
void http2_connection<T>::give_up(stream& s) noexcept {
  const std::size_t open = session_.open_streams();
  s.cancel();
  if (session_.failure()) return;
  if (session_.open_streams() != open) {
    // If the peer sends nothing any more, the next request must not wait in vain too.
    if (reading_ && transport_.now() - keepalive_.since() >= doubtful_silence)
      request_abandoned_in_silence_ = true;
    if (request_abandoned_in_silence_ || (reading_ && session_.open_streams() == 0)) ask();
    tell_capacity();
  }
  flush();
}

template <class T>
bool http2_connection<T>::usable() noexcept {
  if (!reading_ && !wants_read()) {
    for (int reads = 0; reads < reads_at_a_time && !session_.failure(); ++reads) {
      const auto got = tls_stream_.receive_at_once();
      if (!got) break;
      keepalive_.begin(transport_.now());
      take(*got);
    }
    flush();
  }
  return session_.capacity() != 0;
}

template <class T>
std::size_t http2_connection<T>::capacity() const noexcept {
  return request_abandoned_in_silence_ ? 0 : session_.capacity();
}

template <class T>
void http2_connection<T>::on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept {
  capacity_changed_ = f;
  capacity_arguments_ = {a, b};
}

template <class T>
bool http2_connection<T>::outlives_streams() const noexcept {
  return session_.capacity() != 0;
}

template <class T>
void http2_connection<T>::close() noexcept {
  if (std::exchange(closed_, true)) return;
  std::span<const std::byte> last;
  try {
    session_.close();
    if (sending_.empty()) last = session_.outgoing().data();
  } catch (const std::bad_alloc&) {  // then no GOAWAY is sent
  }
  tls_stream_.close(last);
}

template <class T>
void http2_connection<T>::change::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  list_.append(*this);
  on_stop_.emplace(stop_, on_stop{this});
}

template <class T>
bool http2_connection<T>::change::await_resume() noexcept {
  on_stop_.reset();
  return !stop_.stop_requested();
}

template <class T>
bool http2_connection<T>::deliver::await_suspend(std::coroutine_handle<>) const noexcept {
  return !self->turn();
}

template <class T>
owned_coroutine<void> http2_connection<T>::read_loop() {
  while (true) try {
      if (!wants_read()) {
        tls_stream_.release_memory();  // an idle connection needs no buffers
        co_await idle{idle_reader_};
      }
      reading_ = true;
      auto got = co_await tls_stream_.receive({});
      reading_ = false;
      keepalive_.begin(transport_.now());
      request_abandoned_in_silence_ = false;
      take(got);
      reads_left_ = reads_at_a_time;
      do {
        // Process the bytes that arrived together before any awaiter is resumed.
        while (!session_.failure()) {
          const auto more = tls_stream_.receive_buffered();
          if (!more) break;
          take(*more);
        }
        collect();
        co_await deliver{this};
      } while (std::exchange(more_came_, false));
      reads_left_ = 0;
    } catch (const std::bad_alloc&) {
      reading_ = false;
      lose_for_memory();
    }
}

template <class T>
bool http2_connection<T>::more_comes() noexcept try {
  if (more_came_ || reads_left_ == 0 || session_.open_streams() < 2) return more_came_;
  --reads_left_;
  more_came_ = tls_stream_.fill_at_once();
  if (more_came_) keepalive_.begin(transport_.now());
  return more_came_;
} catch (const std::bad_alloc&) {
  return false;  // the next read reports it
}

template <class T>
void http2_connection<T>::take(const result<std::span<const std::byte>>& got) noexcept {
  const std::size_t pongs = session_.pongs();
  try {
    if (!got)
      session_.connection_lost(write_error_ ? write_error_ : got.error());
    else if (got->empty())
      session_.connection_lost(write_error_);
    else
      (void)session_.receive(*got, keepalive_.since());
  } catch (const std::bad_alloc&) {
    session_.connection_lost(out_of_memory());
  }
  if (session_.pongs() == pongs) return;
  keepalive_.answered();
  if (watching_) set_watch();  // the next PING may be due before the answer was
}

template <class T>
owned_coroutine<void> http2_connection<T>::write_loop() {
  co_await idle{idle_writer_};
  while (true) try {
      if (!fetch()) {
        co_await idle{idle_writer_};
        continue;
      }
      const std::size_t size = sending_.size();
      auto sent = co_await tls_stream_.write(sending_.data(), {});
      sending_.clear();
      // Sent content counts as a sign of life too, because frames behind it, such as a PING, take
      // their time.
      if (sent && size >= bulk) keepalive_.begin(transport_.now());
      // The peer may have sent the reason. The read loop finds it then.
      if (!sent) {
        write_error_ = std::move(sent).error();
        if (write_error_->category() != error_category::peer_closed)
          session_.connection_lost(write_error_);
      }
      collect();
      co_await deliver{this};
    } catch (const std::bad_alloc&) {
      write_error_ = out_of_memory();  // it is unknown how much of it was sent
      lose_for_memory();
    }
}

template <class T>
bool http2_connection<T>::fetch() noexcept {
  if (write_error_) return false;
  try {
    std::swap(sending_, session_.outgoing());
  } catch (const std::bad_alloc&) {
    session_.connection_lost(out_of_memory());
  }
  collect();
  return !sending_.empty();
}

template <class T>
bool http2_connection<T>::wants_read() const noexcept {
  return (session_.open_streams() != 0 || keepalive_.asked() || !settling_.empty()) &&
         !session_.failure();
}

template <class T>
bool http2_connection<T>::wants_write() const noexcept {
  return !write_error_ && session_.wants_write();
}

template <class T>
void http2_connection<T>::collect() noexcept {
  while (http2::stream* changed = session_.next_changed())
    move_to_ready(static_cast<stream*>(changed)->waiting_);
  if (session_.settled() || session_.failure()) move_to_ready(settling_);
}

template <class T>
void http2_connection<T>::move_to_ready(intrusive_list_node& list) noexcept {
  while (!list.empty()) ready_.append(*list.next);
}

template <class T>
void http2_connection<T>::ask() noexcept {
  if (keepalive_.asked()) return;
  keepalive_.ask(transport_.now());
  session_.ping();
  if (watching_) set_watch();
}

template <class T>
void http2_connection<T>::watch() noexcept {
  if (wants_read() == watching_) return;
  watching_ = !watching_;
  if (!watching_) return watch_.cancel();
  keepalive_.begin(transport_.now());  // the peer had nothing to send until now
  set_watch();
}

template <class T>
void http2_connection<T>::set_watch() noexcept {
  if (const time_point due = keepalive_.due(); due != never)
    watch_.set(
        due, [](void* self) noexcept { static_cast<http2_connection*>(self)->look(); }, this);
}

template <class T>
void http2_connection<T>::look() noexcept try {
  if (transport_.now() < keepalive_.due()) return set_watch();
  if (keepalive_.asked()) {
    session_.connection_lost(error(error_category::peer_closed, "peer_unresponsive",
                                   "the server sent nothing for " +
                                       describe(transport_.now() - keepalive_.since()) +
                                       ", not even an answer to a PING (RFC 9113, 6.7)"));
    collect();
  } else {
    ask();
  }
  schedule();
} catch (const std::bad_alloc&) {
  lose_for_memory();
}

template <class T>
void http2_connection<T>::lose_for_memory() noexcept {
  session_.connection_lost(out_of_memory());
  collect();
  schedule();
}

template <class T>
void http2_connection<T>::tell_capacity() noexcept {
  const standing now{capacity(), outlives_streams()};
  if (now == announced_state_ || !capacity_changed_) return;
  announced_state_ = now;
  capacity_changed_(capacity_arguments_.first, capacity_arguments_.second);
}

template <class T>
void http2_connection<T>::schedule() noexcept {
  if (in_turn_ || std::exchange(scheduled_, true)) return;
  soon_.set(
      time_point::min(),
      [](void* mine) noexcept {
        auto& self = *static_cast<http2_connection*>(mine);
        self.scheduled_ = false;
        if (!self.in_turn_) (void)self.turn();
      },
      this);
}

template <class T>
bool http2_connection<T>::turn() noexcept {
  bool gone = false;
  destroyed_flag_ = &gone;
  in_turn_ = true;
  do {
    tell_capacity();
    if (gone) return false;
    while (!ready_.empty()) {
      auto& next = static_cast<change&>(*ready_.next);
      next.unlink();
      next.waiter_.resume();
      if (gone) return false;
    }
    if (idle_reader_ && wants_read()) std::exchange(idle_reader_, nullptr).resume();
    if (idle_writer_ && wants_write() && !more_comes())
      std::exchange(idle_writer_, nullptr).resume();
  } while (!ready_.empty());
  watch();
  in_turn_ = false;
  destroyed_flag_ = nullptr;
  return true;
}

}  // namespace cohttps::detail

#endif
