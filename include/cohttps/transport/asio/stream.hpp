// A connection with Asio, as a `byte_stream`.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/handler_memory.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace cohttps {

namespace detail {

/// Any stream socket: TCP or Unix domain.
class asio_protocol {
 public:
  using endpoint = asio::generic::basic_endpoint<asio_protocol>;

  asio_protocol(int family, int protocol) noexcept : family_(family), protocol_(protocol) {}
  /// Converts a protocol of Asio. A socket that a `tcp::acceptor` accepted can then be used, too.
  template <class Protocol>
  asio_protocol(const Protocol& other) noexcept
      : family_(other.family()), protocol_(other.protocol()) {}
  int type() const noexcept { return SOCK_STREAM; }
  int family() const noexcept { return family_; }
  int protocol() const noexcept { return protocol_; }

 private:
  int family_;
  int protocol_;
};

/// One pending operation of a connection: the coroutine that waits, and the outcome.
///
/// It belongs to the connection's state and not to the awaiter, because Asio may hold the operation
/// longer than the awaiting coroutine lives. A frame that is destroyed while it waits only resets
/// `waiter`. `number` distinguishes the late end of such an operation from the end of the next one.
struct asio_pending {
  std::coroutine_handle<> waiter;
  asio_error_code code;
  std::size_t size = 0;
  std::size_t number = 0;
  unsigned at_once = 0;  // operations since the last one that took a turn of the loop
  bool filled = false;   // the last read filled its whole span
  handler_memory memory;
};

template <class Executor>
struct basic_asio_stream_state {
  using executor_type = Executor;
  using socket_type = asio::basic_stream_socket<asio_protocol, Executor>;

  explicit basic_asio_stream_state(const Executor& on) : socket(on) {}
  explicit basic_asio_stream_state(asio::io_context& context)
    requires is_loop<Executor>
      : socket(context.get_executor()) {}

  socket_type socket;
  asio_pending reading;
  asio_pending writing;
  reference_count<Executor> references = 0;
};

using asio_stream_state = basic_asio_stream_state<asio_loop>;

/// The completion handler that Asio calls.
template <class State>
class asio_completion : public handler_with_memory<typename State::executor_type> {
 public:
  asio_completion(const shared_state<State>& stream, asio_pending& pending) noexcept
      : handler_with_memory<typename State::executor_type>(pending.memory),
        stream_(stream),
        pending_(&pending),
        number_(++pending.number) {}

  void operator()(const asio_error_code& code, std::size_t size = 0) {
    if (pending_->number != number_) return;
    pending_->code = code;
    pending_->size = size;
    if (auto waiter = std::exchange(pending_->waiter, nullptr)) waiter.resume();
  }

 private:
  shared_state<State> stream_;
  asio_pending* pending_;
  std::size_t number_;
};

COHTTPS_DECL [[gnu::cold]] error make_io_error(const asio_error_code& code, std::string_view verb);

/// Receive or send without waiting, and return the number of bytes. Return 0 as well if the socket
/// is closed or broken.
COHTTPS_DECL std::size_t receive_at_once(int socket, std::span<std::byte> in) noexcept;
COHTTPS_DECL std::size_t send_at_once(int socket, std::span<const std::byte> out,
                                      int more_flags = 0) noexcept;
/// True if the socket is connected, and has received nothing.
COHTTPS_DECL bool is_idle(int socket) noexcept;

/// The awaiter of one operation on a socket. `Action::start` begins the operation with a
/// completion. `Action::finish` converts the outcome to the result.
template <class T, class Action, class State = asio_stream_state>
class asio_operation {
 public:
  asio_operation(shared_state<State> stream, asio_pending& pending, stop_token stop, Action action)
      : stream_(std::move(stream)), pending_(&pending), stop_(stop), action_(std::move(action)) {}
  asio_operation(const asio_operation&) = delete;
  asio_operation& operator=(const asio_operation&) = delete;

  ~asio_operation() {
    if (!suspended_ || !pending_->waiter) return;
    pending_->waiter = nullptr;
    cancel();
  }

  /// If the kernel can complete the operation at once, no turn of the loop is needed. After several
  /// such operations one takes a turn nevertheless, so that no connection makes the others wait.
  bool await_ready() noexcept {
    if (stop_.stop_requested()) {
      pending_->code = asio::error::operation_aborted;
      return true;
    }
    if (pending_->at_once == most_at_once) return false;
    pending_->size = action_.at_once(*stream_);
    if (pending_->size == 0) return false;
    pending_->code = {};
    ++pending_->at_once;
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    pending_->waiter = waiter;
    pending_->at_once = 0;
    suspended_ = true;
    on_stop_.emplace(stop_, on_stop{this});
    action_.start(stream_->socket, asio_completion<State>(stream_, *pending_));
  }
  result<T> await_resume() {
    on_stop_.reset();
    return action_.finish(stream_, pending_->code, pending_->size);
  }

 private:
  struct on_stop {
    asio_operation* self;
    void operator()() const noexcept { self->cancel(); }
  };
  void cancel() noexcept {
    asio_error_code ignored;
    stream_->socket.cancel(ignored);
  }

  static constexpr unsigned most_at_once = 16;

  shared_state<State> stream_;
  asio_pending* pending_;
  stop_token stop_;
  Action action_;
  std::optional<stop_callback<on_stop>> on_stop_;
  bool suspended_ = false;
};

}  // namespace detail

/// A connected socket: TCP with Nagle's algorithm off, or a Unix domain socket. Threads: only the
/// one thread of its `io_context`, or its strand, may use it.
template <class Executor>
class basic_asio_stream {
  using state_type = detail::basic_asio_stream_state<Executor>;

 public:
  explicit basic_asio_stream(detail::shared_state<state_type> connected) noexcept
      : state_(std::move(connected)) {}
  basic_asio_stream(basic_asio_stream&&) noexcept = default;
  basic_asio_stream& operator=(basic_asio_stream&& other) noexcept {
    close();
    state_ = std::move(other.state_);
    return *this;
  }
  ~basic_asio_stream() { close(); }

  auto read_some(std::span<std::byte> in, stop_token stop) {
    return detail::asio_operation<std::size_t, reading, state_type>(state_, state_->reading, stop,
                                                                    reading{in});
  }

  auto write_some(std::span<const std::byte> out, stop_token stop) {
    return detail::asio_operation<std::size_t, writing, state_type>(state_, state_->writing, stop,
                                                                    writing{out});
  }

  std::size_t try_read(std::span<std::byte> in) noexcept {
    return state_ ? detail::receive_at_once(state_->socket.native_handle(), in) : 0;
  }

  std::size_t try_write(std::span<const std::byte> out) noexcept {
    return state_ ? detail::send_at_once(state_->socket.native_handle(), out) : 0;
  }

  bool idle() noexcept { return state_ && detail::is_idle(state_->socket.native_handle()); }

  void close() noexcept {
    if (!state_) return;
    asio_error_code ignored;
    state_->socket.close(ignored);
  }

  // Holds `last` back until it can leave together with the FIN, in one segment. If unread bytes are
  // left, it sends `last` at once, because the system then resets the connection and drops
  // held-back bytes.
  void close(std::span<const std::byte> last) noexcept {
#if defined(MSG_MORE)
    constexpr int held_back = MSG_MORE;
#else
    constexpr int held_back = 0;
#endif
    if (state_ && !last.empty())
      (void)detail::send_at_once(state_->socket.native_handle(), last, idle() ? held_back : 0);
    close();
  }

 private:
  struct reading {
    std::span<std::byte> in;
    // If the last read did not fill its span, there is hardly anything to read now.
    std::size_t at_once(state_type& from) const noexcept {
      return from.reading.filled ? detail::receive_at_once(from.socket.native_handle(), in) : 0;
    }
    template <class Handler>
    void start(typename state_type::socket_type& socket, Handler handler) const {
      socket.async_read_some(asio::mutable_buffer(in.data(), in.size()), std::move(handler));
    }
    result<std::size_t> finish(const detail::shared_state<state_type>& from,
                               const asio_error_code& code, std::size_t size) const {
      from->reading.filled = size == in.size();
      if (!code) [[likely]]
        return size;
      if (code == asio::error::eof) return std::size_t{0};
      return std::unexpected(detail::make_io_error(code, "reading"));
    }
  };
  struct writing {
    std::span<const std::byte> out;
    std::size_t at_once(state_type& to) const noexcept {
      return detail::send_at_once(to.socket.native_handle(), out);
    }
    template <class Handler>
    void start(typename state_type::socket_type& socket, Handler handler) const {
      socket.async_write_some(asio::const_buffer(out.data(), out.size()), std::move(handler));
    }
    result<std::size_t> finish(const auto&, const asio_error_code& code, std::size_t size) const {
      if (!code) [[likely]]
        return size;
      return std::unexpected(detail::make_io_error(code, "writing"));
    }
  };

  detail::shared_state<state_type> state_;
};

/// A TCP or Unix domain connection of one thread's io_context.
using asio_stream = basic_asio_stream<detail::asio_loop>;

static_assert(eager_stream<asio_stream>);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/stream.ipp>
#endif
