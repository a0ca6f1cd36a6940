// An HTTP/2 connection, which carries many requests at a time.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http2_options.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/ping_keepalive.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/intrusive_list_node.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/session.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace cohttps::detail {

/// Carries bytes between a `tls_stream` and a session.
///
/// Two coroutines of the connection do this while a request is open, so a stop of one request does
/// not affect the others. While no request is open, the connection does not read, and it keeps no
/// event loop running. If the last request ends while a read is under way, the connection sends a
/// PING. The answer ends the read; if there is none, the peer is gone.
template <class = void>
class http2_connection final : public connection {
 public:
  /// A request on this connection, and the awaiters of its changes.
  class stream : public http2::stream {
   private:
    friend http2_connection;
    intrusive_list_node waiting_;
  };

  http2_connection(tls_stream bytes, const http2::limits& bounds, const http2_options& options,
                   any_transport transport, std::shared_ptr<const connection_info> about)
      : connection(std::move(about)),
        tls_stream_(std::move(bytes)),
        session_(bounds),
        announced_state_{session_.capacity(), true},
        transport_(std::move(transport)),
        keepalive_(options),
        watch_(transport_.make_timer()),
        soon_(transport_.make_timer()),
        read_loop_(read_loop()),
        write_loop_(write_loop()) {
    read_loop_.start();
    write_loop_.start();
    tls_stream_.split();
    (void)out_of_memory();
    schedule();  // sends our settings before the first request
  }
  http2_connection(const http2_connection&) = delete;
  http2_connection& operator=(const http2_connection&) = delete;
  ~http2_connection() override {
    if (destroyed_flag_) *destroyed_flag_ = true;
    close();
  }

  inline http_stream_ptr open_stream() override;

  result<void> open(stream& s, const http2::request_head& request);

  /// Waits for a change of `s`, and returns true. Returns false if the stop comes first.
  auto changed(stream& s, stop_token stop) noexcept { return change(*this, s.waiting_, stop); }
  /// Resumes the awaiters of changes of `s`, in the loop's next turn.
  void wake(stream& s) noexcept;

  /// Waits until the peer's settings are known or the connection has failed, and returns true.
  /// Returns false if the stop comes first.
  task<bool> settings_known(stop_token stop) override;
  bool takes_extended_connect() const noexcept override;

  /// Returns the next content of `s`. The peer may then send as many more bytes as the previous
  /// call returned.
  std::span<const std::byte> take_content(stream& s);

  /// Schedules a write if there is something to send. Call it after content was given to a stream.
  void flush();

  /// Ends a stream. A stream that is not over is reset.
  void give_up(stream& s) noexcept;

  /// False if the connection takes no more requests. Before it answers, it processes the frames
  /// that the peer has sent in the meantime, such as SETTINGS, PING and GOAWAY.
  bool usable() noexcept override;

  /// Returns how many requests it can carry at a time. With 0 it takes no more, or none until the
  /// peer sends something again.
  std::size_t capacity() const noexcept override;
  /// Calls `f(a, b)` from the event loop whenever `capacity` or `outlives_streams` has changed.
  void on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept override;

  /// True if the connection can be kept for other requests.
  bool outlives_streams() const noexcept override;

  bool has_streams() const noexcept override { return true; }
  bool processed_requests() const noexcept override { return session_.processed_requests(); }

  /// Sends GOAWAY and close_notify, as far as this is possible without waiting, and closes the
  /// connection.
  void close() noexcept;

 private:
  /// The properties that the pool knows of this connection.
  struct standing {
    std::size_t capacity;
    bool reusable;
    friend bool operator==(const standing&, const standing&) = default;
  };

  static constexpr std::chrono::seconds doubtful_silence{1};
  static constexpr std::size_t bulk = 16 * 1024;
  static constexpr int reads_at_a_time = 4;

  /// An awaiter of a change. It is in the list of its stream, or in `ready_`, the list of the
  /// awaiters that `turn` resumes.
  class change : intrusive_list_node {
   public:
    change(http2_connection& of, intrusive_list_node& list, stop_token stop) noexcept
        : of_(of), list_(list), stop_(stop) {}

    bool await_ready() const noexcept { return stop_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter);
    bool await_resume() noexcept;

   private:
    friend http2_connection;
    struct on_stop {
      change* self;
      void operator()() const noexcept {
        self->of_.ready_.append(*self);
        self->of_.schedule();
      }
    };
    http2_connection& of_;
    intrusive_list_node& list_;
    stop_token stop_;
    std::optional<stop_callback<on_stop>> on_stop_;
    std::coroutine_handle<> waiter_;
  };

  /// Suspends the read loop or the write loop until there is work.
  struct idle {
    std::coroutine_handle<>& place;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> loop) const noexcept { place = loop; }
    void await_resume() const noexcept {}
  };

  /// Suspends the calling loop while `turn` resumes awaiters, because an awaiter may destroy the
  /// connection and its loops.
  struct deliver {
    http2_connection* self;
    bool await_ready() const noexcept { return self->in_turn_; }
    bool await_suspend(std::coroutine_handle<>) const noexcept;
    void await_resume() const noexcept {}
  };

  owned_coroutine<void> read_loop();

  /// Called before a write. Returns true if more bytes have arrived, for at most a few reads in
  /// succession: the write then waits until they are processed.
  bool more_comes() noexcept;

  void take(const result<std::span<const std::byte>>& got) noexcept;

  owned_coroutine<void> write_loop();

  bool fetch() noexcept;

  bool wants_read() const noexcept;
  bool wants_write() const noexcept;

  /// Moves the awaiters of changed streams to `ready_`.
  void collect() noexcept;
  void move_to_ready(intrusive_list_node& list) noexcept;

  // ---- whether the peer is alive ---------------------------------------------------------------

  void ask() noexcept;

  /// Starts or stops the timer. It runs while the connection waits for bytes of the peer. It is set
  /// once, and checks the time of the last bytes when it fires.
  void watch() noexcept;
  void set_watch() noexcept;
  void look() noexcept;
  void lose_for_memory() noexcept;

  void tell_capacity() noexcept;

  /// Schedules a `turn` in the loop's next turn. Requests that begin until then are sent together.
  void schedule() noexcept;

  /// Resumes the awaiters in `ready_`, and the loops if there is something to read or write.
  /// Returns false if a resumed awaiter has destroyed the connection.
  bool turn() noexcept;

  tls_stream tls_stream_;
  http2::session session_;
  buffer sending_;
  std::optional<error> write_error_;
  intrusive_list_node ready_;
  intrusive_list_node settling_;
  standing announced_state_;
  void (*capacity_changed_)(void*, void*) = nullptr;
  std::pair<void*, void*> capacity_arguments_;
  any_transport transport_;
  ping_keepalive keepalive_;
  any_timer watch_;
  any_timer soon_;  // calls `turn` in the loop's next turn
  bool watching_ = false;
  bool request_abandoned_in_silence_ =
      false;  // a request was given up, and the peer has sent nothing since
  bool* destroyed_flag_ = nullptr;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool reading_ = false;  // a read is under way
  int reads_left_ = 0;    // reads that may still delay a write; 0 outside of a read
  bool more_came_ = false;
  bool closed_ = false;
  std::coroutine_handle<> idle_reader_;
  std::coroutine_handle<> idle_writer_;
  owned_coroutine<void> read_loop_;
  owned_coroutine<void> write_loop_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/http2_connection.ipp>
#endif

#endif
