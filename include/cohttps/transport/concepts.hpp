// What the client asks of a network: byte streams, names, time. Any event loop can give it.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cohttps {

using time_point = std::chrono::steady_clock::time_point;

/// A connected, bidirectional stream of bytes.
///
/// - `read_some` gives 1 or more bytes, 0 at the end of the stream.
/// - `write_some` gives how many of the bytes were taken, 1 or more.
/// - One read and one write may be under way at a time. A stop ends either with an error of
///   category `canceled`; whether bytes moved is then unknown, so the stream is only to be closed.
///   It never resumes the waiting coroutine from inside `request_stop`, only in a later turn of the
///   loop.
/// - `idle` is false when the stream is closed or has something to read: then it cannot carry
///   another exchange.
/// - `close` and destruction end it at once.
template <class S>
concept byte_stream =
    requires(S& s, std::span<std::byte> in, std::span<const std::byte> out, stop_token stop) {
      { s.read_some(in, stop) } -> awaitable_of<result<std::size_t>>;
      { s.write_some(out, stop) } -> awaitable_of<result<std::size_t>>;
      { s.idle() } noexcept -> std::same_as<bool>;
      { s.close() } noexcept;
    } && std::movable<S>;

using timer_function = void (*)(void*) noexcept;

/// Calls a function once, later, on the runtime's thread.
///
/// `set` replaces what was set before; a time in the past, such as `time_point::min()`, is the
/// loop's next turn. After `cancel` or destruction the function is not called.
template <class T>
concept timer = requires(T& t, time_point when, timer_function f, void* argument) {
  { t.set(when, f, argument) } noexcept;
  { t.cancel() } noexcept;
} && std::movable<T>;

/// A timer that can be left set without keeping its loop running, which is cheaper than to cancel
/// it and set it again. `detach` gives false where the loop might not notice; then nothing has
/// changed.
template <class T>
concept detachable_timer = timer<T> && requires(T& t) {
  { t.detach() } noexcept -> std::same_as<bool>;
  { t.attach() } noexcept;
};

/// A stream that also reads and sends without waiting: what came unasked before it is used again,
/// and a last word before it is closed.
///
/// - `try_read` gives what is there and says how many bytes that was: 0 when there is nothing, or
///   when the stream is closed or broken. Not while a read is under way.
/// - `try_write` takes what can be taken at once and says how many bytes that was: 0 when there is
///   no room, or when the stream is closed or broken. Not while a write is under way.
///
/// There may be a `close(last)`, which closes after `last`, as much of it as can be taken at once,
/// in fewer packets.
template <class S>
concept eager_stream =
    byte_stream<S> && requires(S& s, std::span<std::byte> in, std::span<const std::byte> out) {
      { s.try_read(in) } noexcept -> std::same_as<std::size_t>;
      { s.try_write(out) } noexcept -> std::same_as<std::size_t>;
    };

namespace detail {

/// What the concept posts: any copyable function without arguments, so that a loop may keep its
/// calls as `std::function<void()>`.
struct posted_call {
  void operator()() const {}
};

}  // namespace detail

/// A network with its event loop. Cheap to copy; all calls on the runtime's thread, except `post`.
///
/// - `resolve` gives the addresses of a host in the order to try them, at least one; an IP literal
///   (without brackets) is its own address. Errors: category `resolve`.
/// - `connect` gives a stream. Errors: category `connect`. The caller keeps what both take by
///   reference until they end.
/// - A stop ends either with category `canceled`, in a later turn of the loop and never from inside
///   `request_stop`.
/// - `post` calls a copyable function on the runtime's thread, soon and never inside the call. From
///   any thread. The loop owns what it has not called yet, and destroys it when it is destroyed.
template <class T>
concept transport = byte_stream<typename T::stream_type> && timer<typename T::timer_type> &&
                    requires(T& t, std::string_view host, std::uint16_t port, const endpoint& to,
                             stop_token stop, detail::posted_call call) {
                      {
                        t.resolve(host, port, stop)
                      } -> awaitable_of<result<std::vector<endpoint>>>;
                      { t.connect(to, stop) } -> awaitable_of<result<typename T::stream_type>>;
                      { t.make_timer() } -> std::same_as<typename T::timer_type>;
                      { t.now() } -> std::same_as<time_point>;
                      { t.post(call) };
                    } &&
                    std::copyable<T>;

/// A transport whose sockets can be configured, and which also connects to Unix domain sockets.
///
/// Without it those options of the client are errors of category `usage`.
template <class T>
concept socket_transport =
    transport<T> && requires(T& t, const endpoint& to, const socket_options& how, stop_token stop) {
      { t.connect(to, how, stop) } -> awaitable_of<result<typename T::stream_type>>;
    };

}  // namespace cohttps
