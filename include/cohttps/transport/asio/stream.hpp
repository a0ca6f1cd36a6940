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

struct asio_stream_state {
  using socket_type = asio::basic_stream_socket<asio_protocol, asio::io_context::executor_type>;

  explicit asio_stream_state(asio::io_context& context) : socket(context.get_executor()) {}

  socket_type socket;
  asio_pending reading;
  asio_pending writing;
  std::size_t references = 0;
};

/// The completion handler that Asio calls.
class asio_completion {
 public:
  using allocator_type = handler_allocator<std::byte>;

  asio_completion(const shared_state<asio_stream_state>& stream, asio_pending& pending) noexcept
      : stream_(stream), pending_(&pending), number_(++pending.number) {}

  allocator_type get_allocator() const noexcept { return allocator_type(pending_->memory); }

  void operator()(const asio_error_code& code, std::size_t size = 0) {
    if (pending_->number != number_) return;
    pending_->code = code;
    pending_->size = size;
    if (auto waiter = std::exchange(pending_->waiter, nullptr)) waiter.resume();
  }

 private:
  shared_state<asio_stream_state> stream_;
  asio_pending* pending_;
  std::size_t number_;
};

COHTTPS_DECL [[gnu::cold]] error make_io_error(const asio_error_code& code, std::string_view verb);

/// Receive or send without waiting, and return the number of bytes. Return 0 as well if the socket
/// is closed or broken.
COHTTPS_DECL std::size_t receive_at_once(asio_stream_state& from, std::span<std::byte> in) noexcept;
COHTTPS_DECL std::size_t send_at_once(asio_stream_state& to, std::span<const std::byte> out,
                                      int more_flags = 0) noexcept;

/// The awaiter of one operation on a stream. `Action::start` begins the operation with a
/// completion. `Action::finish` converts the outcome to the result.
template <class T, class Action>
class asio_operation {
 public:
  asio_operation(shared_state<asio_stream_state> stream, asio_pending& pending, stop_token stop,
                 Action action)
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
    action_.start(stream_->socket, asio_completion(stream_, *pending_));
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

  shared_state<asio_stream_state> stream_;
  asio_pending* pending_;
  stop_token stop_;
  Action action_;
  std::optional<stop_callback<on_stop>> on_stop_;
  bool suspended_ = false;
};

}  // namespace detail

/// A connected socket: TCP with Nagle's algorithm off, or a Unix domain socket. Threads: only the
/// one thread of its `io_context` may use it.
class asio_stream {
 public:
  explicit asio_stream(detail::shared_state<detail::asio_stream_state> connected) noexcept
      : state_(std::move(connected)) {}
  asio_stream(asio_stream&&) noexcept = default;
  asio_stream& operator=(asio_stream&& other) noexcept {
    close();
    state_ = std::move(other.state_);
    return *this;
  }
  ~asio_stream() { close(); }

  auto read_some(std::span<std::byte> in, stop_token stop) {
    return detail::asio_operation<std::size_t, reading>(state_, state_->reading, stop, reading{in});
  }

  auto write_some(std::span<const std::byte> out, stop_token stop) {
    return detail::asio_operation<std::size_t, writing>(state_, state_->writing, stop,
                                                        writing{out});
  }

  COHTTPS_DECL std::size_t try_read(std::span<std::byte> in) noexcept;

  COHTTPS_DECL std::size_t try_write(std::span<const std::byte> out) noexcept;

  COHTTPS_DECL bool idle() noexcept;

  COHTTPS_DECL void close() noexcept;

  // Holds `last` back until it can leave together with the FIN, in one segment. If unread bytes are
  // left, it sends `last` at once, because the system then resets the connection and drops
  // held-back bytes.
  COHTTPS_DECL void close(std::span<const std::byte> last) noexcept;

 private:
  struct reading {
    std::span<std::byte> in;
    // If the last read did not fill its span, there is hardly anything to read now.
    COHTTPS_DECL std::size_t at_once(detail::asio_stream_state& from) const noexcept;
    template <class Handler>
    void start(detail::asio_stream_state::socket_type& socket, Handler handler) const {
      socket.async_read_some(asio::mutable_buffer(in.data(), in.size()), std::move(handler));
    }
    COHTTPS_DECL result<std::size_t> finish(
        const detail::shared_state<detail::asio_stream_state>& from, const asio_error_code& code,
        std::size_t size) const;
  };
  struct writing {
    std::span<const std::byte> out;
    COHTTPS_DECL std::size_t at_once(detail::asio_stream_state& to) const noexcept;
    template <class Handler>
    void start(detail::asio_stream_state::socket_type& socket, Handler handler) const {
      socket.async_write_some(asio::const_buffer(out.data(), out.size()), std::move(handler));
    }
    result<std::size_t> finish(const auto&, const asio_error_code& code, std::size_t size) const {
      if (!code) [[likely]]
        return size;
      return std::unexpected(detail::make_io_error(code, "writing"));
    }
  };

  detail::shared_state<detail::asio_stream_state> state_;
};

static_assert(eager_stream<asio_stream>);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/stream.ipp>
#endif
