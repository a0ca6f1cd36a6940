// Definitions for http3_connection.hpp.
#pragma once

#include <cohttps/connection/http3_connection.hpp>

#ifdef COHTTPS_HAS_NGTCP2

namespace cohttps::detail {

template <class T>
task<result<void>> http3_connection<T>::handshake(std::shared_ptr<quic::address_tokens> tokens,
                                                  std::string server,
                                                  std::chrono::system_clock::time_point date,
                                                  stop_token stop) {
  heard_ = transport_.now();
  tokens_ = std::move(tokens);
  server_ = std::move(server);
  auto started = quic_.start(heard_, date, tokens_->take(token_key()));
  if (!started) co_return started;
  handshaking_ = dirty_ = true;
  schedule();
  while (!quic_.handshake_done() && !quic_.failure()) {
    const bool changed = co_await change(*this, settling_, stop);
    if (!changed)
      co_return fail(error_category::canceled, "canceled", "the operation was canceled");
  }
  handshaking_ = false;
  if (socket_error_) co_return std::unexpected(*socket_error_);
  if (quic_.failure()) co_return std::unexpected(*quic_.failure());
  co_return result<void>();
}

template <class T>
task<result<void>> http3_connection<T>::conclude_revocation(stop_token) {
  auto concluded = quic_.handshake().conclude_revocation();
  if (!concluded) {
    quic_.refuse(concluded.error());
    check();
  }
  co_return concluded;
}

template <class T>
http_stream_ptr http3_connection<T>::open_stream() {
  return http_stream_ptr(new multiplexed_stream<http3_connection<>>(*this));
}

template <class T>
result<void> http3_connection<T>::open(stream& s, const http3::request_head& request) {
  if (!wants_read()) {  // the peer had nothing to send until now
    heard_ = transport_.now();
    address_checks_ = 0;
  }
  auto opened = session_.open(s, request);
  if (opened) schedule();
  return opened;
}

template <class T>
void http3_connection<T>::wake(stream& s) noexcept {
  move_to_ready(s.waiting_);
  schedule();
}

template <class T>
task<bool> http3_connection<T>::settings_known(stop_token stop) {
  while (!session_.settled() && !quic_.failure()) {
    schedule();
    const bool changed = co_await change(*this, settling_, stop);
    if (!changed) co_return false;
  }
  co_return true;
}

template <class T>
std::span<const std::byte> http3_connection<T>::take_content(stream& s) {
  const bool credited = s.reader_has_some();
  const auto part = s.take_content();
  if (credited) {
    dirty_ = true;
    flush();
  }
  return part;
}

template <class T>
void http3_connection<T>::flush() {
  if (idle_writer_ && wants_write()) schedule();
}

template <class T>
void http3_connection<T>::give_up(stream& s) noexcept {
  const std::size_t open = session_.open_streams();
  s.cancel();
  if (quic_.failure()) return;
  if (session_.open_streams() == open) return;
  dirty_ = true;
  tell_capacity();
  schedule();
}

template <class T>
bool http3_connection<T>::usable() noexcept {
  if (!reading_) {
    // Datagrams that came long ago must not keep a connection that was idle for too long.
    try {
      if (!quic_.failure()) (void)quic_.expire(transport_.now());
    } catch (const std::bad_alloc&) {
      lose(out_of_memory());
    }
    drain();
    dirty_ = true;
    check();
    flush();
  }
  return session_.capacity() != 0;
}

template <class T>
void http3_connection<T>::on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept {
  capacity_changed_ = f;
  capacity_arguments_ = {a, b};
}

template <class T>
void http3_connection<T>::release_memory() noexcept {
  if (reading_ || session_.open_streams() != 0) return;
  receiving_.reset();
  if (next_.size == 0) sending_.reset();
}

template <class T>
void http3_connection<T>::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (!reading_ && quic_.handshake_done()) drain();  // a ticket may have come
  quic::outgoing last;
  try {
    if (tokens_) tokens_->keep(token_key(), quic_.token());
    session_.close();
    quic_.close(static_cast<std::uint64_t>(http3::error_code::no_error));
    last = quic_.produce(send_buffer(), transport_.now());
  } catch (const std::bad_alloc&) {  // then the peer finds out by itself
  }
  socket_.close({sending_.get(), last.size});
}

template <class T>
void http3_connection<T>::change::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  list_.append(*this);
  on_stop_.emplace(stop_, on_stop{this});
}

template <class T>
bool http3_connection<T>::change::await_resume() noexcept {
  on_stop_.reset();
  return !stop_.stop_requested();
}

template <class T>
owned_coroutine<void> http3_connection<T>::read_loop() {
  while (true) try {
      if (!wants_read()) {
        receiving_.reset();
        co_await idle{idle_reader_};
        continue;
      }
      end_of_read_.reset();
      reading_ = true;
      const auto path = migrations_;
      auto filled = co_await socket_.receive(slots(), end_of_read_);
      reading_ = false;
      if (path != migrations_) leave_previous_socket();
      if (filled) {
        if (path == migrations_) take(slots().first(*filled));
      } else if (filled.error().category() != error_category::canceled && handshaking_) {
        // Later on, what the network reports about single packets may be forged or pass by.
        socket_error_ = std::move(filled).error();
        lose(*socket_error_);
      }
      check();
      co_await deliver{this};
    } catch (const std::bad_alloc&) {
      reading_ = false;
      lose(out_of_memory());
      schedule();
    }
}

template <class T>
std::span<datagram_slot> http3_connection<T>::slots() {
  if (!receiving_) receiving_.reset(new receive_buffer);
  return receiving_->slots;
}

template <class T>
std::span<std::byte> http3_connection<T>::send_buffer() {
  if (!sending_) sending_ = std::make_unique_for_overwrite<std::byte[]>(send_size);
  return {sending_.get(), send_size};
}

template <class T>
void http3_connection<T>::take(std::span<const datagram_slot> arrived) noexcept try {
  if (arrived.empty() || quic_.failure()) return;
  heard_ = transport_.now();
  address_checks_ = 0;
  dirty_ = true;
  for (const auto& [memory, layout] : arrived) {
    std::span<const std::byte> all = memory.first(layout.size);
    while (!all.empty()) {
      const auto one = all.first(std::min(layout.segment, all.size()));
      auto taken = quic_.receive(one, static_cast<std::uint8_t>(layout.mark), heard_);
      if (!taken) return;
      all = all.subspan(one.size());
    }
  }
} catch (const std::bad_alloc&) {
  lose(out_of_memory());
}

template <class T>
void http3_connection<T>::drain() noexcept try {
  const auto in = slots();
  for (int i = 0; i < receives_at_a_time && !quic_.failure(); ++i) {
    const std::size_t filled = socket_.try_receive(in);
    take(in.first(filled));
    if (filled < in.size()) return;
  }
} catch (const std::bad_alloc&) {
  lose(out_of_memory());
}

template <class T>
owned_coroutine<void> http3_connection<T>::write_loop() {
  co_await idle{idle_writer_};
  while (true) try {
      if (!fetch()) {
        co_await deliver{this};
        if (wants_write()) continue;
        if (!wants_read()) sending_.reset();
        co_await idle{idle_writer_};
        continue;
      }
      writing_ = true;
      const auto path = migrations_;
      auto sent = co_await socket_.send({sending_.get(), next_.size}, next_, {});
      writing_ = false;
      next_ = {};
      if (path != migrations_) leave_previous_socket();
      if (!sent && !handshaking_ && path == migrations_) check_address();
      if (!sent && handshaking_ && sent.error().category() != error_category::canceled) {
        socket_error_ = std::move(sent).error();
        lose(*socket_error_);
        check();
        co_await deliver{this};
      }
    } catch (const std::bad_alloc&) {
      next_ = {};
      writing_ = false;
      lose(out_of_memory());
      schedule();
    }
}

template <class T>
bool http3_connection<T>::fetch() noexcept {
  if (closed_) return false;
  try {
    const auto made = quic_.produce(send_buffer(), transport_.now());
    next_ = {made.size, made.segment, static_cast<ecn>(made.ecn)};
  } catch (const std::bad_alloc&) {
    lose(out_of_memory());
    next_ = {};
  }
  if (next_.size == 0) {
    dirty_ = false;
    session_.wrote();
  }
  check();
  return next_.size != 0;
}

template <class T>
void http3_connection<T>::check() noexcept {
  if (quic_.failure()) session_.connection_lost(*quic_.failure());
  collect();
}

template <class T>
void http3_connection<T>::lose(error why) noexcept {
  quic_.lose(std::move(why));
  check();
}

template <class T>
void http3_connection<T>::collect() noexcept {
  while (http3::stream* changed = session_.next_changed())
    move_to_ready(static_cast<stream*>(changed)->waiting_);
  move_to_ready(settling_);
}

template <class T>
void http3_connection<T>::move_to_ready(intrusive_list_node& list) noexcept {
  while (!list.empty()) ready_.append(*list.next);
}

template <class T>
time_point http3_connection<T>::silence_ends() const noexcept {
  if (!active_ || handshaking_ || !liveness_.ping_after) return never;
  return later(later(heard_, *liveness_.ping_after), liveness_.ping_answer);
}

template <class T>
time_point http3_connection<T>::address_check() const noexcept {
  if (!active_ || handshaking_) return never;
  // From 250 ms to 8 s.
  const int doublings = std::min(address_checks_, 5);
  return later(std::max(heard_, address_checked_), first_address_check * (1 << doublings));
}

template <class T>
void http3_connection<T>::check_address() noexcept try {
  const time_point now = transport_.now();
  if (now < later(address_checked_, first_address_check)) return;
  address_checked_ = now;
  ++address_checks_;
  if (previous_socket_ || closed_ || has_address(socket_.local())) return;
  auto opened = route_.open(transport_, route_.to, route_.how);
  if (!opened || !quic_.migrate(now)) return;
  ++migrations_;
  previous_operations_ = reading_ + writing_;
  if (previous_operations_ != 0) {
    previous_socket_ = std::move(socket_);
    previous_socket_->close({});  // ends the operations
  }
  socket_ = *std::move(opened);
  dirty_ = true;
  schedule();
} catch (const std::bad_alloc&) {
  lose(out_of_memory());
}

template <class T>
bool http3_connection<T>::has_address(endpoint local) {
  if (local == endpoint{.is_v6 = local.is_v6, .port = local.port}) return true;  // not known
  local.port = 0;
  socket_options how = route_.how;
  how.local_address = std::move(local);
  return route_.open(transport_, route_.to, how).has_value();
}

template <class T>
void http3_connection<T>::set_clock() noexcept {
  const bool active = wants_read();
  if (active != active_) {
    active_ = active;
    // QUIC asks a silent peer for a sign of life by itself (RFC 9000, 10.1.2).
    quic_.keep_alive(active ? liveness_.ping_after : std::nullopt);
  }
  const time_point due = std::min({quic_.due(), silence_ends(), address_check()});
  // The next due time moves with each packet. A timer that ends too early costs less than to set it
  // again for each.
  if (due < clock_set_ || due == never) {
    clock_set_ = due;
    if (due == never) return clock_.cancel();
    clock_.set(
        due, [](void* self) noexcept { static_cast<http3_connection*>(self)->tick(); }, this);
  }
  if (active) return clock_.attach();
  if (clock_.detach()) return;
  clock_set_ = never;
  clock_.cancel();
}

template <class T>
void http3_connection<T>::tick() noexcept try {
  const time_point now = transport_.now();
  clock_set_ = never;
  if (now < std::min({quic_.due(), silence_ends(), address_check()})) return set_clock();
  if (now >= address_check()) check_address();
  if (!quic_.failure()) (void)quic_.expire(now);
  if (!reading_) drain();
  if (now >= silence_ends())
    lose(error(error_category::peer_closed, "peer_unresponsive",
               "the server sent nothing for " + describe(now - heard_) +
                   ", not even an answer to a PING (RFC 9000, 10.1.2)"));
  dirty_ = true;
  check();
  if (!in_turn_) (void)turn();
} catch (const std::bad_alloc&) {
  lose(out_of_memory());
  schedule();
}

template <class T>
void http3_connection<T>::tell_capacity() noexcept {
  const standing now{capacity(), outlives_streams()};
  if (now == announced_state_ || !capacity_changed_) return;
  announced_state_ = now;
  capacity_changed_(capacity_arguments_.first, capacity_arguments_.second);
}

template <class T>
void http3_connection<T>::schedule() noexcept {
  if (in_turn_ || std::exchange(scheduled_, true)) return;
  soon_.set(
      time_point::min(),
      [](void* mine) noexcept {
        auto& self = *static_cast<http3_connection*>(mine);
        self.scheduled_ = false;
        if (!self.in_turn_) (void)self.turn();
      },
      this);
}

template <class T>
bool http3_connection<T>::turn() noexcept {
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
    if (idle_writer_ && wants_write()) std::exchange(idle_writer_, nullptr).resume();
  } while (!ready_.empty());
  if (reading_ && !wants_read()) end_of_read_.request_stop();
  set_clock();
  in_turn_ = false;
  destroyed_flag_ = nullptr;
  return true;
}

}  // namespace cohttps::detail

#endif
