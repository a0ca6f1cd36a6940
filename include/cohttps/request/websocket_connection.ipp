// Definitions for websocket_connection.hpp.
#pragma once

#include <cohttps/request/websocket_connection.hpp>

namespace cohttps::detail {

template <class T>
task<result<std::optional<websocket_message>>> open_websocket<T>::receive(bool whole) {
  // `close` receives too. Whoever calls meanwhile waits for its end.
  while (receiving_ && close_sent_ && !end_of_receiver_) co_await wait_at(end_of_receiver_);
  if (receiving_)
    co_return fail(error_category::usage, "websocket_busy",
                   "another coroutine is receiving from this WebSocket already");
  const receiver self(*this);
  message_.clear();
  while (true) {
    if (failure_) co_return std::unexpected(*failure_);
    if (close_received_) co_return std::nullopt;
    auto event = reader_.next(in_);
    if (!event) co_return std::unexpected(co_await fail_connection(std::move(event).error()));
    using kind = websocket::reader::kind;
    switch (event->what) {
      case kind::need_more: {
        auto more = take_input(co_await exchange_->read());
        if (!more) co_return pass(std::move(more));
        break;
      }
      case kind::data:
        if (!whole || (event->first && event->last))
          co_return websocket_message{event->data, event->text, event->last};
        message_.append(event->data);
        if (event->last) co_return websocket_message{message_.data(), event->text, true};
        break;
      case kind::ping: {
        pong_size_ = event->data.size();
        if (pong_size_ > 0) std::memcpy(pong_.data(), event->data.data(), pong_size_);
        pong_due_ = true;
        auto sent = co_await write_control();
        if (!sent) co_return pass(std::move(sent));
        break;
      }
      case kind::pong:
        take_pong(event->data);
        break;
      case kind::close: {
        auto taken = co_await take_close(event->data);
        if (!taken) co_return pass(std::move(taken));
        break;
      }
    }
  }
}

template <class T>
result<void> open_websocket<T>::take_input(result<std::span<const std::byte>> part) {
  if (keepalive_) received_at_ = transport_.now();
  if (!part)
    fail_with(std::move(part).error());
  else if (part->empty())
    fail_with({error_category::peer_closed, "websocket_aborted",
               "the server ended the connection without a close frame"});
  else
    in_ = *part;
  if (failure_) return std::unexpected(*failure_);
  return {};
}

template <class T>
task<result<void>> open_websocket<T>::take_close(std::span<const std::byte> reason) {
  close_code = reader_.close_code();
  close_reason.assign(reinterpret_cast<const char*>(reason.data()), reason.size());
  close_received_ = true;
  if (!close_sent_) {
    close_due_ = true;
    close_code_to_send_ = close_code;
    auto sent = co_await write_control();
    if (!sent) co_return sent;
  }
  co_await drain();
  co_return result<void>();
}

template <class T>
task<void> open_websocket<T>::drain() {
  limit_close();
  while (true) {
    const auto rest = co_await exchange_->read();
    if (!rest || rest->empty()) break;
  }
  close_timer_.cancel();
}

template <class T>
void open_websocket<T>::limit_close() {
  close_timer_.set(
      later(transport_.now(), close_timeout_),
      [](void* self) noexcept { static_cast<open_websocket*>(self)->exchange_->hang_up(); }, this);
}

template <class T>
task<error> open_websocket<T>::fail_connection(error why) {
  if (!close_sent_) {
    close_due_ = true;
    close_code_to_send_ = reader_.close_code();
    limit_close();
    const auto sent = co_await write_control();
    if (sent) co_await drain();
    close_timer_.cancel();
  }
  fail_with(why);
  co_return why;
}

template <class T>
void open_websocket<T>::take_pong(std::span<const std::byte> payload) {
  std::uint64_t number = 0;
  if (payload.size() != sizeof(number)) return;
  std::memcpy(&number, payload.data(), sizeof(number));
  if (number != pings_) return;
  pong_received_ = true;
  resume_later(pong_timer_, pong_waiter_);
}

template <class T>
result<void> open_websocket<T>::check_open() {
  if (failure_) return std::unexpected(*failure_);
  if (close_sent_ || close_due_)
    return fail(error_category::usage, "websocket_closed",
                "this WebSocket was closed; it sends no more messages");
  return {};
}

template <class T>
result<void> open_websocket<T>::check_sendable(bool part) {
  if (user_sends_ || (writer_.in_message() && !part))
    return fail(error_category::usage, "websocket_busy",
                "another message is being sent over this WebSocket");
  return check_open();
}

template <class T>
task<result<void>> open_websocket<T>::send(std::span<const std::byte> data, bool text,
                                           frame_content content) {
  if (auto able = check_sendable(content != frame_content::message); !able) co_return able;
  struct user {
    explicit user(bool& f) noexcept : flag(f) { flag = true; }
    ~user() { flag = false; }
    bool& flag;
  } sends(user_sends_);
  turn mine(*this);
  co_await mine;
  auto sent = check_open();
  if (sent) {
    if (content == frame_content::message)
      writer_.append_message(out_, text, data);
    else
      writer_.append_piece(out_, text, data, content == frame_content::last_part);
    append_control_frames();
    sent = wrote(co_await exchange_->write(out_.data()));
    if (sent && control_frames_due()) sent = co_await write_out();
  }
  mine.done = true;
  co_return sent;
}

template <class T>
void open_websocket<T>::append_control_frames() {
  using websocket::opcode;
  if (std::exchange(pong_due_, false))
    writer_.append_control(out_, opcode::pong, std::span(pong_).first(pong_size_));
  if (std::exchange(ping_due_, false)) {
    std::array<std::byte, sizeof(pings_)> number;
    std::memcpy(number.data(), &pings_, sizeof(pings_));
    writer_.append_control(out_, opcode::ping, number);
  }
  if (std::exchange(close_due_, false)) {
    writer_.append_close(out_, close_code_to_send_, close_reason_to_send_);
    close_sent_ = true;
  }
}

template <class T>
task<result<void>> open_websocket<T>::write_out() {
  while (true) {
    append_control_frames();
    if (out_.empty()) co_return result<void>();
    auto sent = wrote(co_await exchange_->write(out_.data()));
    if (!sent) co_return sent;
  }
}

template <class T>
result<void> open_websocket<T>::wrote(result<void> sent) {
  out_.clear();
  if (out_.capacity() > 256 * 1024) out_.release();
  if (sent) return sent;
  fail_with(std::move(sent).error());
  return std::unexpected(*failure_);
}

template <class T>
task<result<void>> open_websocket<T>::write_control() {
  if (sending_) co_return result<void>();
  turn mine(*this);
  co_await mine;
  auto sent = co_await write_out();
  mine.done = true;
  co_return sent;
}

template <class T>
task<result<std::chrono::nanoseconds>> open_websocket<T>::ping() {
  if (failure_) co_return std::unexpected(*failure_);
  if (!receiving_ || pong_waiter_)
    co_return fail(error_category::usage, "websocket_ping",
                   pong_waiter_
                       ? "another ping is under way"
                       : "nobody receives from this WebSocket, so that a pong would not be "
                         "seen; call receive in another coroutine");
  const time_point started = transport_.now();
  ++pings_;
  ping_due_ = true;
  pong_received_ = false;
  auto sent = co_await write_control();
  if (!sent) co_return pass(std::move(sent));
  if (!pong_received_) {
    pong_timer_.set(
        later(transport_.now(), pong_timeout_),
        [](void* at) noexcept {
          const auto waiter =
              std::exchange(static_cast<open_websocket*>(at)->pong_waiter_, nullptr);
          if (waiter) waiter.resume();
        },
        this);
    co_await wait_at(pong_waiter_);
  }
  pong_timer_.cancel();
  if (!pong_received_) {
    fail_with(no_pong());
    co_return std::unexpected(*failure_);
  }
  co_return transport_.now() - started;
}

template <class T>
task<result<void>> open_websocket<T>::close(std::uint16_t code, std::string reason) {
  if (code != websocket::close_code::none && !websocket::may_be_sent(code))
    co_return fail(error_category::usage, "websocket_close_code",
                   "the code " + std::to_string(code) + " may not stand in a close frame");
  if (failure_ || close_received_ || close_sent_ || close_due_) co_return result<void>();
  close_due_ = true;
  close_code_to_send_ = code;
  close_reason_to_send_ = std::move(reason);
  limit_close();
  (void)co_await write_control();
  while (!close_received_ && !failure_) {
    if (receiving_)
      co_await wait_at(end_of_receiver_);
    else
      (void)co_await receive(false);
  }
  close_timer_.cancel();
  co_return result<void>();
}

template <class T>
owned_coroutine<void> open_websocket<T>::keep_alive(std::chrono::nanoseconds interval) {
  while (true) {
    co_await sleep_for(transport_, interval);
    if (failure_ || close_received_) co_return;
    const time_point heard = received_at_;
    if (!receiving_ || transport_.now() - heard < interval) continue;
    ++pings_;
    ping_due_ = true;
    (void)co_await write_control();
    co_await sleep_for(transport_, pong_timeout_);
    if (receiving_ && received_at_ == heard) co_return fail_with(no_pong());
  }
}

}  // namespace cohttps::detail
