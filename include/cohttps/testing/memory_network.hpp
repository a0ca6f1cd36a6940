// A network in memory, with a manual clock, delays, small reads and planned faults.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/testing/manual_loop.hpp>
#include <cohttps/transport/concepts.hpp>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Says what goes wrong, and when. The operations of the client's side (resolve, connect, read,
/// write) are counted from 0 in the order in which they begin.
struct fault_plan {
  enum class kind : std::uint8_t { none, fail, stop };
  kind what = kind::none;
  std::size_t at = 0;           ///< the number of the operation that goes wrong
  stop_source* stop = nullptr;  ///< for `stop`: the source to stop once the operation has begun
  std::size_t seen = 0;         ///< number of operations that have begun

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
  inline ~memory_operation();

  bool await_ready() const noexcept { return false; }
  inline void await_suspend(std::coroutine_handle<> waiter);
  result<std::size_t> await_resume() {
    on_stop_.reset();
    return std::move(*outcome_);
  }

  /// Tries again in the loop's next turn. Does nothing while the delay of the operation lasts.
  inline void wake() noexcept;

 private:
  struct on_stop {
    memory_operation* self;
    void operator()() const noexcept { self->hurry(); }
  };
  bool writes() const noexcept { return in_.data() == nullptr; }
  memory_operation*& place() const noexcept { return writes() ? pipe_->writer : pipe_->reader; }
  inline std::optional<result<std::size_t>> attempt();
  inline void hurry() noexcept;
  inline void complete() noexcept;

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
  memory_stream& operator=(memory_stream&& other) noexcept {
    close();
    network_ = other.network_;
    connection_ = std::move(other.connection_);
    client_side_ = other.client_side_;
    return *this;
  }
  ~memory_stream() { close(); }

  auto read_some(std::span<std::byte> in, stop_token stop) noexcept {
    return detail::memory_operation(*network_, connection_, &incoming(), client_side_, in, {},
                                    stop);
  }
  auto write_some(std::span<const std::byte> out, stop_token stop) noexcept {
    return detail::memory_operation(*network_, connection_, &outgoing(), client_side_, {}, out,
                                    stop);
  }
  bool idle() noexcept {
    return connection_ && !incoming().ended && !incoming().broken && incoming().bytes.empty();
  }
  inline std::size_t try_read(std::span<std::byte> in) noexcept;
  inline std::size_t try_write(std::span<const std::byte> out) noexcept;
  inline void close() noexcept;

 private:
  detail::memory_pipe& incoming() const noexcept {
    return client_side_ ? connection_->to_client : connection_->to_server;
  }
  detail::memory_pipe& outgoing() const noexcept {
    return client_side_ ? connection_->to_server : connection_->to_client;
  }

  memory_network* network_;
  std::shared_ptr<detail::memory_connection> connection_;
  bool client_side_;
};

class memory_transport;

/// The hosts, and their servers. A server is a coroutine that gets its end of each connection.
class memory_network {
 public:
  using server = std::function<task<void>(memory_stream)>;

  manual_loop& loop() noexcept { return loop_; }
  inline memory_transport transport() noexcept;

  /// Accepts connections to `host` and `port` after the time `after`. `host` is an IP literal or a
  /// name. A name is then known to the resolver, and has its own address unless `name` gave it
  /// others.
  void listen(std::string_view host, std::uint16_t port, server answer,
              std::chrono::nanoseconds after = {}) {
    for (const endpoint& at : addresses_of(host, port)) peers_[to_string(at)] = {answer, after};
  }
  /// Accepts connections to a Unix domain socket.
  void listen_unix(std::string_view path, server answer) {
    peers_[to_string(unix_endpoint(path))] = {std::move(answer), {}};
  }
  /// Refuses connections after the time `after`. An address without a server refuses them at once.
  void refuse(std::string_view host, std::uint16_t port, std::chrono::nanoseconds after) {
    for (const endpoint& at : addresses_of(host, port)) peers_[to_string(at)] = {nullptr, after};
  }
  /// Never answers. A connection fails when the system gives up, after 127 s.
  void black_hole(std::string_view host, std::uint16_t port) {
    for (const endpoint& at : addresses_of(host, port))
      peers_[to_string(at)] = {nullptr, system_patience, true};
  }

  /// Sets the addresses that the resolver returns for `host`: IP literals in the order to try them.
  void name(std::string_view host, std::initializer_list<std::string_view> addresses) {
    auto& all = hosts_[std::string(host)];
    all.clear();
    for (const std::string_view address : addresses) all.push_back(parse_address(address).value());
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
  std::size_t look_ups = 0;                   ///< look-ups of the client's side so far

  /// Called when an attempt to connect begins, with its target and its options.
  std::function<void(const endpoint&, const socket_options&)> on_connect;

 private:
  friend class memory_transport;
  friend class memory_stream;

  static constexpr std::chrono::seconds system_patience{127};  // as Linux with tcp_syn_retries = 6

  struct peer {
    server answer;  // empty if it refuses connections
    std::chrono::nanoseconds delay{};
    bool silent = false;
  };

  std::vector<endpoint> addresses_of(std::string_view host, std::uint16_t port) {
    std::vector<endpoint> found;
    if (const auto literal = parse_address(host)) {
      found.push_back(*literal);
    } else {
      auto& known = hosts_[std::string(host)];
      if (known.empty()) {
        const std::size_t number = hosts_.size();
        endpoint e;
        e.address[0] = std::byte{10};
        e.address[2] = static_cast<std::byte>(number >> 8);
        e.address[3] = static_cast<std::byte>(number);
        known.push_back(e);
      }
      found = known;
    }
    for (endpoint& e : found) e.port = port;
    return found;
  }

  void accept(const server& answer, memory_stream stream) {
    std::erase_if(running_, [](const background_task& t) { return t.done(); });
    running_.push_back(detail::keep(answer(std::move(stream))));
  }

  manual_loop loop_;
  std::map<std::string, std::vector<endpoint>, std::less<>> hosts_;
  std::map<std::string, peer, std::less<>> peers_;
  std::vector<background_task> running_;
};

/// A `transport` in a `memory_network`.
class memory_transport {
 public:
  using stream_type = memory_stream;

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

  inline task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                                     stop_token stop);
  task<result<memory_stream>> connect(const endpoint& to, stop_token stop) {
    return connect(to, socket_options(), stop);
  }
  task<result<memory_stream>> connect(const endpoint& to, const socket_options& how,
                                      stop_token stop) {
    if (network_->on_connect) network_->on_connect(to, how);
    return connect_to(to_string(to), stop);
  }
  timer_type make_timer() { return timer_type(network_->loop()); }
  time_point now() const noexcept { return network_->loop().now(); }
  void post(std::function<void()> call) { network_->loop().post(std::move(call)); }

 private:
  inline task<result<memory_stream>> connect_to(std::string address, stop_token stop);

  memory_network* network_;
};

inline memory_transport memory_network::transport() noexcept { return memory_transport(*this); }

}  // namespace cohttps::testing

#include <cohttps/testing/memory_network_impl.hpp>
