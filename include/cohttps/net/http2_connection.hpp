// Many requests at a time over one HTTP/2 connection.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/session.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/transport/concepts.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace cohttps::net {

namespace detail {

/// A coroutine that belongs to an object: it begins with it and is destroyed with it, wherever it
/// waits.
class background {
 public:
  struct promise_type : recycled_frame {
    background get_return_object() noexcept {
      return background(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };

  explicit background(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  background(background&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  background& operator=(background&&) = delete;
  ~background() {
    if (frame_) frame_.destroy();
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

/// A member of one list at a time.
struct link {
  link() = default;
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() { unlink(); }

  bool empty() const noexcept { return next == this; }
  void unlink() noexcept {
    next->previous = previous;
    previous->next = next;
    next = previous = this;
  }
  /// Moves `other` to the end of the list whose head this is.
  void append(link& other) noexcept {
    other.unlink();
    other.previous = previous;
    other.next = this;
    previous->next = &other;
    previous = &other;
  }

  link* next = this;
  link* previous = this;
};

}  // namespace detail

/// The bytes of a connection, carried between a channel and a session.
///
/// Two coroutines of its own do that, for as long as a request is open: what a request waits for
/// comes in whoever else is stopped meanwhile. When none is open nothing is read, so that nothing
/// keeps an event loop alive.
///
/// ```
///   streams ── session ──▶ write_loop ──▶ channel
///      ▲          ▲                          │
///   deliver       └──────── read_loop ◀──────┘
/// ```
/// Not movable: streams and the loop's calls point at it.
template <transport Transport>
class http2_connection {
 public:
  using channel_type = channel<typename Transport::stream_type>;

  /// A request of this connection, and who waits for a change of it.
  class stream : public http2::stream {
   private:
    friend http2_connection;
    detail::link waiting_;
  };

  http2_connection(channel_type bytes, const http2::limits& bounds, Transport transport)
      : channel_(std::move(bytes)),
        session_(bounds),
        told_capacity_(session_.capacity()),
        transport_(std::move(transport)),
        alive_(std::make_shared<http2_connection*>(this)),
        reading_(read_loop()),
        writing_(write_loop()) {
    channel_.split();
    schedule();  // the server need not wait for the first request to hear our settings
  }
  http2_connection(const http2_connection&) = delete;
  http2_connection& operator=(const http2_connection&) = delete;
  ~http2_connection() {
    *alive_ = nullptr;
    if (gone_) *gone_ = true;
  }

  result<void> open(stream& s, const http2::request_head& request) {
    auto opened = session_.open(s, request);
    if (opened) schedule();
    return opened;
  }

  /// Gives true once something has changed about `s`, false when a stop came first.
  auto changed(stream& s, stop_token stop) noexcept { return change(*this, s, stop); }

  /// To be called after a stream was given or has given content, or was canceled.
  void flush() {
    if (idle_writer_ && session_.wants_write()) schedule();
  }

  /// False when the connection takes no more requests. What an idle peer has sent meanwhile is
  /// looked at: settings, pings, a goodbye.
  bool usable() {
    if (!reads_ && session_.open_streams() == 0) {
      while (auto got = channel_.receive_at_once()) {
        if (got->empty()) session_.connection_lost();
        if (!session_.receive(*got, transport_.now())) break;
      }
      flush();
    }
    return session_.capacity() != 0;
  }

  /// Requests at a time; 0 when it takes no more.
  std::size_t capacity() const noexcept { return session_.capacity(); }
  /// Calls `f(a, b)` whenever the capacity has changed, from the loop.
  void on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept {
    capacity_changed_ = f;
    capacity_arguments_ = {a, b};
  }

  /// True when it can be kept: a read that nobody needs any more cannot be taken back.
  bool reusable() const noexcept {
    return session_.capacity() != 0 && !(reads_ && session_.open_streams() == 0);
  }

  /// Says goodbye as far as that needs no waiting, and closes.
  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    try {
      session_.close();
      if (sending_.empty()) channel_.write_at_once(session_.outgoing().data());
    } catch (const std::bad_alloc&) {  // then without a word
    }
    channel_.close();
  }

 private:
  /// An awaiter in the list of its stream, or in that of those that are to be resumed.
  class change : detail::link {
   public:
    change(http2_connection& of, stream& s, stop_token stop) noexcept
        : of_(of), stream_(s), stop_(stop) {}

    bool await_ready() const noexcept { return stop_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      stream_.waiting_.append(*this);
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
    stream& stream_;
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
    while (true) {
      if (!wants_read()) co_await idle{idle_reader_};
      reads_ = true;
      auto got = co_await channel_.receive({});
      reads_ = false;
      take(got);
      collect();
      co_await deliver{this};
    }
  }

  void take(const result<std::span<const std::byte>>& got) noexcept {
    try {
      if (!got)
        session_.connection_lost(write_error_ ? write_error_ : got.error());
      else if (got->empty())
        session_.connection_lost(write_error_);
      else
        (void)session_.receive(*got, transport_.now());
    } catch (const std::bad_alloc&) {
      session_.connection_lost(out_of_memory());
    }
  }

  detail::background write_loop() {
    co_await idle{idle_writer_};
    while (true) {
      if (!fetch()) {
        co_await idle{idle_writer_};
        continue;
      }
      auto sent = co_await channel_.write(sending_.data(), {});
      sending_.clear();
      // What the peer did, it may have explained: the reader finds out. Nobody could say more about
      // anything else.
      if (!sent) {
        write_error_ = std::move(sent).error();
        if (write_error_->category() != error_category::peer_closed)
          session_.connection_lost(write_error_);
      }
      collect();
      co_await deliver{this};
    }
  }

  /// Takes what is to be written next; false when there is nothing.
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

  static error out_of_memory() {
    return {error_category::limit, "out_of_memory", "there was no memory for what the peer sent"};
  }

  bool wants_read() const noexcept { return session_.open_streams() != 0 && !session_.failure(); }
  bool wants_write() const noexcept { return !write_error_ && session_.wants_write(); }

  /// Notes who has something to look at.
  void collect() noexcept {
    while (http2::stream* changed = session_.next_changed()) {
      detail::link& waiting = static_cast<stream*>(changed)->waiting_;
      while (!waiting.empty()) ready_.append(*waiting.next);
    }
  }

  /// A turn of the loop soon: requests that begin in one go out together.
  void schedule() noexcept {
    if (in_turn_ || std::exchange(scheduled_, true)) return;
    transport_.post([alive = alive_] {
      if (http2_connection* self = *alive) {
        self->scheduled_ = false;
        if (!self->in_turn_) (void)self->turn();
      }
    });
  }

  /// Resumes whoever has something to look at and starts what there is to read and write. False
  /// when one of those that were resumed has destroyed the connection.
  bool turn() noexcept {
    bool gone = false;
    gone_ = &gone;
    in_turn_ = true;
    do {
      if (session_.capacity() != told_capacity_ && capacity_changed_) {
        told_capacity_ = session_.capacity();
        capacity_changed_(capacity_arguments_.first, capacity_arguments_.second);
        if (gone) return false;
      }
      while (!ready_.empty()) {
        auto& next = static_cast<change&>(*ready_.next);
        next.unlink();
        next.waiter_.resume();
        if (gone) return false;
      }
      if (idle_reader_ && wants_read()) std::exchange(idle_reader_, nullptr).resume();
      if (idle_writer_ && wants_write()) std::exchange(idle_writer_, nullptr).resume();
    } while (!ready_.empty());
    in_turn_ = false;
    gone_ = nullptr;
    return true;
  }

  channel_type channel_;
  http2::session session_;
  buffer sending_;
  std::optional<error> write_error_;
  detail::link ready_;
  std::size_t told_capacity_;
  void (*capacity_changed_)(void*, void*) = nullptr;
  std::pair<void*, void*> capacity_arguments_;
  Transport transport_;
  std::shared_ptr<http2_connection*> alive_;
  bool* gone_ = nullptr;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool reads_ = false;  // a read is under way
  bool closed_ = false;
  std::coroutine_handle<> idle_reader_;
  std::coroutine_handle<> idle_writer_;
  detail::background reading_;
  detail::background writing_;
};

}  // namespace cohttps::net

#endif
