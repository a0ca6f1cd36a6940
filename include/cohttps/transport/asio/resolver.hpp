// Looks names up with getaddrinfo, on separate threads.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/concepts.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <csignal>
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

/// The outcome of a look-up. `code` is one of the `EAI_...`, or 0 for success.
struct look_up_outcome {
  int code = 0;
  int system_code = 0;  // errno, for EAI_SYSTEM
  std::vector<endpoint> found;
};

using look_up_function = look_up_outcome (*)(const std::string& host);

/// Returns the system's addresses for `host` in the system's order (RFC 6724), with port 0.
COHTTPS_DECL look_up_outcome system_look_up(const std::string& host);

class asio_resolution;

/// A look-up that is running. Only the loop's thread may use `waiter`.
struct look_up {
  const std::string host;
  asio_resolution* waiter;

  COHTTPS_DECL void complete(look_up_outcome outcome);
};

/// The threads on which a loop looks names up.
///
/// `getaddrinfo` blocks as long as the name servers need, and cannot be interrupted. The destructor
/// of the loop therefore joins only idle threads. It detaches a thread that is in `getaddrinfo`.
/// That thread shares the queue with the loop. It later finds no loop in the queue, and ends.
///
/// A process made by `fork` has none of these threads. There, `notify_fork` of the loop starts the
/// look-ups again.
class resolver_threads : public asio::execution_context::service {
 public:
  static constexpr std::size_t max_threads = 8;  ///< if so many look-ups hang, others wait

  inline static asio::execution_context::id id;

  explicit resolver_threads(asio::io_context& loop)
      : asio::execution_context::service(loop), shared_(std::make_shared<shared>()) {
    shared_->loop = &loop;
  }

  COHTTPS_DECL static resolver_threads& of(asio::io_context& loop);

  COHTTPS_DECL void begin(std::shared_ptr<look_up> l);

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
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<look_up>> waiting;
    std::list<worker> workers;
    std::size_t idle = 0;
    asio::io_context* loop = nullptr;  // null once the loop is being destroyed
    look_up_function ask = system_look_up;
    std::chrono::milliseconds idle_limit = idle_time;
    ::pid_t process = ::getpid();
  };

  void notify_fork(asio::execution_context::fork_event event) override {
    if (event == asio::execution_context::fork_prepare) return shared_->mutex.lock();
    const auto before = shared_;
    const std::unique_lock lock(before->mutex, std::adopt_lock);
    if (event == asio::execution_context::fork_parent) return;
    // The old queue remains, with the references of threads that do not exist in this process.
    shared_ = std::make_shared<shared>();
    shared_->loop = before->loop;
    shared_->ask = before->ask;
    shared_->idle_limit = before->idle_limit;
    for (auto& each : before->waiting) begin(std::move(each));
    for (auto& each : before->workers)
      if (each.current) begin(std::move(each.current));
    before->waiting.clear();
  }

  void shutdown() noexcept override {
    std::deque<std::shared_ptr<look_up>> dropped;
    std::list<worker> workers;
    {
      std::lock_guard lock(shared_->mutex);
      shared_->loop = nullptr;
      dropped.swap(shared_->waiting);
      // If nobody called `notify_fork` in a child process, it has copies of the handles, but no
      // threads to join.
      if (shared_->process == ::getpid()) workers.swap(shared_->workers);
      for (auto& each : workers)
        if (each.current) each.thread.detach();
      shared_->wake.notify_all();
    }
    for (auto& each : workers)
      if (each.thread.joinable()) each.thread.join();
  }

  COHTTPS_DECL void add_thread();

  COHTTPS_DECL static void serve(std::shared_ptr<shared> s, std::list<worker>::iterator self);

  COHTTPS_DECL static void deliver(asio::io_context& loop, std::shared_ptr<look_up> l,
                                   look_up_outcome outcome);

  std::shared_ptr<shared> shared_;
};

/// Awaits a look-up, which counts as work of the loop. A stop ends the wait, but not the system's
/// call.
class asio_resolution {
 public:
  asio_resolution(asio::io_context& loop, std::string_view host, std::uint16_t port,
                  stop_token stop)
      : loop_(loop), host_(host), port_(port), stop_(stop) {}
  asio_resolution(const asio_resolution&) = delete;
  asio_resolution& operator=(const asio_resolution&) = delete;
  ~asio_resolution() {
    if (!pending_ || !pending_->waiter) return;
    pending_->waiter = nullptr;
    threads_->withdraw(pending_);
  }

  COHTTPS_DECL bool await_ready();

  COHTTPS_DECL void await_suspend(std::coroutine_handle<> waiter);

  COHTTPS_DECL result<std::vector<endpoint>> await_resume();

 private:
  friend struct look_up;
  struct on_stop {
    asio_resolution* self;
    void operator()() const noexcept {
      self->threads_->withdraw(self->pending_);
      asio::post(self->loop_, [l = self->pending_] { l->complete({}); });
    }
  };

  COHTTPS_DECL void resume(look_up_outcome outcome);

  COHTTPS_DECL [[gnu::cold]] error explain() const;

  asio::io_context& loop_;
  std::string host_;
  std::uint16_t port_;
  stop_token stop_;
  look_up_outcome outcome_;
  resolver_threads* threads_ = nullptr;
  std::shared_ptr<look_up> pending_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::coroutine_handle<> waiter_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/resolver.ipp>
#endif
