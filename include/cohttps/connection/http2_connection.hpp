// Many requests at a time over one HTTP/2 connection.
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

/// The bytes of a connection, carried between a `tls_stream` and a session.
///
/// Two coroutines of its own do that while a request is open, so that stopping one request leaves
/// the others alone. Else nothing is read, and nothing keeps an event loop alive. A read that a
/// request leaves behind is ended by a PING, or shows that nobody is there any more.
template <class = void>
class http2_connection final : public connection {
 public:
  /// A request of this connection, and who waits for a change of it.
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
    schedule();  // the server need not wait for the first request to hear our settings
  }
  http2_connection(const http2_connection&) = delete;
  http2_connection& operator=(const http2_connection&) = delete;
  ~http2_connection() override {
    if (destroyed_flag_) *destroyed_flag_ = true;
    close();
  }

  inline http_stream_ptr open_stream() override;

  result<void> open(stream& s, const http2::request_head& request);

  /// Gives true once something has changed about `s`, false when a stop came first.
  auto changed(stream& s, stop_token stop) noexcept { return change(*this, s.waiting_, stop); }
  /// Resumes whoever waits for a change of `s`, in the loop's next turn.
  void wake(stream& s) noexcept;

  /// Gives true once the peer's settings are known, or never will be, false when a stop came first.
  task<bool> settings_known(stop_token stop) override;
  bool takes_extended_connect() const noexcept override;

  /// The next content of `s`; the peer may send as much again as was taken before.
  std::span<const std::byte> take_content(stream& s);

  /// To be called after a stream was given content.
  void flush();

  /// Ends a stream, whether it is over or not.
  void give_up(stream& s) noexcept;

  /// False when the connection takes no more requests. What an idle peer has sent meanwhile is
  /// looked at: settings, pings, a goodbye.
  bool usable() noexcept override;

  /// Requests at a time; 0 when it takes no more, or none until the peer was heard again.
  std::size_t capacity() const noexcept override;
  /// Calls `f(a, b)` whenever `capacity` or `reusable` has changed, from the loop.
  void on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept override;

  /// True when it can be kept for other requests.
  bool outlives_streams() const noexcept override;

  /// The peer is going away, and has looked at one of the requests at least.
  bool is_http2() const noexcept override { return true; }
  bool processed_requests() const noexcept override { return session_.processed_requests(); }

  /// Says goodbye as far as that needs no waiting, and closes.
  void close() noexcept;

 private:
  /// What the pool knows of this connection.
  struct standing {
    std::size_t capacity;
    bool reusable;
    friend bool operator==(const standing&, const standing&) = default;
  };

  static constexpr std::chrono::seconds doubtful_silence{1};
  static constexpr std::size_t bulk = 16 * 1024;
  static constexpr int reads_at_a_time = 4;

  /// An awaiter in the list of its stream, or in that of those that are to be resumed.
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

  /// Where one of the loops waits for work.
  struct idle {
    std::coroutine_handle<>& place;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> loop) const noexcept { place = loop; }
    void await_resume() const noexcept {}
  };

  /// Resumes who waited while the loop that calls is suspended, as that may be the end of it.
  struct deliver {
    http2_connection* self;
    bool await_ready() const noexcept { return self->in_turn_; }
    bool await_suspend(std::coroutine_handle<>) const noexcept;
    void await_resume() const noexcept {}
  };

  owned_coroutine<void> read_loop();

  /// Before something is written: whether more answers have come, within a few reads.
  bool more_comes() noexcept;

  void take(const result<std::span<const std::byte>>& got) noexcept;

  owned_coroutine<void> write_loop();

  bool fetch() noexcept;

  bool wants_read() const noexcept;
  bool wants_write() const noexcept;

  /// Notes who has something to look at.
  void collect() noexcept;
  void move_to_ready(intrusive_list_node& list) noexcept;

  // ---- whether anybody is there ----------------------------------------------------------------

  void ask() noexcept;

  /// The timer runs while something is waited for. It is set once and looks at what has come since.
  void watch() noexcept;
  void set_watch() noexcept;
  void look() noexcept;
  void lose_for_memory() noexcept;

  void tell_capacity() noexcept;

  /// A turn of the loop soon: requests that begin in one go out together.
  void schedule() noexcept;

  /// Resumes whoever has something to look at and starts what there is to read and write. False
  /// when one of those that were resumed has destroyed the connection.
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
  any_timer soon_;  // for the loop's next turn
  bool watching_ = false;
  bool request_abandoned_in_silence_ =
      false;  // a request was given up in a silence that has gone on since
  bool* destroyed_flag_ = nullptr;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool reading_ = false;  // a read is under way
  int reads_left_ = 0;    // until something has to be written; 0 also when nothing was read
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
