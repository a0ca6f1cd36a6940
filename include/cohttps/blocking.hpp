// A client for programs without coroutines: its calls block until they have their result.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/download_result.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/url_text.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohttps::blocking {

namespace detail {

/// A thread that runs an event loop until this object is destroyed.
class loop_thread {
 public:
  COHTTPS_DECL loop_thread();
  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;
  /// Ends the loop, destroys what waits on it, and waits for the end of the thread.
  ~loop_thread() { end_(*this); }

  COHTTPS_DECL any_transport transport() const;

  /// Runs `work` on the loop's thread. Throws `error` (usage, "blocking_on_loop") if that thread
  /// calls it, because it would wait for itself.
  COHTTPS_DECL void start(task<bool> work);

 private:
  struct loop;
  std::shared_ptr<loop> loop_;
  void (*end_)(loop_thread&) noexcept;
};

/// Gives the result of `work` to `to`.
template <class T>
task<bool> settle(task<T> work, std::promise<T> to) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
      to.set_value();
    } else {
      to.set_value(co_await std::move(work));
    }
  } catch (...) {
    to.set_exception(std::current_exception());
  }
  co_return true;
}

/// Runs `work` on the loop, and blocks until it has its result.
template <class T>
T wait(loop_thread& loop, task<T> work) {
  std::promise<T> promise;
  auto future = promise.get_future();
  loop.start(settle(std::move(work), std::move(promise)));
  return future.get();
}

template <class T, on_error Mode>
auto as_task(operation<T, Mode> call) -> task<typename operation<T, Mode>::value_type> {
  co_return co_await std::move(call);
}

}  // namespace detail

/// A response whose content the caller reads part by part: see `cohttps::response_stream`.
/// Threads: one at a time.
class response_stream {
 public:
  response_stream(std::shared_ptr<detail::loop_thread> loop, cohttps::response_stream opened)
      : loop_(std::move(loop)), opened_(std::move(opened)) {}
  response_stream(response_stream&&) = default;
  response_stream& operator=(response_stream&&) = delete;
  ~response_stream() {
    if (loop_) detail::wait(*loop_, close(std::move(opened_)));
  }

  /// The status code.
  int status() const noexcept { return opened_.status(); }
  /// True for a status from 200 to 299.
  bool ok() const noexcept { return opened_.ok(); }
  /// The fields of the response.
  const fields& headers() const noexcept { return opened_.headers(); }
  /// The value of a field, or nothing.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return opened_.header(name);
  }
  /// The URL of the response, after redirections.
  const cohttps::url& url() const { return opened_.url(); }

  /// Returns the next part of the content: a view that is valid until the next call. The part is
  /// empty at the end of the content. Throws `error`.
  std::span<const std::byte> read() { return detail::wait(*loop_, opened_.read()); }

  /// True after `read` has returned an empty part.
  bool complete() const noexcept { return opened_.complete(); }
  /// The trailer fields, once all content has been read.
  const fields& trailers() const noexcept { return opened_.trailers(); }

 private:
  /// Destroys the stream on its loop.
  static task<void> close(cohttps::response_stream opened) {
    const auto ended = std::move(opened);
    co_return;
  }

  std::shared_ptr<detail::loop_thread> loop_;
  cohttps::response_stream opened_;
};

/// A `cohttps::client` on a thread of its own. Each call blocks until it has its result; the calls
/// of several threads run beside each other.
///
/// ```
/// cohttps::blocking::client client;
/// std::cout << client.get("https://example.com/").text();
/// ```
/// Threads: any thread may use a client. Destroy it after all calls have returned, and not from a
/// callback of a call.
class client {
 public:
  explicit client(client_options options = {})
      : loop_(std::make_shared<detail::loop_thread>()),
        client_(loop_->transport(), std::move(options)) {}
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { wait(close(std::move(client_))); }

  /// This call and the next ones wait for the response: see `cohttps::client`. Throws `error`.
  response get(url_text url, const request_options& options = {}) {
    return wait(client_.get(url, options));
  }
  /// As `get`, with HEAD.
  response head(url_text url, const request_options& options = {}) {
    return wait(client_.head(url, options));
  }
  /// As `get`; the content is in `options`, or is the argument `body`.
  response post(url_text url, const request_options& options = {}) {
    return wait(client_.post(url, options));
  }
  response post(url_text url, content body, const request_options& options = {}) {
    return wait(client_.post(url, std::move(body), options));
  }
  /// As `post`.
  response put(url_text url, const request_options& options = {}) {
    return wait(client_.put(url, options));
  }
  response put(url_text url, content body, const request_options& options = {}) {
    return wait(client_.put(url, std::move(body), options));
  }
  /// As `post`.
  response patch(url_text url, content body, const request_options& options = {}) {
    return wait(client_.patch(url, std::move(body), options));
  }
  /// As `get`.
  response options(url_text url, const request_options& options = {}) {
    return wait(client_.options(url, options));
  }
  /// As `get`.
  response delete_(url_text url, const request_options& options = {}) {
    return wait(client_.delete_(url, options));
  }
  /// Sends a request with any method. `try_send` returns the error instead of throwing it.
  response send(const method& verb, url_text url, const request_options& options = {}) {
    return wait(client_.send(verb, url, options));
  }
  response send(const method& verb, url_text url, content body,
                const request_options& options = {}) {
    return wait(client_.send(verb, url, std::move(body), options));
  }
  response send(request made) { return wait(client_.send(std::move(made))); }

  /// Like the calls above, but these return a `result` instead of throwing.
  result<response> try_get(url_text url, const request_options& options = {}) {
    return wait(client_.try_get(url, options));
  }
  result<response> try_send(const method& verb, url_text url, const request_options& options = {}) {
    return wait(client_.try_send(verb, url, options));
  }
  result<response> try_send(const method& verb, url_text url, content body,
                            const request_options& options = {}) {
    return wait(client_.try_send(verb, url, std::move(body), options));
  }
  result<response> try_send(request made) { return wait(client_.try_send(std::move(made))); }

  /// See `cohttps::client::download`.
  download_result download(url_text url, std::string path, const download_options& how = {},
                           const request_options& options = {}) {
    return wait(client_.download(url, std::move(path), how, options));
  }

  /// Returns when the head of the response has arrived.
  response_stream stream(const method& verb, url_text url, const request_options& options = {}) {
    return {loop_, wait(client_.stream(verb, url, options))};
  }

  /// Blocks until a call of `on_loop()` has its result. For what this class has no function for,
  /// and for stop tokens: `c.wait(c.on_loop().get(url).with_stop(token))`.
  template <class T, on_error Mode>
  typename operation<T, Mode>::value_type wait(operation<T, Mode> call) {
    return detail::wait(*loop_, detail::as_task(std::move(call)));
  }
  /// Blocks until a coroutine has its result. It runs on the thread of the client's loop, like all
  /// that it calls.
  template <class T>
  T wait(task<T> work) {
    return detail::wait(*loop_, std::move(work));
  }

  /// The client on the loop. Make calls with any thread, and give them to `wait`. All other
  /// functions belong to coroutines that `wait` runs.
  cohttps::client& on_loop() noexcept { return client_; }

 private:
  static task<void> close(cohttps::client c) { co_await c.close(std::chrono::nanoseconds()); }

  std::shared_ptr<detail::loop_thread> loop_;
  cohttps::client client_;
};

}  // namespace cohttps::blocking

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/blocking.ipp>
#endif
