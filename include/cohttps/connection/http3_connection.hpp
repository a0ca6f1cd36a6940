// An HTTP/3 connection, which carries many requests at a time over QUIC.
#pragma once

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http2_options.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/connection/multiplexed_stream.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/intrusive_list_node.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http3/session.hpp>
#include <cohttps/quic/address_tokens.hpp>
#include <cohttps/quic/connection.hpp>
#include <cohttps/quic/limits.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/datagrams.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// The limits of an HTTP/3 connection.
struct http3_limits {
  http3::limits http = {};
  quic::limits quic = {};
};

/// How a connection opens its sockets.
struct datagram_route {
  datagram_opener open;
  endpoint to;
  socket_options how;
};

/// Carries datagrams between a socket, QUIC and a session of HTTP/3.
///
/// When sending fails, or the server owes an answer and is silent for 250 ms, the connection looks
/// whether the machine still has the connection's local address. If the address is gone, the
/// connection migrates to a new one (RFC 9000, 9). A connection whose address is still there stays
/// where it is, because not every server takes part in a migration.
///
/// Two coroutines of the connection do this while a request is open, so a stop of one request does
/// not affect the others. While no request is open, the connection does not read, and it keeps no
/// event loop running. Its timer still runs beside other work: what the server sent last is
/// acknowledged then.
template <class = void>
class http3_connection final : public connection {
 public:
  /// A request on this connection, and the awaiters of its changes.
  class stream : public http3::stream {
   private:
    friend http3_connection;
    intrusive_list_node waiting_;
  };

  http3_connection(any_datagram_socket socket, datagram_route route, const tls_context& context,
                   std::string host, std::uint16_t port, const http3_limits& bounds,
                   const http2_options& liveness, any_transport transport,
                   std::shared_ptr<const connection_info> about)
      : connection(std::move(about)),
        socket_(std::move(socket)),
        route_(std::move(route)),
        session_(bounds.http),
        quic_(session_, context, std::move(host), port, {"h3"}, bounds.quic),
        announced_state_{0, true},
        transport_(std::move(transport)),
        liveness_(liveness),
        clock_(transport_.make_timer()),
        soon_(transport_.make_timer()),
        read_loop_(read_loop()),
        write_loop_(write_loop()) {
    session_.attach(quic_);
    (void)out_of_memory();
    read_loop_.start();
    write_loop_.start();
  }
  http3_connection(const http3_connection&) = delete;
  http3_connection& operator=(const http3_connection&) = delete;
  ~http3_connection() override {
    if (destroyed_flag_) *destroyed_flag_ = true;
    close();
  }

  /// Performs the handshake. `tokens` has the token that an earlier connection to `server` got from
  /// the same local address, and gets that of this one.
  task<result<void>> handshake(std::shared_ptr<quic::address_tokens> tokens, std::string server,
                               std::chrono::system_clock::time_point date, stop_token stop);
  const tls_info& tls() const noexcept { return quic_.info(); }
  /// True if the handshake began with a token of an earlier connection.
  bool sent_token() const noexcept { return quic_.sent_token(); }
  std::string_view version() const noexcept { return quic_.version(); }

  /// See `tls::engine::revocation`.
  tls::revocation_check* revocation() { return quic_.handshake().revocation(); }
  task<result<void>> conclude_revocation(stop_token stop);

  http_stream_ptr open_stream() override;

  result<void> open(stream& s, const http3::request_head& request);

  /// Waits for a change of `s`, and returns true. Returns false if the stop comes first.
  auto changed(stream& s, stop_token stop) noexcept { return change(*this, s.waiting_, stop); }
  /// Resumes the awaiters of changes of `s`, in the loop's next turn.
  void wake(stream& s) noexcept;

  task<bool> settings_known(stop_token stop) override;
  bool preferred() const noexcept override { return true; }
  bool takes_extended_connect() const noexcept override {
    return session_.peer_takes_extended_connect();
  }

  /// Returns the next content of `s`. The peer may then send as many more bytes as the previous
  /// call returned.
  std::span<const std::byte> take_content(stream& s);

  /// Schedules a write if there is something to send. Call it after content was given to a stream.
  void flush();

  /// Ends a stream. A stream that is not over is reset.
  void give_up(stream& s) noexcept;

  /// False if the connection takes no more requests. Before it answers, it processes the datagrams
  /// that the peer has sent in the meantime.
  bool usable() noexcept override;
  std::size_t capacity() const noexcept override { return session_.capacity(); }
  void on_capacity(void (*f)(void*, void*), void* a, void* b) noexcept override;
  bool outlives_streams() const noexcept override { return session_.accepts_requests(); }
  bool has_streams() const noexcept override { return true; }
  bool processed_requests() const noexcept override { return session_.processed_requests(); }
  void release_memory() noexcept override;
  void retire() noexcept override {
    session_.close();
    schedule();
  }

  /// Sends CONNECTION_CLOSE, as far as this is possible without waiting, and closes the socket.
  void close() noexcept;

 private:
  /// The properties that the pool knows of this connection.
  struct standing {
    std::size_t capacity;
    bool reusable;
    friend bool operator==(const standing&, const standing&) = default;
  };

  static constexpr std::size_t send_size = 64 * 1024;
  static constexpr int receives_at_a_time = 16;
  static constexpr std::chrono::milliseconds first_address_check{250};  // then twice as long

  /// Room for what one call receives. The system maps memory that no datagram has used to no page.
  struct receive_buffer {
    static constexpr std::size_t slot_size = 65536;

    receive_buffer() noexcept {
      for (std::size_t i = 0; i < slots.size(); ++i)
        slots[i].memory = std::span(memory).subspan(i * slot_size, slot_size);
    }
    std::array<datagram_slot, 32> slots;
    std::array<std::byte, 32 * slot_size> memory;
  };

  /// An awaiter of a change. It is in the list of its stream, or in `ready_`, the list of the
  /// awaiters that `turn` resumes.
  class change : intrusive_list_node {
   public:
    change(http3_connection& of, intrusive_list_node& list, stop_token stop) noexcept
        : of_(of), list_(list), stop_(stop) {}

    bool await_ready() const noexcept { return stop_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter);
    bool await_resume() noexcept;

   private:
    friend http3_connection;
    struct on_stop {
      change* self;
      void operator()() const noexcept {
        self->of_.ready_.append(*self);
        self->of_.schedule();
      }
    };
    http3_connection& of_;
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
    http3_connection* self;
    bool await_ready() const noexcept { return self->in_turn_; }
    bool await_suspend(std::coroutine_handle<>) const noexcept { return !self->turn(); }
    void await_resume() const noexcept {}
  };

  owned_coroutine<void> read_loop();
  owned_coroutine<void> write_loop();

  /// Makes the buffer on first use: an idle connection has none.
  std::span<datagram_slot> slots();
  /// The same for what is sent.
  std::span<std::byte> send_buffer();
  void take(std::span<const datagram_slot> arrived) noexcept;
  /// Receives what has arrived, without waiting.
  void drain() noexcept;
  /// Writes the next datagrams into `sending_`. Returns false if there are none.
  bool fetch() noexcept;
  /// Reports a failure of the connection to the streams.
  void check() noexcept;
  void lose(error why) noexcept;

  bool wants_read() const noexcept {
    return (handshaking_ || session_.open_streams() != 0 || !settling_.empty()) && !quic_.failure();
  }
  bool wants_write() const noexcept { return dirty_ || session_.wants_write(); }

  /// Moves the awaiters of changed streams to `ready_`.
  void collect() noexcept;
  void move_to_ready(intrusive_list_node& list) noexcept;

  /// Sets the timer to the time at which QUIC or the watch over the peer has something to do.
  void set_clock() noexcept;
  void tick() noexcept;
  time_point silence_ends() const noexcept;

  /// Returns the time of the next `check_address`.
  time_point address_check() const noexcept;
  /// Migrates if the machine has lost the local address.
  void check_address() noexcept;
  bool has_address(endpoint local);
  /// A loop has ended its operation on `previous_socket_`.
  void leave_previous_socket() noexcept {
    if (--previous_operations_ == 0) previous_socket_.reset();
  }

  /// Returns the key in `tokens_`. Tokens belong to a server and to the local address (RFC 9000,
  /// 8.1.3).
  std::string token_key() const { return server_ + ' ' + address_text(socket_.local()); }

  void tell_capacity() noexcept;

  /// Schedules a `turn` in the loop's next turn. Requests that begin until then are sent together.
  void schedule() noexcept;

  /// Resumes the awaiters in `ready_`, and the loops if there is something to read or write.
  /// Returns false if a resumed awaiter has destroyed the connection.
  bool turn() noexcept;

  any_datagram_socket socket_;
  datagram_route route_;
  std::optional<any_datagram_socket> previous_socket_;  // while an operation on it is under way
  int previous_operations_ = 0;
  unsigned migrations_ = 0;
  http3::session session_;
  quic::connection quic_;
  std::shared_ptr<quic::address_tokens> tokens_;
  std::string server_;  // in the keys of `tokens_`
  std::unique_ptr<receive_buffer> receiving_;
  std::unique_ptr<std::byte[]> sending_;  // of `send_size` bytes, or null
  datagrams next_;                        // the layout of `sending_`
  std::optional<error> socket_error_;
  intrusive_list_node ready_;
  intrusive_list_node settling_;
  standing announced_state_;
  void (*capacity_changed_)(void*, void*) = nullptr;
  std::pair<void*, void*> capacity_arguments_;
  any_transport transport_;
  http2_options liveness_;
  time_point address_checked_{};
  int address_checks_ = 0;  // since `heard_`
  time_point heard_{};      // when the last datagram came, or a request began on an idle connection
  any_timer clock_;
  any_timer soon_;                // calls `turn` in the loop's next turn
  time_point clock_set_ = never;  // to this time at the latest
  stop_source end_of_read_;
  bool* destroyed_flag_ = nullptr;
  bool handshaking_ = false;
  bool dirty_ = false;  // QUIC may have something to send
  bool active_ = false;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool reading_ = false;  // a read is under way
  bool writing_ = false;  // a write is under way
  bool closed_ = false;
  std::coroutine_handle<> idle_reader_;
  std::coroutine_handle<> idle_writer_;
  owned_coroutine<void> read_loop_;
  owned_coroutine<void> write_loop_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/http3_connection.ipp>
#endif

#endif
