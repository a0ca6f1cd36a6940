// Sockets that carry datagrams to one peer and back (UDP), for any event loop.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace cohttps {

/// Explicit Congestion Notification (RFC 3168, 5), as in the two bits of the IP header.
enum class ecn : std::uint8_t {
  none = 0,   ///< not capable of it
  ect_1 = 1,  ///< capable
  ect_0 = 2,  ///< capable
  ce = 3,     ///< a router met congestion
};

/// The layout of several datagrams in one span:
/// ```
///   | segment | segment | ... | rest |      rest <= segment
/// ```
struct datagrams {
  std::size_t size = 0;     ///< bytes of all datagrams together; 0: no datagram
  std::size_t segment = 0;  ///< bytes of each datagram except the last one, which may be shorter
  ecn mark = ecn::none;     ///< of all of them
};

/// A place for datagrams that arrive together.
struct datagram_slot {
  std::span<std::byte> memory;  ///< of the caller: 65,535 bytes or more
  datagrams layout;             ///< of the datagrams in `memory`
};

/// A socket that is connected to one endpoint. A datagram arrives as a whole or not at all.
///
/// - `receive` waits for datagrams. It returns how many slots it has filled, from the first one on,
///   or 0 if the caller has to call it again. Errors: category `connect`, if the system knows that
///   the peer cannot be reached.
/// - `try_receive` does the same without waiting. Call it only while no `receive` is running.
/// - `send` sends datagrams, at most 64 and at most 65,000 bytes. It waits while the system cannot
///   take them. Datagrams that are too large for the network are lost, without an error.
/// - One `receive` and one `send` may run at the same time. A stop ends either with an error of
///   category `canceled`, in a later turn of the loop and never inside `request_stop`.
/// - `local` returns the address that its datagrams come from; all zeros if it is not known.
/// - `close` sends `last`, one datagram or none, if that is possible at once. It and the destructor
///   end the socket.
template <class S>
concept datagram_socket = requires(S& s, std::span<datagram_slot> in,
                                   std::span<const std::byte> out, const datagrams& layout,
                                   stop_token stop) {
  { s.receive(in, stop) } -> awaitable_of<result<std::size_t>>;
  { s.try_receive(in) } noexcept -> std::same_as<std::size_t>;
  { s.local() } noexcept -> std::same_as<endpoint>;
  { s.send(out, layout, stop) } -> awaitable_of<result<void>>;
  { s.close(out) } noexcept;
} && std::movable<S>;

/// A transport that also has datagrams. `open_datagrams`, which is found by the type of the
/// transport, connects a socket; it needs no waiting. Errors: category `connect`.
template <class T>
concept datagram_transport =
    transport<T> && requires(T& t, const endpoint& to, const socket_options& how) {
      requires datagram_socket<std::remove_reference_t<decltype(*open_datagrams(t, to, how))>>;
    };

/// A `datagram_socket` of any type.
class any_datagram_socket {
 public:
  template <class Socket>
    requires(!std::same_as<Socket, any_datagram_socket> && datagram_socket<Socket>)
  explicit any_datagram_socket(Socket socket)
      : model_(std::make_unique<model<Socket>>(std::move(socket))) {}

  auto receive(std::span<datagram_slot> in, stop_token stop) noexcept {
    return receiving{*model_, in, stop};
  }
  /// Returns datagrams that have arrived, without waiting.
  std::size_t try_receive(std::span<datagram_slot> in) noexcept { return model_->try_receive(in); }
  auto send(std::span<const std::byte> out, const datagrams& layout, stop_token stop) noexcept {
    return sending{*model_, out, layout, stop};
  }
  /// Returns the address that its datagrams come from; all zeros if it is not known.
  endpoint local() const noexcept { return model_->local(); }
  void close(std::span<const std::byte> last) noexcept { model_->close(last); }

 private:
  class interface {
   public:
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;

    virtual bool start_receive(std::span<datagram_slot>, stop_token, std::coroutine_handle<>) = 0;
    virtual result<std::size_t> finish_receive() = 0;
    virtual void abandon_receive() noexcept = 0;
    virtual bool start_send(std::span<const std::byte>, const datagrams&, stop_token,
                            std::coroutine_handle<>) = 0;
    virtual result<void> finish_send() = 0;
    virtual void abandon_send() noexcept = 0;
    virtual std::size_t try_receive(std::span<datagram_slot>) noexcept = 0;
    virtual endpoint local() noexcept = 0;
    virtual void close(std::span<const std::byte>) noexcept = 0;
  };

  template <class Socket>
  class model final : public interface {
   public:
    explicit model(Socket socket) : socket_(std::move(socket)) {}

    bool start_receive(std::span<datagram_slot> in, stop_token stop,
                       std::coroutine_handle<> waiter) override {
      return receiving_.start([&] { return socket_.receive(in, stop); }, waiter);
    }
    result<std::size_t> finish_receive() override { return receiving_.finish(); }
    void abandon_receive() noexcept override { receiving_.reset(); }
    bool start_send(std::span<const std::byte> out, const datagrams& layout, stop_token stop,
                    std::coroutine_handle<> waiter) override {
      return sending_.start([&] { return socket_.send(out, layout, stop); }, waiter);
    }
    result<void> finish_send() override { return sending_.finish(); }
    void abandon_send() noexcept override { sending_.reset(); }
    std::size_t try_receive(std::span<datagram_slot> in) noexcept override {
      return socket_.try_receive(in);
    }
    endpoint local() noexcept override { return socket_.local(); }
    void close(std::span<const std::byte> last) noexcept override { socket_.close(last); }

   private:
    template <class F>
    using kept = detail::kept_awaitable<std::remove_cvref_t<std::invoke_result_t<F, Socket&>>>;
    static auto receive_of(Socket& s) { return s.receive({}, {}); }
    static auto send_of(Socket& s) { return s.send({}, {}, {}); }

    Socket socket_;
    kept<decltype(&model::receive_of)> receiving_;
    kept<decltype(&model::send_of)> sending_;
  };

  struct receiving {
    interface& of;
    std::span<datagram_slot> in;
    stop_token stop;
    bool started = false;

    ~receiving() {
      if (started) of.abandon_receive();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      started = true;
      return of.start_receive(in, stop, waiter);
    }
    result<std::size_t> await_resume() {
      started = false;
      return of.finish_receive();
    }
  };
  struct sending {
    interface& of;
    std::span<const std::byte> out;
    datagrams layout;
    stop_token stop;
    bool started = false;

    ~sending() {
      if (started) of.abandon_send();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      started = true;
      return of.start_send(out, layout, stop, waiter);
    }
    result<void> await_resume() {
      started = false;
      return of.finish_send();
    }
  };

  std::unique_ptr<interface> model_;
};

/// Opens sockets on a client's transport. Fails with usage ("no_datagrams") if the client has
/// another transport than `Transport`.
using datagram_opener = result<any_datagram_socket> (*)(any_transport& over, const endpoint& to,
                                                        const socket_options& how);
template <datagram_transport Transport>
result<any_datagram_socket> open_datagrams_on(any_transport& over, const endpoint& to,
                                              const socket_options& how) {
  Transport* known = over.target<Transport>();
  if (!known)
    return fail(error_category::usage, "no_datagrams",
                "HTTP/3 was set up for another transport than the client has");
  auto opened = open_datagrams(*known, to, how);
  if (!opened) return pass(std::move(opened));
  return any_datagram_socket(*std::move(opened));
}

}  // namespace cohttps
