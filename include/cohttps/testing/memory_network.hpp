// A network in memory, with a manual clock, delays, small reads and planned faults.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/testing/manual_loop.hpp>
#include <cohttps/testing/memory_datagrams.hpp>
#include <cohttps/transport/concepts.hpp>

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Says what goes wrong, and when. The operations of the client's side (resolve, connect, read,
/// write) are counted from 0 in the order in which they begin.
struct fault_plan {
  /// The fault.
  enum class kind : std::uint8_t {
    none,  ///< nothing goes wrong
    fail,  ///< the operation fails
    stop,  ///< the program stops it
  };
  kind what = kind::none;       ///< the fault
  std::size_t at = 0;           ///< the number of the operation that goes wrong
  stop_source* stop = nullptr;  ///< for `stop`: the source to stop once the operation has begun
  std::size_t seen = 0;         ///< number of operations that have begun

  /// Counts an operation. True if the fault happens at it.
  bool due() noexcept { return seen++ == at && what != kind::none; }
};

class memory_network;

namespace detail {

/// One direction of a connection.
struct memory_pipe {
  buffer bytes;
  bool ended = false;   // the writer closed: the remaining bytes can be read
  bool broken = false;  // the reader closed: no more bytes are accepted
  class memory_operation* reader = nullptr;
  class memory_operation* writer = nullptr;
};

struct memory_connection {
  memory_pipe to_server;
  memory_pipe to_client;
};

/// A read or a write, which may have to wait for the other side.
class memory_operation {
 public:
  memory_operation(memory_network& network, std::shared_ptr<memory_connection> connection,
                   memory_pipe* pipe, bool client_side, std::span<std::byte> in,
                   std::span<const std::byte> out, stop_token stop) noexcept
      : network_(network),
        connection_(std::move(connection)),
        pipe_(pipe),
        client_side_(client_side),
        in_(in),
        out_(out),
        stop_(stop) {}
  memory_operation(const memory_operation&) = delete;
  memory_operation& operator=(const memory_operation&) = delete;
  ~memory_operation();

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  result<std::size_t> await_resume() {
    on_stop_.reset();
    return std::move(*outcome_);
  }

  /// Tries again in the loop's next turn. Does nothing while the delay of the operation lasts.
  void wake() noexcept;

 private:
  struct on_stop {
    memory_operation* self;
    void operator()() const noexcept { self->hurry(); }
  };
  bool writes() const noexcept { return in_.data() == nullptr; }
  memory_operation*& place() const noexcept { return writes() ? pipe_->writer : pipe_->reader; }
  std::optional<result<std::size_t>> attempt();
  void hurry() noexcept;
  void complete() noexcept;

  memory_network& network_;
  std::shared_ptr<memory_connection> connection_;
  memory_pipe* pipe_;
  bool client_side_;
  std::span<std::byte> in_;
  std::span<const std::byte> out_;
  stop_token stop_;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::optional<result<std::size_t>> outcome_;
  std::coroutine_handle<> waiter_;
  manual_loop::event_id event_ = 0;
  bool failing_ = false;
};

}  // namespace detail

/// One end of a connection in memory, which is a `byte_stream`.
class memory_stream {
 public:
  memory_stream(memory_network& network, std::shared_ptr<detail::memory_connection> connection,
                bool client_side) noexcept;
  memory_stream(memory_stream&&) noexcept = default;
  memory_stream& operator=(memory_stream&& other) noexcept;
  ~memory_stream() { close(); }

  auto read_some(std::span<std::byte> in, stop_token stop) noexcept {
    return detail::memory_operation(*network_, connection_, &incoming(), client_side_, in, {},
                                    stop);
  }
  auto write_some(std::span<const std::byte> out, stop_token stop) noexcept {
    return detail::memory_operation(*network_, connection_, &outgoing(), client_side_, {}, out,
                                    stop);
  }
  bool idle() noexcept;
  std::size_t try_read(std::span<std::byte> in) noexcept;
  std::size_t try_write(std::span<const std::byte> out) noexcept;
  void close() noexcept;

 private:
  detail::memory_pipe& incoming() const noexcept;
  detail::memory_pipe& outgoing() const noexcept;

  memory_network* network_;
  std::shared_ptr<detail::memory_connection> connection_;
  bool client_side_;
};

/// Writes all of `bytes`, for a server. Returns false if the client has closed the connection.
task<bool> write_all(memory_stream& to, std::string_view bytes);

class memory_transport;

/// The hosts, and their servers. A server is a coroutine that gets its end of each connection.
class memory_network {
  manual_loop loop_;

 public:
  using server = std::function<task<void>(memory_stream)>;  ///< what answers one connection

  /// The loop of the network, with its clock.
  manual_loop& loop() noexcept { return loop_; }
  /// A transport for a client on this network.
  memory_transport transport() noexcept;

  /// Accepts connections to `host` and `port` after the time `after`. `host` is an IP literal or a
  /// name. A name is then known to the resolver, and has its own address unless `name` gave it
  /// others.
  void listen(std::string_view host, std::uint16_t port, server answer,
              std::chrono::nanoseconds after = {});
  /// Accepts datagrams to `host` and `port`.
  void listen_datagrams(std::string_view host, std::uint16_t port, memory_datagrams::server answer);
  /// Accepts connections to a Unix domain socket.
  void listen_unix(std::string_view path, server answer) {
    peers_[to_string(unix_endpoint(path))] = {std::move(answer), {}};
  }
  /// Refuses connections after the time `after`. An address without a server refuses them at once.
  void refuse(std::string_view host, std::uint16_t port, std::chrono::nanoseconds after);
  /// Never answers. A connection fails when the system gives up, after 127 s.
  void black_hole(std::string_view host, std::uint16_t port);

  /// Sets the addresses that the resolver returns for `host`: IP literals in the order to try them.
  void name(std::string_view host, std::initializer_list<std::string_view> addresses);

  /// Sets the response to a query for the HTTPS records of `name`, as bytes of a DNS message with
  /// the id 0. Other names have no such records.
  void https_records(std::string_view name, std::string_view response) {
    const auto bytes = std::as_bytes(std::span(response));
    https_[std::string(name)].assign(bytes.begin(), bytes.end());
  }

  /// Runs the client's task, and the servers at the same time.
  template <class T>
  T run(task<T> t) {
    return testing::run(loop_, std::move(t));
  }

  /// Runs the servers until there are no more events.
  void run_servers() {
    while (loop_.run_one()) {
    }
  }

  std::size_t read_limit = SIZE_MAX;          ///< most bytes of one read, on both sides
  std::size_t capacity = 64 * 1024;           ///< bytes that one direction can hold
  std::chrono::nanoseconds delay{0};          ///< the time that each operation takes
  std::chrono::nanoseconds resolve_delay{0};  ///< additional time for look-ups
  std::chrono::nanoseconds connect_delay{0};  ///< additional time for connecting
  fault_plan faults;                          ///< faults of the client's side
  std::size_t open_streams = 0;               ///< streams of the client's side that are open now
  std::size_t connections = 0;                ///< connections accepted so far
  std::size_t eager_writes = 0;               ///< of the client's side, which did not wait
  std::size_t look_ups = 0;                   ///< look-ups of the client's side so far
  std::chrono::nanoseconds https_delay{0};    ///< the time of a query for HTTPS records
  std::vector<std::string> https_queries;     ///< the names of these queries so far
  memory_datagrams datagrams{loop_};          ///< its UDP

  /// Called when an attempt to connect begins, with its target and its options.
  std::function<void(const endpoint&, const socket_options&)> on_connect;

 private:
  friend class memory_transport;
  friend class memory_stream;

  static constexpr std::chrono::seconds system_connect_limit{
      127};  // as Linux with tcp_syn_retries = 6

  struct peer {
    server answer;  // empty if it refuses connections
    std::chrono::nanoseconds delay{};
    bool silent = false;
  };

  std::vector<endpoint> addresses_of(std::string_view host, std::uint16_t port);

  void accept(const server& answer, memory_stream stream);

  std::map<std::string, std::vector<endpoint>, std::less<>> hosts_;
  std::map<std::string, std::vector<std::byte>, std::less<>> https_;
  std::map<std::string, peer, std::less<>> peers_;
  std::vector<background_task> running_;
};

/// A `transport` in a `memory_network`.
class memory_transport {
 public:
  using stream_type = memory_stream;

  /// The timer that its clients use.
  class timer_type {
   public:
    explicit timer_type(manual_loop& loop) noexcept : loop_(&loop) {}
    timer_type(timer_type&& other) noexcept
        : loop_(other.loop_), event_(std::exchange(other.event_, 0)) {}
    timer_type& operator=(timer_type&& other) noexcept {
      cancel();
      loop_ = other.loop_;
      event_ = std::exchange(other.event_, 0);
      return *this;
    }
    ~timer_type() { cancel(); }
    void set(time_point when, timer_function f, void* argument) noexcept {
      cancel();
      event_ = loop_->schedule(when, [f, argument] { f(argument); });
    }
    void cancel() noexcept {
      if (event_ != 0) loop_->cancel(std::exchange(event_, 0));
    }

   private:
    manual_loop* loop_;
    manual_loop::event_id event_ = 0;
  };

  explicit memory_transport(memory_network& network) noexcept : network_(&network) {}

  task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                              stop_token stop);
  task<result<memory_stream>> connect(const endpoint& to, stop_token stop) {
    return connect(to, socket_options(), stop);
  }
  task<result<memory_stream>> connect(const endpoint& to, const socket_options& how,
                                      stop_token stop);
  timer_type make_timer() { return timer_type(network_->loop()); }
  time_point now() const noexcept { return network_->loop().now(); }
  void post(std::function<void()> call) { network_->loop().post(std::move(call)); }

  friend result<memory_datagram_socket> open_datagrams(memory_transport& over, const endpoint& to,
                                                       const socket_options& how) {
    if (over.network_->on_connect) over.network_->on_connect(to, how);
    memory_datagrams& network = over.network_->datagrams;
    if (how.local_address && *how.local_address != network.local)
      return fail(error_category::connect, "local_address_unusable", "the machine has another");
    return network.connect(to);
  }

  friend task<result<std::vector<std::byte>>> query_https(memory_transport& over, std::string name,
                                                          stop_token stop) {
    return over.query(std::move(name), stop);
  }

 private:
  task<result<std::vector<std::byte>>> query(std::string name, stop_token stop);
  task<result<memory_stream>> connect_to(std::string address, stop_token stop);

  memory_network* network_;
};

inline memory_transport memory_network::transport() noexcept { return memory_transport(*this); }

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/memory_network.ipp>
#endif
