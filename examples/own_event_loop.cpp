// The client on an event loop written by hand: what a program gives to be a `transport`.
//
// One thread, poll(2), a list of timers. Every wait is one object on the waiting coroutine's frame.
#include <cohttps/client.hpp>
#include <cohttps/task/task.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <list>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace cohttps;

namespace {

// ---- the loop ----------------------------------------------------------------------------------

struct event {
  int fd = -1;       // what to poll, or
  short events = 0;  //
  time_point at{};   // when to fire
  timer_function call = nullptr;
  void* argument = nullptr;
};

class loop {
 public:
  using id = std::list<event>::iterator;
  id add(event e) {
    events_.push_back(e);
    return std::prev(events_.end());
  }
  void remove(id e) noexcept { events_.erase(e); }
  void post(std::function<void()> call) {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(call));
  }

  void run_once() {
    std::vector<std::function<void()>> posted;
    {
      std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    for (const auto& call : posted) call();
    if (!posted.empty() || events_.empty()) return;
    std::vector<pollfd> fds;
    auto wait = std::chrono::milliseconds(100);
    const auto before = std::chrono::steady_clock::now();
    for (const event& e : events_) {
      if (e.fd >= 0)
        fds.push_back({e.fd, e.events, 0});
      else if (e.at <= before)
        wait = std::chrono::milliseconds(0);
      else
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(e.at - before));
    }
    ::poll(fds.data(), fds.size(), static_cast<int>(wait.count()));
    const auto now = std::chrono::steady_clock::now();
    for (auto e = events_.begin(); e != events_.end(); ++e) {
      const bool ready =
          e->fd < 0 ? e->at <= now
                    : std::ranges::any_of(
                          fds,
                          [&](const pollfd& p) {
                            return p.fd == e->fd && (p.revents & (e->events | POLLERR | POLLHUP));
                          });
      if (!ready) continue;
      const event fired = *e;
      return events_.erase(e), fired.call(fired.argument);  // it may change the list: one at a time
    }
  }

 private:
  std::list<event> events_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};

// ---- waiting for a descriptor, and a stop ------------------------------------------------------

/// Awaits `events` on `fd`, then gives what `act()` returns: a `result`, tried until it is not
/// "would block".
template <class T, class Act>
struct readiness {
  loop& on;
  int fd;
  short events;
  stop_token stop;
  Act act;
  std::coroutine_handle<> waiter{};
  std::optional<loop::id> waiting{};
  struct end {
    readiness* self;
    void operator()() const noexcept {
      self->on.remove(*self->waiting);
      self->wait({.at = time_point::min()});  // for the next turn
    }
  };
  std::optional<stop_callback<end>> on_stop{};

  bool await_ready() const noexcept { return stop.stop_requested(); }
  void await_suspend(std::coroutine_handle<> h) {
    waiter = h;
    wait({.fd = fd, .events = events});
    on_stop.emplace(stop, end{this});
  }
  void wait(event e) {
    e.call = [](void* p) noexcept {
      auto* self = static_cast<readiness*>(p);
      self->waiting.reset();
      self->on_stop.reset();
      self->waiter.resume();
    };
    e.argument = this;
    waiting = on.add(e);
  }
  result<T> await_resume() {
    if (stop.stop_requested()) return fail(error_category::canceled, "canceled", "canceled");
    return act();
  }
  ~readiness() {
    if (waiting) on.remove(*waiting);
  }
};

// ---- the transport -----------------------------------------------------------------------------

class stream {
 public:
  stream(loop& on, int fd) : loop_(&on), fd_(fd) {}
  stream(stream&& other) noexcept : loop_(other.loop_), fd_(std::exchange(other.fd_, -1)) {}
  stream& operator=(stream&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~stream() { close(); }

  auto read_some(std::span<std::byte> in, stop_token stop) {
    auto act = [fd = fd_, in] { return outcome(::recv(fd, in.data(), in.size(), 0)); };
    return readiness<std::size_t, decltype(act)>{*loop_, fd_, POLLIN, stop, act};
  }
  auto write_some(std::span<const std::byte> out, stop_token stop) {
    auto act = [fd = fd_, out] {
      return outcome(::send(fd, out.data(), out.size(), MSG_NOSIGNAL));
    };
    return readiness<std::size_t, decltype(act)>{*loop_, fd_, POLLOUT, stop, act};
  }
  bool idle() noexcept {
    char probe;
    return ::recv(fd_, &probe, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  static result<std::size_t> outcome(ssize_t n) {
    if (n >= 0) return static_cast<std::size_t>(n);
    return fail(error_category::peer_closed, "connection_lost", std::strerror(errno));
  }
  loop* loop_;
  int fd_;
};

class poll_transport {
 public:
  using stream_type = stream;
  class timer_type {
   public:
    explicit timer_type(loop& on) : loop_(&on) {}
    timer_type(timer_type&& other) noexcept : loop_(other.loop_), state_(std::move(other.state_)) {}
    timer_type& operator=(timer_type&&) noexcept = default;
    ~timer_type() { cancel(); }
    void set(time_point when, timer_function f, void* argument) noexcept {
      cancel();
      state_ = std::make_unique<state>(state{{}, f, argument});
      state_->waiting = loop_->add({.at = when,
                                    .call =
                                        [](void* p) noexcept {
                                          auto* s = static_cast<state*>(p);
                                          s->waiting.reset();
                                          s->call(s->argument);
                                        },
                                    .argument = state_.get()});
    }
    void cancel() noexcept {
      if (state_ && state_->waiting) loop_->remove(*std::exchange(state_->waiting, {}));
    }

   private:
    struct state {
      std::optional<loop::id> waiting;
      timer_function call;
      void* argument;
    };
    loop* loop_;
    std::unique_ptr<state> state_;
  };

  explicit poll_transport(loop& on) : loop_(&on) {}

  task<result<std::vector<endpoint>>> resolve(std::string_view host, std::uint16_t port,
                                              stop_token) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = AF_INET;
    addrinfo* found = nullptr;  // blocks: a real program would ask on another thread
    if (::getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found) != 0)
      co_return fail(error_category::resolve, "host_not_found", "the host name has no address");
    std::vector<endpoint> all;
    for (addrinfo* a = found; a; a = a->ai_next) {
      endpoint e{.port = port};
      sockaddr_in v4;
      std::memcpy(&v4, a->ai_addr, sizeof v4);
      std::memcpy(e.address.data(), &v4.sin_addr, 4);
      all.push_back(e);
    }
    ::freeaddrinfo(found);
    co_return all;
  }

  task<result<stream>> connect(const endpoint& to, stop_token stop) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    stream s(*loop_, fd);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(to.port);
    std::memcpy(&v4.sin_addr, to.address.data(), 4);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4) != 0) {
      auto act = [fd]() -> result<int> {
        int code = 0;
        socklen_t size = sizeof code;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
        return code;
      };
      auto code = co_await readiness<int, decltype(act)>{*loop_, fd, POLLOUT, stop, act};
      if (!code) co_return pass(std::move(code));
      if (*code != 0)
        co_return fail(error_category::connect, "connect_failed", std::strerror(*code));
    }
    co_return std::move(s);
  }

  timer_type make_timer() { return timer_type(*loop_); }
  time_point now() { return std::chrono::steady_clock::now(); }
  void post(std::function<void()> call) { loop_->post(std::move(call)); }

 private:
  loop* loop_;
};

static_assert(transport<poll_transport>);

// ---- the program -------------------------------------------------------------------------------

task<int> fetch(loop& on, std::string url, client_options options) {
  client client(poll_transport(on), std::move(options));
  auto response = co_await client.try_get(url);
  if (!response) {
    std::cerr << response.error().what() << '\n';
    co_return 1;
  }
  std::cout << response->status() << '\n' << response->text();
  co_return 0;
}

struct root {
  struct promise_type {
    root get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
};

root start(task<int> t, std::optional<int>& status) { status = co_await std::move(t); }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: own_event_loop URL [FILE-OF-ROOTS]\n";
    return 2;
  }
  client_options options;
  if (argc == 3) options.tls = tls_context({.root_file = argv[2]});
  loop events;
  std::optional<int> status;
  start(fetch(events, argv[1], std::move(options)), status);
  while (!status) events.run_once();
  return *status;
}
