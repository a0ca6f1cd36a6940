// Looks names up with getaddrinfo, on threads of its own.
#pragma once

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

/// What looking a name up came to. `code` is one of the `EAI_...`, 0 for success.
struct look_up_outcome {
  int code = 0;
  int system_code = 0;  // errno, for EAI_SYSTEM
  std::vector<endpoint> found;
};

using look_up_function = look_up_outcome (*)(const std::string& host);

/// The system's addresses for `host` in its own order (RFC 6724), with port 0.
inline look_up_outcome system_look_up(const std::string& host) {
  look_up_outcome outcome;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  outcome.code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (outcome.code == EAI_SYSTEM) outcome.system_code = errno;
  if (outcome.code != 0) return outcome;
  for (const addrinfo* a = list; a; a = a->ai_next) {
    endpoint e;
    if (a->ai_family == AF_INET) {
      sockaddr_in v4;
      std::memcpy(&v4, a->ai_addr, sizeof v4);
      std::memcpy(e.address.data(), &v4.sin_addr, sizeof v4.sin_addr);
    } else if (a->ai_family == AF_INET6) {
      sockaddr_in6 v6;
      std::memcpy(&v6, a->ai_addr, sizeof v6);
      std::memcpy(e.address.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
      e.is_v6 = true;
      e.scope = v6.sin6_scope_id;
    } else {
      continue;
    }
    if (std::ranges::find(outcome.found, e) == outcome.found.end()) outcome.found.push_back(e);
  }
  ::freeaddrinfo(list);
  return outcome;
}

class asio_resolution;

/// A name that is being looked up. `waiter` is for the loop's thread alone.
struct look_up {
  const std::string host;
  asio_resolution* waiter;

  void complete(look_up_outcome outcome);
};

/// The threads of a loop on which names are looked up.
///
/// `getaddrinfo` blocks for as long as name servers take and cannot be interrupted. The destructor
/// of the loop therefore joins only idle threads. It detaches a thread that is in `getaddrinfo`;
/// that thread shares the queue with the loop, finds no loop in the queue later, and ends.
///
/// A process made by `fork` has none of the threads: `notify_fork` of the loop starts the look-ups
/// again there.
class resolver_threads : public asio::execution_context::service {
 public:
  static constexpr std::size_t max_threads = 8;  ///< look-ups that hang delay others from then on

  inline static asio::execution_context::id id;

  explicit resolver_threads(asio::io_context& loop)
      : asio::execution_context::service(loop), shared_(std::make_shared<shared>()) {
    shared_->loop = &loop;
  }

  static resolver_threads& of(asio::io_context& loop) {
    return asio::use_service<resolver_threads>(loop);
  }

  void begin(std::shared_ptr<look_up> l) {
    std::lock_guard lock(shared_->mutex);
    shared_->waiting.push_back(std::move(l));
    if (shared_->idle >= shared_->waiting.size())
      shared_->wake.notify_one();
    else if (shared_->workers.size() < max_threads)
      add_thread();
  }

  /// Nobody waits for it any more.
  void withdraw(const std::shared_ptr<look_up>& l) noexcept {
    std::lock_guard lock(shared_->mutex);
    const auto found = std::ranges::find(shared_->waiting, l);
    if (found != shared_->waiting.end()) shared_->waiting.erase(found);
  }

  /// For tests: asks `f` instead of the system, and ends threads that were idle for so long.
  void replace_system(look_up_function f, std::chrono::milliseconds idle = idle_time) {
    std::lock_guard lock(shared_->mutex);
    shared_->ask = f;
    shared_->idle_limit = idle;
  }
  std::size_t threads() const {
    std::lock_guard lock(shared_->mutex);
    return shared_->workers.size();
  }

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
    asio::io_context* loop = nullptr;  // null once it is being destroyed
    look_up_function ask = system_look_up;
    std::chrono::milliseconds idle_limit = idle_time;
    ::pid_t process = ::getpid();
  };

  void notify_fork(asio::execution_context::fork_event event) override {
    if (event == asio::execution_context::fork_prepare) return shared_->mutex.lock();
    const auto before = shared_;
    const std::unique_lock lock(before->mutex, std::adopt_lock);
    if (event == asio::execution_context::fork_parent) return;
    // The old queue stays behind with the references of threads that are no more here.
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
      // A child that nobody told of the fork has copies of handles, but no threads to join.
      if (shared_->process == ::getpid()) workers.swap(shared_->workers);
      for (auto& each : workers)
        if (each.current) each.thread.detach();
      shared_->wake.notify_all();
    }
    for (auto& each : workers)
      if (each.thread.joinable()) each.thread.join();
  }

  void add_thread() {
    auto& workers = shared_->workers;
    const auto self = workers.emplace(workers.end());
    int failure = 0;
    // The program's signals are not for this thread to handle.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      self->thread = std::thread([s = shared_, self] { serve(s, self); });
    } catch (const std::system_error& e) {
      failure = e.code().value();
    } catch (const std::bad_alloc&) {
      failure = ENOMEM;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (failure == 0) return;
    workers.erase(self);
    if (!workers.empty()) return;  // another thread comes to it
    const auto l = std::move(shared_->waiting.back());
    shared_->waiting.pop_back();
    deliver(*shared_->loop, l, {EAI_SYSTEM, failure, {}});
  }

  static void serve(std::shared_ptr<shared> s, std::list<worker>::iterator self) {
    std::unique_lock lock(s->mutex);
    while (true) {
      ++s->idle;
      s->wake.wait_for(lock, s->idle_limit, [&] { return !s->waiting.empty() || !s->loop; });
      --s->idle;
      if (!s->loop) return;  // `self` belongs to `shutdown`
      if (s->waiting.empty()) break;
      const auto l = std::move(s->waiting.front());
      s->waiting.pop_front();
      self->current = l;
      const look_up_function ask = s->ask;
      lock.unlock();
      look_up_outcome outcome = ask(l->host);
      lock.lock();
      if (!s->loop) return;
      self->current = nullptr;
      deliver(*s->loop, l, std::move(outcome));
    }
    self->thread.detach();
    s->workers.erase(self);
  }

  static void deliver(asio::io_context& loop, std::shared_ptr<look_up> l, look_up_outcome outcome) {
    asio::post(loop, [l = std::move(l), outcome = std::move(outcome)]() mutable {
      l->complete(std::move(outcome));
    });
  }

  std::shared_ptr<shared> shared_;
};

/// Awaits a look-up. It is work of the loop; a stop ends the wait, not the system's call.
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

  bool await_ready() {
    if (stop_.stop_requested()) return true;
    if (auto literal = parse_address(host_)) {
      outcome_.found.push_back(*std::move(literal));
      return true;
    }
    if (host_.find('\0') == host_.npos) return false;
    outcome_.code = EAI_NONAME;
    return true;
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    threads_ = &resolver_threads::of(loop_);
    pending_ = std::make_shared<look_up>(host_, this);
    work_.emplace(loop_.get_executor());
    threads_->begin(pending_);
    on_stop_.emplace(stop_, on_stop{this});
  }

  result<std::vector<endpoint>> await_resume() {
    if (stop_.stop_requested())
      return fail(error_category::canceled, "canceled", "the operation was canceled");
    if (outcome_.found.empty()) return std::unexpected(explain());
    for (endpoint& e : outcome_.found) e.port = port_;
    return std::move(outcome_.found);
  }

 private:
  friend struct look_up;
  struct on_stop {
    asio_resolution* self;
    void operator()() const noexcept {
      self->threads_->withdraw(self->pending_);
      asio::post(self->loop_, [l = self->pending_] { l->complete({}); });
    }
  };

  void resume(look_up_outcome outcome) {
    outcome_ = std::move(outcome);
    on_stop_.reset();
    work_.reset();
    waiter_.resume();
  }

  [[gnu::cold]] error explain() const {
    switch (outcome_.code) {
      case 0:
      case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
      case EAI_NODATA:
#endif
        return error(error_category::resolve, known_reason::host_not_found,
                     "the host name '" + host_ + "' has no address; check its spelling and DNS");
      case EAI_AGAIN:
        return error(error_category::resolve, "resolver_unavailable",
                     "no name server answered for '" + host_ +
                         "'; check the network and the system's DNS settings, or try again later");
      case EAI_SYSTEM: {
        const std::error_code cause(outcome_.system_code, std::system_category());
        return error(error_category::resolve, "resolver_failed",
                     "looking up '" + host_ + "' failed: " + cause.message())
            .code(cause);
      }
      default:
        return error(error_category::resolve, "resolver_failed",
                     "looking up '" + host_ + "' failed: " + ::gai_strerror(outcome_.code));
    }
  }

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

inline void look_up::complete(look_up_outcome outcome) {
  if (asio_resolution* w = std::exchange(waiter, nullptr)) w->resume(std::move(outcome));
}

}  // namespace cohttps::detail
