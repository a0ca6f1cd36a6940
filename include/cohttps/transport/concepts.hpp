// The client's requirements on a network: byte streams, names, time. Any event loop can meet them.
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

using time_point = std::chrono::steady_clock::time_point;  ///< of a clock that never goes back

/// A connected, bidirectional stream of bytes.
///
/// - `read_some` returns 1 or more bytes, or 0 at the end of the stream.
/// - `write_some` returns how many of the bytes it took, 1 or more.
/// - One read and one write may run at the same time. A stop ends either with an error of category
///   `canceled`. It is then unknown whether bytes moved, so the caller can only close the stream. A
///   stop never resumes the waiting coroutine inside `request_stop`, but in a later turn of the
///   loop.
/// - `idle` returns false if the stream is closed, or if there is something to read. The stream
///   then cannot carry another exchange.
/// - `close` and the destructor end the stream at once.
template <class S>
concept byte_stream =
    requires(S& s, std::span<std::byte> in, std::span<const std::byte> out, stop_token stop) {
      { s.read_some(in, stop) } -> awaitable_of<result<std::size_t>>;
      { s.write_some(out, stop) } -> awaitable_of<result<std::size_t>>;
      { s.idle() } noexcept -> std::same_as<bool>;
      { s.close() } noexcept;
    } && std::movable<S>;

/// The function of a timer. Its argument is the pointer that the timer was given with it.
using timer_function = void (*)(void*) noexcept;

/// Calls a function once, later, on the runtime's thread.
///
/// `set` replaces the earlier setting. A time in the past, such as `time_point::min()`, means the
/// loop's next turn. After `cancel` or destruction the timer does not call the function.
template <class T>
concept timer = requires(T& t, time_point when, timer_function f, void* argument) {
  { t.set(when, f, argument) } noexcept;
  { t.cancel() } noexcept;
} && std::movable<T>;

/// A timer that can stay set without keeping its loop running. This is cheaper than to cancel the
/// timer and to set it again. `detach` returns false, and changes nothing, if the loop might not
/// notice the change.
template <class T>
concept detachable_timer = timer<T> && requires(T& t) {
  { t.detach() } noexcept -> std::same_as<bool>;
  { t.attach() } noexcept;
};

/// A stream that can also read and send without waiting. The client uses this to read unexpected
/// bytes before it uses the stream again, and to send last bytes before it closes the stream.
///
/// - `try_read` reads the bytes that have arrived, and returns their number. Returns 0 if there are
///   none, or if the stream is closed or broken. Do not call it while a read is running.
/// - `try_write` sends the bytes that the stream can take at once, and returns their number.
///   Returns 0 if it can take none, or if the stream is closed or broken. Do not call it while a
///   write is running.
///
/// A stream may also have `close(last)`. It sends as much of `last` as the stream can take at once,
/// and closes the stream, with fewer packets.
template <class S>
concept eager_stream =
    byte_stream<S> && requires(S& s, std::span<std::byte> in, std::span<const std::byte> out) {
      { s.try_read(in) } noexcept -> std::same_as<std::size_t>;
      { s.try_write(out) } noexcept -> std::same_as<std::size_t>;
    };

namespace detail {

/// The type of function that `post` must accept: any copyable function without arguments. A loop
/// may therefore store its calls as `std::function<void()>`.
struct posted_call {
  void operator()() const {}
};

}  // namespace detail

/// A network with its event loop. Cheap to copy. Call all functions on the runtime's thread, except
/// `post`.
///
/// - `resolve` returns the addresses of a host in the order to try them, at least one. An IP
///   literal (without brackets) is its own address. Errors: category `resolve`.
/// - `connect` returns a stream. Errors: category `connect`.
/// - The caller keeps all arguments that `resolve` and `connect` take by reference until they end.
/// - A stop ends either with category `canceled`, in a later turn of the loop and never inside
///   `request_stop`.
/// - `post` calls a copyable function on the runtime's thread, soon and never before `post`
///   returns. Any thread may call it. The loop owns the functions that it has not called yet. When
///   the loop is destroyed, it destroys them.
/// - A transport may have `bool running_in_this_thread() const noexcept`, which any thread may
/// call.
///   It returns true in the loop's handlers. The client then refuses operations that are started on
///   a wrong thread. If the loop moves from thread to thread, the transport also has `static
///   constexpr bool is_strand = true`.
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
/// With other transports those options of the client are errors of category `usage`.
template <class T>
concept socket_transport =
    transport<T> && requires(T& t, const endpoint& to, const socket_options& how, stop_token stop) {
      { t.connect(to, how, stop) } -> awaitable_of<result<typename T::stream_type>>;
    };

}  // namespace cohttps
