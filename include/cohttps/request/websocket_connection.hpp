// A WebSocket after its opening: who reads, who writes, and when.
#pragma once

#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/websocket.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/websocket/frame.hpp>
#include <cohttps/websocket/reader.hpp>
#include <cohttps/websocket/writer.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace cohttps::detail {

/// The connection after its opening. `in_` is what the exchange has read and the reader has not.
///
/// ```
///   send ───────▶ turn ──▶ frames ──▶ out_ ──▶ exchange     one coroutine writes at a time; before
///   pong, ping,                        ▲                    it ends its turn it also writes the
///   close ─────────────────────────────┘                    control frames that became due
/// ```
template <class = void>
class open_websocket final : public websocket_connection {
  using time_point = cohttps::time_point;

 public:
  open_websocket(std::unique_ptr<open_exchange> opened, any_transport transport,
                 const delivery<websocket_stream>& how,
                 std::optional<websocket::compression_parameters> agreed)
      : exchange_(std::move(opened)),
        transport_(std::move(transport)),
        pong_timeout_(how.pong_timeout),
        close_timeout_(how.close_timeout),
        reader_(how.max_message, agreed),
        writer_(&tls::fill_random<>, agreed, how.compression),
        turn_timer_(transport_.make_timer()),
        close_timer_(transport_.make_timer()),
        receiver_timer_(transport_.make_timer()),
        pong_timer_(transport_.make_timer()),
        received_at_(transport_.now()) {
    protocol = exchange_->state().head.headers.find("sec-websocket-protocol").value_or("");
    compressed = agreed.has_value();
    if (!how.ping_interval) return;
    keepalive_ = keep_alive(*how.ping_interval);
    keepalive_.start();
  }

  const response_metadata& response() const noexcept override { return exchange_->state(); }

  task<result<std::optional<websocket_message>>> receive(bool whole) override;
  task<result<void>> send(std::span<const std::byte> data, bool text,
                          frame_content content) override;
  task<result<std::chrono::nanoseconds>> ping() override;
  task<result<void>> close(std::uint16_t code, std::string reason) override;

 private:
  // ---- receiving -------------------------------------------------------------------------------

  /// Marks that a coroutine receives, and wakes `close` at the end.
  struct receiver {
    explicit receiver(open_websocket& w) noexcept : of(w) { of.receiving_ = true; }
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;
    ~receiver() {
      of.receiving_ = false;
      of.resume_later(of.receiver_timer_, of.end_of_receiver_);
    }
    open_websocket& of;
  };

  /// Gives the bytes of the server to the reader.
  result<void> take_input(result<std::span<const std::byte>> part);
  /// Takes the server's close frame, and answers it.
  task<result<void>> take_close(std::span<const std::byte> reason);
  /// Tells the server why the connection ends.
  task<error> fail_connection(error why);
  void take_pong(std::span<const std::byte> payload);
  /// Reads until the server ends the connection, which is its part (RFC 6455, 7.1.1).
  task<void> drain();
  /// Ends the connection after `close_timeout`.
  void limit_close();

  // ---- sending ---------------------------------------------------------------------------------

  /// The right to write. One coroutine at most waits for it, as only messages do: control frames
  /// leave with whatever is written.
  struct turn {
    explicit turn(open_websocket& w) noexcept : of(w) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      if (waiter && of.turn_waiter_ == waiter) of.turn_waiter_ = nullptr;
      if (!taken) return;
      // A frame that was given up in its middle leaves nothing that could follow it.
      if (!done)
        of.fail_with(error(error_category::canceled, "canceled",
                           "a message was given up while it was being sent"));
      of.sending_ = false;
      of.resume_later(of.turn_timer_, of.turn_waiter_);
    }
    bool await_ready() const noexcept { return !of.sending_; }
    void await_suspend(std::coroutine_handle<> h) noexcept { of.turn_waiter_ = waiter = h; }
    void await_resume() noexcept { of.sending_ = taken = true; }

    open_websocket& of;
    std::coroutine_handle<> waiter;
    bool taken = false;
    bool done = false;
  };

  result<void> check_open();
  /// Also fails when another message is being sent. `part`: the message may have begun before.
  result<void> check_sendable(bool part);
  /// Writes `out_`, and the control frames that are due.
  task<result<void>> write_out();
  result<void> wrote(result<void> sent);
  bool control_frames_due() const noexcept { return pong_due_ || ping_due_ || close_due_; }
  /// Writes the control frames that are due, unless another coroutine is about to.
  task<result<void>> write_control();
  void append_control_frames();

  // ---- the rest --------------------------------------------------------------------------------

  owned_coroutine<void> keep_alive(std::chrono::nanoseconds interval);

  static error no_pong() {
    return {error_category::timeout, "websocket_pong",
            "the server did not answer a ping in time; see websocket_options::pong_timeout"};
  }
  /// Ends the connection below those who read and write.
  void fail_with(error why) {
    if (!failure_) failure_ = std::move(why);
    exchange_->hang_up();
  }
  void resume_later(any_timer& timer, std::coroutine_handle<>& waiter) {
    if (!waiter) return;
    timer.set(
        time_point::min(),
        [](void* at) noexcept {
          const auto address = std::exchange(*static_cast<std::coroutine_handle<>*>(at), nullptr);
          if (address) address.resume();
        },
        &waiter);
  }
  /// Suspends until `resume_later` is called with the same handle.
  struct wait_at {
    explicit wait_at(std::coroutine_handle<>& w) noexcept : where(w) {}
    wait_at(const wait_at&) = delete;
    wait_at& operator=(const wait_at&) = delete;
    ~wait_at() {
      if (self && where == self) where = nullptr;
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) noexcept { where = self = h; }
    void await_resume() const noexcept {}
    std::coroutine_handle<>& where;
    std::coroutine_handle<> self;
  };

  std::unique_ptr<open_exchange> exchange_;
  any_transport transport_;
  const std::chrono::nanoseconds pong_timeout_;
  const std::chrono::nanoseconds close_timeout_;
  std::optional<error> failure_;

  websocket::reader reader_;
  std::span<const std::byte> in_;
  buffer message_;  // of several pieces
  bool receiving_ = false;
  bool close_received_ = false;

  websocket::writer writer_;
  buffer out_;
  bool user_sends_ = false;
  bool sending_ = false;
  std::coroutine_handle<> turn_waiter_;
  any_timer turn_timer_;

  // Control frames that are due. Only the last ping is answered (RFC 6455, 5.5.3), so that a server
  // cannot make a queue of answers.
  bool pong_due_ = false;
  bool ping_due_ = false;
  bool close_due_ = false;
  bool close_sent_ = false;
  std::size_t pong_size_ = 0;
  std::array<std::byte, websocket::max_control_size> pong_{};
  std::uint64_t pings_ = 0;
  std::uint16_t close_code_to_send_ = 0;
  std::string close_reason_to_send_;

  any_timer close_timer_;
  any_timer receiver_timer_;
  std::coroutine_handle<> end_of_receiver_;  // `close`, when another coroutine receives
  any_timer pong_timer_;
  std::coroutine_handle<> pong_waiter_;
  bool pong_received_ = false;
  time_point received_at_;
  owned_coroutine<void> keepalive_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/websocket_connection.ipp>
#endif
