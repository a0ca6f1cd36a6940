// Looks names up with getaddrinfo, on separate threads.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/handler_memory.hpp>
#include <cohttps/transport/concepts.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <new>
#include <optional>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// The outcome of a look-up. `code` is one of the `EAI_...`, or of the `h_errno` for records; 0 is
/// success.
struct look_up_outcome {
  int code = 0;
  int system_code = 0;  // errno, for EAI_SYSTEM
  std::vector<endpoint> found = {};
  std::vector<std::byte> message = {};  // the response, if records were asked for
};

using look_up_function = look_up_outcome (*)(const std::string& host);

/// Returns the system's addresses for `host` in the system's order (RFC 6724), with port 0.
COHTTPS_DECL look_up_outcome system_look_up(const std::string& host);

class asio_look_up;

/// A look-up. Between `begin` and `abandon` it counts as work of its loop.
class look_up {
 public:
  explicit look_up(std::string_view name) : host(name) {}
  look_up(const look_up&) = delete;
  look_up& operator=(const look_up&) = delete;
  virtual ~look_up() = default;

  virtual void begin() = 0;
  /// Posts the outcome to the waiter. The loop must exist.
  virtual void deliver(const std::shared_ptr<look_up>& self, look_up_outcome outcome) = 0;
  /// Lets go of the loop. After this `deliver` does nothing.
  virtual void abandon() noexcept = 0;

  const std::string host;
  asio_look_up* waiter = nullptr;  // only for the loop's thread

 protected:
  COHTTPS_DECL void complete(look_up_outcome outcome);
};

template <class Executor>
class look_up_on final : public look_up {
 public:
  look_up_on(const Executor& on, std::string_view name) : look_up(name), executor_(on) {}

  void begin() override { work_.emplace(executor_); }

  void deliver(const std::shared_ptr<look_up>& self, look_up_outcome outcome) override {
    if (!work_) return;
    const Executor on = executor_;  // the handler may run, and end the work, at once
    asio::post(on, [self, outcome = std::move(outcome)]() mutable {
      self->abandon();
      static_cast<look_up_on&>(*self).complete(std::move(outcome));
    });
  }
  void abandon() noexcept override {
    work_.reset();
    if constexpr (!is_loop<Executor>) executor_ = Executor();
  }

 private:
  Executor executor_;
  std::optional<asio::executor_work_guard<Executor>> work_;
};

/// The threads on which a loop looks names up.
///
/// `getaddrinfo` blocks as long as the name servers need, and cannot be interrupted. The destructor
/// of the loop therefore joins only idle threads. It detaches a thread that is in `getaddrinfo`.
/// That thread shares the queue with the loop. It later finds no loop in the queue, and ends.
///
/// A process made by `fork` has none of these threads. There, `notify_fork` of the loop starts the
/// look-ups again.
class resolver_threads {
 public:
  static constexpr std::size_t max_threads = 8;  ///< if so many look-ups hang, others wait

  /// `ask` blocks until it has an answer.
  COHTTPS_DECL explicit resolver_threads(look_up_function ask = system_look_up)
      : shared_(std::make_shared<shared>(ask)) {}

  COHTTPS_DECL static resolver_threads& of(asio::execution_context& loop);

  COHTTPS_DECL void begin(std::shared_ptr<look_up> l);

  /// The loop calls these; see `asio::execution_context::service`.
  COHTTPS_DECL void notify_fork(asio::execution_context::fork_event event);
  COHTTPS_DECL void shutdown() noexcept;

  /// Call it when nobody waits for the look-up any more.
  COHTTPS_DECL void withdraw(const std::shared_ptr<look_up>& l) noexcept;

  /// For tests: asks `f` instead of the system, and ends threads that were idle for the time
  /// `idle`.
  COHTTPS_DECL void replace_system(look_up_function f, std::chrono::milliseconds idle = idle_time);
  COHTTPS_DECL std::size_t threads() const;

 private:
  static constexpr std::chrono::milliseconds idle_time = std::chrono::seconds(10);

  struct worker {
    std::thread thread;
    std::shared_ptr<look_up> current;  // null while it is idle
  };

  struct shared {
    explicit shared(look_up_function function) : ask(function) {}

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<look_up>> waiting;
    std::list<worker> workers;
    std::size_t idle = 0;
    bool has_loop = true;  // false once the loop is being destroyed
    look_up_function ask;
    std::chrono::milliseconds idle_limit = idle_time;
    ::pid_t process = ::getpid();
  };

  COHTTPS_DECL void add_thread();

  COHTTPS_DECL static void serve(std::shared_ptr<shared> s, std::list<worker>::iterator self);

  std::shared_ptr<shared> shared_;
};

/// The look-up of addresses.
struct address_look_up {
  static look_up_outcome ask(const std::string& host) { return system_look_up(host); }
};

/// The threads for one kind of look-up.
template <class Kind>
class resolver_service : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  explicit resolver_service(asio::execution_context& loop)
      : asio::execution_context::service(loop) {}

  resolver_threads threads{&Kind::ask};

 private:
  void notify_fork(asio::execution_context::fork_event event) override {
    threads.notify_fork(event);
  }
  void shutdown() noexcept override { threads.shutdown(); }
};

/// Awaits a look-up on the threads of a loop. A stop ends the wait, but not the system's call.
class asio_look_up {
 public:
  using threads_of = resolver_threads& (*)(asio::execution_context& loop);

  asio_look_up(asio::execution_context& loop, threads_of where, std::shared_ptr<look_up> what,
               stop_token stop)
      : loop_(loop), threads_of_(where), look_up_(std::move(what)), stop_(stop) {}
  asio_look_up(const asio_look_up&) = delete;
  asio_look_up& operator=(const asio_look_up&) = delete;

  COHTTPS_DECL void await_suspend(std::coroutine_handle<> waiter);

 protected:
  ~asio_look_up() {
    if (!look_up_->waiter) return;
    look_up_->waiter = nullptr;
    threads_->withdraw(look_up_);
  }

  const std::string& name() const noexcept { return look_up_->host; }
  bool stopped() const noexcept { return stop_.stop_requested(); }

  look_up_outcome outcome_;

 private:
  friend look_up;
  struct on_stop {
    asio_look_up* self;
    COHTTPS_DECL void operator()() const noexcept {
      self->look_up_->deliver(self->look_up_, {});
      self->threads_->withdraw(self->look_up_);
    }
  };

  COHTTPS_DECL void resume(look_up_outcome outcome);

  asio::execution_context& loop_;
  threads_of threads_of_;
  std::shared_ptr<look_up> look_up_;
  stop_token stop_;
  resolver_threads* threads_ = nullptr;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::coroutine_handle<> waiter_;
};

/// Awaits the addresses of a host.
class asio_resolution : public asio_look_up {
 public:
  asio_resolution(asio::execution_context& loop, std::shared_ptr<look_up> what, std::uint16_t port,
                  stop_token stop)
      : asio_look_up(loop, &resolver_threads::of, std::move(what), stop), port_(port) {}

  COHTTPS_DECL bool await_ready();

  COHTTPS_DECL result<std::vector<endpoint>> await_resume();

 private:
  COHTTPS_DECL [[gnu::cold]] error explain() const;

  std::uint16_t port_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/resolver.ipp>
#endif
