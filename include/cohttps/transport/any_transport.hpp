// Hides any transport behind one type, so that the client is compiled once for all transports.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// Stores an awaitable of a stream inside the stream's own object while a coroutine awaits it. A
/// read or a write costs two virtual calls and no allocation.
template <class Awaitable>
class kept_awaitable {
 public:
  kept_awaitable() noexcept {}
  kept_awaitable(const kept_awaitable&) = delete;
  kept_awaitable& operator=(const kept_awaitable&) = delete;
  ~kept_awaitable() { reset(); }

  /// Awaits the result of `make()`. Returns false if the outcome already exists; `waiter` then
  /// continues.
  template <class Make>
  bool start(Make make, std::coroutine_handle<> waiter) {
    reset();
    ::new (static_cast<void*>(&place_)) operation(make);
    full_ = true;
    auto&& awaiter = place_.awaiter;
    if (awaiter.await_ready()) return false;
    using outcome = decltype(awaiter.await_suspend(waiter));
    if constexpr (std::is_void_v<outcome>) {
      awaiter.await_suspend(waiter);
      return true;
    } else if constexpr (std::same_as<outcome, bool>) {
      return awaiter.await_suspend(waiter);
    } else {
      awaiter.await_suspend(waiter).resume();
      return true;
    }
  }
  auto finish() {
    auto outcome = place_.awaiter.await_resume();
    reset();
    return outcome;
  }
  /// Ends a wait whose coroutine was destroyed.
  void reset() noexcept {
    if (std::exchange(full_, false)) place_.~operation();
  }

 private:
  struct operation {
    template <class Make>
    explicit operation(Make& make)
        : awaitable(make()), awaiter(get_awaiter(std::move(awaitable))) {}
    Awaitable awaitable;
    decltype(get_awaiter(std::declval<Awaitable>())) awaiter;
  };
  union {
    operation place_;
  };
  bool full_ = false;
};

}  // namespace detail

/// A `byte_stream` of any type. If it is not an `eager_stream`, `try_read` and `try_write` return
/// 0.
class any_stream {
 public:
  template <class Stream>
    requires(!std::same_as<Stream, any_stream> && byte_stream<Stream>)
  explicit any_stream(Stream stream) : model_(std::make_unique<model<Stream>>(std::move(stream))) {}

  auto read_some(std::span<std::byte> in, stop_token stop) noexcept {
    return reading{*model_, in, stop};
  }
  auto write_some(std::span<const std::byte> out, stop_token stop) noexcept {
    return writing{*model_, out, stop};
  }
  bool idle() noexcept { return model_->idle(); }
  void close() noexcept { model_->close({}); }
  void close(std::span<const std::byte> last) noexcept { model_->close(last); }

  /// True if the stream is an `eager_stream`.
  bool is_eager() const noexcept { return model_->is_eager; }
  std::size_t try_read(std::span<std::byte> in) noexcept { return model_->try_read(in); }
  std::size_t try_write(std::span<const std::byte> out) noexcept { return model_->try_write(out); }

 private:
  class interface {
   public:
    explicit interface(bool eager) noexcept : is_eager(eager) {}
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;

    virtual bool start_read(std::span<std::byte>, stop_token, std::coroutine_handle<>) = 0;
    virtual result<std::size_t> finish_read() = 0;
    virtual void abandon_read() noexcept = 0;
    virtual bool start_write(std::span<const std::byte>, stop_token, std::coroutine_handle<>) = 0;
    virtual result<std::size_t> finish_write() = 0;
    virtual void abandon_write() noexcept = 0;
    virtual bool idle() noexcept = 0;
    virtual void close(std::span<const std::byte> last) noexcept = 0;
    virtual std::size_t try_read(std::span<std::byte>) noexcept = 0;
    virtual std::size_t try_write(std::span<const std::byte>) noexcept = 0;

    const bool is_eager;
  };

  template <class Stream>
  class model final : public interface {
   public:
    explicit model(Stream stream) : interface(eager_stream<Stream>), stream_(std::move(stream)) {}

    bool start_read(std::span<std::byte> in, stop_token stop,
                    std::coroutine_handle<> waiter) override {
      return reading_.start([&] { return stream_.read_some(in, stop); }, waiter);
    }
    result<std::size_t> finish_read() override { return reading_.finish(); }
    void abandon_read() noexcept override { reading_.reset(); }
    bool start_write(std::span<const std::byte> out, stop_token stop,
                     std::coroutine_handle<> waiter) override {
      return writing_.start([&] { return stream_.write_some(out, stop); }, waiter);
    }
    result<std::size_t> finish_write() override { return writing_.finish(); }
    void abandon_write() noexcept override { writing_.reset(); }
    bool idle() noexcept override { return stream_.idle(); }
    void close(std::span<const std::byte> last) noexcept override {
      if constexpr (requires { stream_.close(last); }) {
        stream_.close(last);
      } else {
        if (!last.empty()) (void)try_write(last);
        stream_.close();
      }
    }
    std::size_t try_read(std::span<std::byte> in) noexcept override {
      if constexpr (eager_stream<Stream>) return stream_.try_read(in);
      return 0;
    }
    std::size_t try_write(std::span<const std::byte> out) noexcept override {
      if constexpr (eager_stream<Stream>) return stream_.try_write(out);
      return 0;
    }

   private:
    template <class F>
    using kept = detail::kept_awaitable<std::remove_cvref_t<std::invoke_result_t<F, Stream&>>>;
    static auto read_of(Stream& s) { return s.read_some({}, {}); }
    static auto write_of(Stream& s) { return s.write_some({}, {}); }

    Stream stream_;
    kept<decltype(&model::read_of)> reading_;
    kept<decltype(&model::write_of)> writing_;
  };

  struct reading {
    interface& of;
    std::span<std::byte> in;
    stop_token stop;
    bool started = false;

    ~reading() {
      if (started) of.abandon_read();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      started = true;
      return of.start_read(in, stop, waiter);
    }
    result<std::size_t> await_resume() {
      started = false;
      return of.finish_read();
    }
  };
  struct writing {
    interface& of;
    std::span<const std::byte> out;
    stop_token stop;
    bool started = false;

    ~writing() {
      if (started) of.abandon_write();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      started = true;
      return of.start_write(out, stop, waiter);
    }
    result<std::size_t> await_resume() {
      started = false;
      return of.finish_write();
    }
  };

  std::unique_ptr<interface> model_;
};

/// A `timer` of any type. If it is not a `detachable_timer`, `detach` returns false.
class any_timer {
 public:
  template <class Timer>
    requires(!std::same_as<Timer, any_timer> && timer<Timer>)
  explicit any_timer(Timer of) : model_(std::make_unique<model<Timer>>(std::move(of))) {}

  void set(time_point when, timer_function f, void* argument) noexcept {
    model_->set(when, f, argument);
  }
  void cancel() noexcept { model_->cancel(); }
  bool detach() noexcept { return model_->detach(); }
  void attach() noexcept { model_->attach(); }

 private:
  class interface {
   public:
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;
    virtual void set(time_point, timer_function, void*) noexcept = 0;
    virtual void cancel() noexcept = 0;
    virtual bool detach() noexcept = 0;
    virtual void attach() noexcept = 0;
  };
  template <class Timer>
  class model final : public interface {
   public:
    explicit model(Timer of) : timer_(std::move(of)) {}
    void set(time_point when, timer_function f, void* argument) noexcept override {
      timer_.set(when, f, argument);
    }
    void cancel() noexcept override { timer_.cancel(); }
    bool detach() noexcept override {
      if constexpr (detachable_timer<Timer>) return timer_.detach();
      return false;
    }
    void attach() noexcept override {
      if constexpr (detachable_timer<Timer>) timer_.attach();
    }

   private:
    Timer timer_;
  };

  std::unique_ptr<interface> model_;
};

/// Where a caller is, seen from the loop of a transport.
enum class loop_place : std::uint8_t {
  unknown,    ///< the transport cannot tell
  elsewhere,  ///< on a thread that does not run the loop, or in the loop's thread outside of it
  on_loop,    ///< in a loop that stays on its thread
  on_strand,  ///< in a loop that moves from thread to thread
};

/// A `transport` of any type. Copies share it.
class any_transport {
 public:
  using stream_type = any_stream;
  using timer_type = any_timer;

  template <class Transport>
    requires(!std::same_as<Transport, any_transport> && transport<Transport>)
  any_transport(Transport over) : model_(std::make_shared<model<Transport>>(std::move(over))) {}

  /// The caller keeps the text of `host` until the task ends.
  task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                              stop_token stop) {
    return model_->resolve(host, port, stop);
  }
  /// The caller keeps `to` and `how` until the task ends. Only a `socket_transport` uses `how`.
  task<result<any_stream>> connect(const endpoint& to, const socket_options& how, stop_token stop) {
    return model_->connect(to, how, stop);
  }
  task<result<any_stream>> connect(const endpoint& to, stop_token stop) {
    static const socket_options none;
    return model_->connect(to, none, stop);
  }
  any_timer make_timer() { return model_->make_timer(); }
  time_point now() const noexcept { return model_->now(); }
  void post(std::function<void()> call) { model_->post(std::move(call)); }

  /// Tells where the caller is. Any thread may call it.
  loop_place place() const noexcept { return model_->place(); }

  /// True if `connect` uses `how`, and reaches Unix domain sockets.
  bool is_socket_transport() const noexcept { return model_->is_socket_transport(); }

  /// Returns the transport that this one was made from if it is a `Transport`, else null.
  template <class Transport>
  Transport* target() noexcept {
    return model_->type() == &type_of<Transport>
               ? &static_cast<model<Transport>*>(model_.get())->transport_
               : nullptr;
  }

 private:
  template <class Transport>
  static constexpr char type_of = 0;  // its address identifies the type

  class interface {
   public:
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;
    virtual task<result<std::vector<endpoint>>> resolve(std::string_view, std::uint16_t,
                                                        stop_token) = 0;
    virtual task<result<any_stream>> connect(const endpoint&, const socket_options&,
                                             stop_token) = 0;
    virtual any_timer make_timer() = 0;
    virtual time_point now() noexcept = 0;
    virtual loop_place place() const noexcept = 0;
    virtual bool is_socket_transport() const noexcept = 0;
    virtual void post(std::function<void()>) = 0;
    virtual const char* type() const noexcept = 0;
  };
  template <class Transport>
  class model final : public interface {
   public:
    explicit model(Transport over) : transport_(std::move(over)) {}

    task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                                stop_token stop) override {
      co_return co_await transport_.resolve(host, port, stop);
    }
    task<result<any_stream>> connect(const endpoint& to, const socket_options& how,
                                     stop_token stop) override {
      if constexpr (socket_transport<Transport>) {
        co_return erase(co_await transport_.connect(to, how, stop));
      } else {
        co_return erase(co_await transport_.connect(to, stop));
      }
    }
    any_timer make_timer() override { return any_timer(transport_.make_timer()); }
    time_point now() noexcept override { return transport_.now(); }
    loop_place place() const noexcept override {
      if constexpr (!requires { transport_.running_in_this_thread(); })
        return loop_place::unknown;
      else if (!transport_.running_in_this_thread())
        return loop_place::elsewhere;
      else
        return requires { Transport::is_strand; } ? loop_place::on_strand : loop_place::on_loop;
    }
    bool is_socket_transport() const noexcept override { return socket_transport<Transport>; }
    void post(std::function<void()> call) override { transport_.post(std::move(call)); }
    const char* type() const noexcept override { return &type_of<Transport>; }

    Transport transport_;

   private:
    static result<any_stream> erase(result<typename Transport::stream_type> connected) {
      if (!connected) return pass(std::move(connected));
      return any_stream(*std::move(connected));
    }
  };

  std::shared_ptr<interface> model_;
};

}  // namespace cohttps
