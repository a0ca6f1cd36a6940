// Many requests at a time over one HTTP/2 connection.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/session.hpp>
#include <cohttps/net/background.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http2_options.hpp>
#include <cohttps/net/link.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/net/silence.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace cohttps::net {

/// The bytes of a connection, carried between a channel and a session.
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
    detail::link waiting_;
  };

  http2_connection(channel bytes, const http2::limits& bounds, const http2_options& options,
                   any_transport transport, std::shared_ptr<const connection_info> about)
      : connection(std::move(about)),
        channel_(std::move(bytes)),
        session_(bounds),
        told_{session_.capacity(), true},
        transport_(std::move(transport)),
        silence_(options),
        watch_(transport_.make_timer()),
        soon_(transport_.make_timer()),
        reading_(read_loop()),
        writing_(write_loop()) {
    channel_.split();
    (void)out_of_memory();
    schedule();  // the server need not wait for the first request to hear our settings
  }
  http2_connection(const http2_connection&) = delete;
  http2_connection& operator=(const http2_connection&) = delete;
  ~http2_connection() override {
    if (gone_) *gone_ = true;
    close();
  }

  inline http_stream_ptr open_stream() override;

  result<void> open(stream& s, const http2::request_head& request) {
    auto opened = session_.open(s, request);
    if (opened) schedule();
    return opened;
  }

  /// Gives true once something has changed about `s`, false when a stop came first.
  auto changed(stream& s, stop_token stop) noexcept { return change(*this, s.waiting_, stop); }
  /// Resumes whoever waits for a change of `s`, in the loop's next turn.
  void wake(stream& s) noexcept {
    move_to_ready(s.waiting_);
    schedule();
  }

  /// Gives true once the peer's settings are known, or never will be, false when a stop came first.
  task<bool> settings_known(stop_token stop) override {
    schedule();
    co_return co_await change(*this, session_.settled() || session_.failure() ? ready_ : settling_,
                              stop);
  }
  bool takes_extended_connect() const noexcept override {
    return session_.peer_takes_extended_connect();
  }

  /// The next content of `s`; the peer may send as much again as was taken before.
  std::span<const std::byte> take_content(stream& s) {
    const bool credited = s.reader_has_some();
    const auto part = s.take_content();
    if (credited) flush();
    return part;
  }

  /// To be called after a stream was given content.
  void flush() {
    if (idle_writer_ && session_.wants_write()) schedule();
  }

  /// Ends a stream, whether it is over or not.
  void give_up(stream& s) noexcept {
    const std::size_t open = session_.open_streams();
    s.cancel();
    if (session_.failure()) return;
    if (session_.open_streams() != open) {
      // Where nothing comes any more, the next request must not wait for nothing too.
      if (reads_ && transport_.now() - silence_.since() >= doubtful_silence) doubted_ = true;
      if (doubted_ || (reads_ && session_.open_streams() == 0)) ask();
      tell_capacity();
    }
    flush();
  }

  /// False when the connection takes no more requests. What an idle peer has sent meanwhile is
  /// looked at: settings, pings, a goodbye.
  bool usable() noexcept override {
    if (!reads_ && !wants_read()) {
      for (int reads = 0; reads < reads_at_a_time && !session_.failure(); ++reads) {
        const auto got = channel_.receive_at_once();
        if (!got) break;
        silence_.begin(transport_.now());
        take(*got);
      }
      flush();
    }
    return session_.capacity() != 0;
  }

  /// Requests at a time; 0 when it takes no more, or none until the peer was heard again.
  std::size_t capacity() const noexcept override { return doubted_ ? 0 : session_.capacity(); }
  /// Calls `f(a, b)` whenever `capacity` or `reusable` has changed, from the loop.
  void on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept override {
    capacity_changed_ = f;
    capacity_arguments_ = {a, b};
  }

  /// True when it can be kept for other requests.
  bool outlives_streams() const noexcept override { return session_.capacity() != 0; }

  /// The peer is going away, and has looked at one of the requests at least.
  bool is_http2() const noexcept override { return true; }
  bool took_some() const noexcept override { return session_.took_some(); }

  /// Says goodbye as far as that needs no waiting, and closes.
  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    std::span<const std::byte> last;
    try {
      session_.close();
      if (sending_.empty()) last = session_.outgoing().data();
    } catch (const std::bad_alloc&) {  // then without a word
    }
    channel_.close(last);
  }

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
  class change : detail::link {
   public:
    change(http2_connection& of, detail::link& list, stop_token stop) noexcept
        : of_(of), list_(list), stop_(stop) {}

    bool await_ready() const noexcept { return stop_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      list_.append(*this);
      on_stop_.emplace(stop_, on_stop{this});
    }
    bool await_resume() noexcept {
      on_stop_.reset();
      return !stop_.stop_requested();
    }

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
    detail::link& list_;
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
    bool await_suspend(std::coroutine_handle<>) const noexcept { return !self->turn(); }
    void await_resume() const noexcept {}
  };

  detail::background read_loop() {
    while (true) try {
        if (!wants_read()) {
          channel_.release_memory();  // to whoever is not idle
          co_await idle{idle_reader_};
        }
        reads_ = true;
        auto got = co_await channel_.receive({});
        reads_ = false;
        silence_.begin(transport_.now());
        doubted_ = false;
        take(got);
        reads_left_ = reads_at_a_time;
        do {
          // What came together goes on together.
          while (!session_.failure()) {
            const auto more = channel_.receive_buffered();
            if (!more) break;
            take(*more);
          }
          collect();
          co_await deliver{this};
        } while (std::exchange(more_came_, false));
        reads_left_ = 0;
      } catch (const std::bad_alloc&) {
        reads_ = false;
        lose_for_memory();
      }
  }

  /// Before something is written: whether more answers have come, within a few reads.
  bool more_comes() noexcept try {
    if (more_came_ || reads_left_ == 0 || session_.open_streams() < 2) return more_came_;
    --reads_left_;
    more_came_ = channel_.fill_at_once();
    if (more_came_) silence_.begin(transport_.now());
    return more_came_;
  } catch (const std::bad_alloc&) {
    return false;  // the next read will say so
  }

  void take(const result<std::span<const std::byte>>& got) noexcept {
    const std::size_t pongs = session_.pongs();
    try {
      if (!got)
        session_.connection_lost(write_error_ ? write_error_ : got.error());
      else if (got->empty())
        session_.connection_lost(write_error_);
      else
        (void)session_.receive(*got, silence_.since());
    } catch (const std::bad_alloc&) {
      session_.connection_lost(out_of_memory());
    }
    if (session_.pongs() == pongs) return;
    silence_.answered();
    if (watching_) set_watch();  // the next question may be due before this answer was
  }

  detail::background write_loop() {
    co_await idle{idle_writer_};
    while (true) try {
        if (!fetch()) {
          co_await idle{idle_writer_};
          continue;
        }
        const std::size_t size = sending_.size();
        auto sent = co_await channel_.write(sending_.data(), {});
        sending_.clear();
        // Content that goes is a sign of life too: what is behind it, such as a PING, takes its
        // time.
        if (sent && size >= bulk) silence_.begin(transport_.now());
        // The peer may have sent the reason: the reader finds it.
        if (!sent) {
          write_error_ = std::move(sent).error();
          if (write_error_->category() != error_category::peer_closed)
            session_.connection_lost(write_error_);
        }
        collect();
        co_await deliver{this};
      } catch (const std::bad_alloc&) {
        write_error_ = out_of_memory();  // nobody knows how much of it went
        lose_for_memory();
      }
  }

  bool fetch() noexcept {
    if (write_error_) return false;
    try {
      std::swap(sending_, session_.outgoing());
    } catch (const std::bad_alloc&) {
      session_.connection_lost(out_of_memory());
    }
    collect();
    return !sending_.empty();
  }

  bool wants_read() const noexcept {
    return (session_.open_streams() != 0 || silence_.asked() || !settling_.empty()) &&
           !session_.failure();
  }
  bool wants_write() const noexcept { return !write_error_ && session_.wants_write(); }

  /// Notes who has something to look at.
  void collect() noexcept {
    while (http2::stream* changed = session_.next_changed())
      move_to_ready(static_cast<stream*>(changed)->waiting_);
    if (session_.settled() || session_.failure()) move_to_ready(settling_);
  }
  void move_to_ready(detail::link& list) noexcept {
    while (!list.empty()) ready_.append(*list.next);
  }

  // ---- whether anybody is there ----------------------------------------------------------------

  void ask() noexcept {
    if (silence_.asked()) return;
    silence_.ask(transport_.now());
    session_.ping();
    if (watching_) set_watch();
  }

  /// The timer runs while something is waited for. It is set once and looks at what has come since.
  void watch() noexcept {
    if (wants_read() == watching_) return;
    watching_ = !watching_;
    if (!watching_) return watch_.cancel();
    silence_.begin(transport_.now());  // nothing was to be heard until now
    set_watch();
  }
  void set_watch() noexcept {
    if (const time_point due = silence_.due(); due != never)
      watch_.set(
          due, [](void* self) noexcept { static_cast<http2_connection*>(self)->look(); }, this);
  }
  void look() noexcept try {
    if (transport_.now() < silence_.due()) return set_watch();
    if (silence_.asked()) {
      session_.connection_lost(error(error_category::peer_closed, "peer_unresponsive",
                                     "the server sent nothing for " +
                                         describe(transport_.now() - silence_.since()) +
                                         ", not even an answer to a PING (RFC 9113, 6.7)"));
      collect();
    } else {
      ask();
    }
    schedule();
  } catch (const std::bad_alloc&) {
    lose_for_memory();
  }
  void lose_for_memory() noexcept {
    session_.connection_lost(out_of_memory());
    collect();
    schedule();
  }

  void tell_capacity() noexcept {
    const standing now{capacity(), outlives_streams()};
    if (now == told_ || !capacity_changed_) return;
    told_ = now;
    capacity_changed_(capacity_arguments_.first, capacity_arguments_.second);
  }

  /// A turn of the loop soon: requests that begin in one go out together.
  void schedule() noexcept {
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

  /// Resumes whoever has something to look at and starts what there is to read and write. False
  /// when one of those that were resumed has destroyed the connection.
  bool turn() noexcept {
    bool gone = false;
    gone_ = &gone;
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
    gone_ = nullptr;
    return true;
  }

  channel channel_;
  http2::session session_;
  buffer sending_;
  std::optional<error> write_error_;
  detail::link ready_;
  detail::link settling_;
  standing told_;
  void (*capacity_changed_)(void*, void*) = nullptr;
  std::pair<void*, void*> capacity_arguments_;
  any_transport transport_;
  silence silence_;
  any_timer watch_;
  any_timer soon_;  // for the loop's next turn
  bool watching_ = false;
  bool doubted_ = false;  // a request was given up in a silence that has gone on since
  bool* gone_ = nullptr;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool reads_ = false;  // a read is under way
  int reads_left_ = 0;  // until something has to be written; 0 also when nothing was read
  bool more_came_ = false;
  bool closed_ = false;
  std::coroutine_handle<> idle_reader_;
  std::coroutine_handle<> idle_writer_;
  detail::background reading_;
  detail::background writing_;
};

}  // namespace cohttps::net

#endif
