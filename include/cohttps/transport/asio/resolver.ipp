// Definitions for resolver.hpp.
#pragma once

#include <cohttps/transport/asio/resolver.hpp>

namespace cohttps::detail {

COHTTPS_DEF look_up_outcome system_look_up(const std::string& host) {
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

COHTTPS_DEF resolver_threads& resolver_threads::of(asio::execution_context& loop) {
  return asio::use_service<resolver_service<address_look_up>>(loop).threads;
}

COHTTPS_DEF void resolver_threads::notify_fork(asio::execution_context::fork_event event) {
  if (event == asio::execution_context::fork_prepare) return shared_->mutex.lock();
  const auto before = shared_;
  const std::unique_lock lock(before->mutex, std::adopt_lock);
  if (event == asio::execution_context::fork_parent) return;
  // The old queue remains, with the references of threads that do not exist in this process.
  shared_ = std::make_shared<shared>(before->ask);
  shared_->idle_limit = before->idle_limit;
  for (auto& each : before->waiting) begin(std::move(each));
  for (auto& each : before->workers)
    if (each.current) begin(std::move(each.current));
  before->waiting.clear();
}

COHTTPS_DEF void resolver_threads::shutdown() noexcept {
  std::deque<std::shared_ptr<look_up>> dropped;
  std::list<worker> workers;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->has_loop = false;
    dropped.swap(shared_->waiting);
    // If nobody called `notify_fork` in a child process, it has copies of the handles, but no
    // threads to join.
    if (shared_->process == ::getpid()) workers.swap(shared_->workers);
    for (auto& each : workers) {
      if (!each.current) continue;
      each.current->abandon();
      each.thread.detach();
    }
    shared_->wake.notify_all();
  }
  for (auto& each : workers)
    if (each.thread.joinable()) each.thread.join();
}

COHTTPS_DEF void resolver_threads::begin(std::shared_ptr<look_up> l) {
  std::lock_guard lock(shared_->mutex);
  shared_->waiting.push_back(std::move(l));
  if (shared_->idle >= shared_->waiting.size())
    shared_->wake.notify_one();
  else if (shared_->workers.size() < max_threads)
    add_thread();
}

COHTTPS_DEF void resolver_threads::withdraw(const std::shared_ptr<look_up>& l) noexcept {
  std::lock_guard lock(shared_->mutex);
  const auto found = std::ranges::find(shared_->waiting, l);
  if (found != shared_->waiting.end()) shared_->waiting.erase(found);
  l->abandon();
}

COHTTPS_DEF void resolver_threads::replace_system(look_up_function f,
                                                  std::chrono::milliseconds idle) {
  std::lock_guard lock(shared_->mutex);
  shared_->ask = f;
  shared_->idle_limit = idle;
}

COHTTPS_DEF std::size_t resolver_threads::threads() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->workers.size();
}

COHTTPS_DEF void resolver_threads::add_thread() {
  auto& workers = shared_->workers;
  const auto self = workers.emplace(workers.end());
  int failure = 0;
  // This thread must not handle the program's signals.
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
  if (!workers.empty()) return;  // another thread takes the look-up later
  const auto l = std::move(shared_->waiting.back());
  shared_->waiting.pop_back();
  l->deliver(l, {.code = EAI_SYSTEM, .system_code = failure});
}

COHTTPS_DEF void resolver_threads::serve(std::shared_ptr<shared> s,
                                         std::list<worker>::iterator self) {
  std::unique_lock lock(s->mutex);
  while (true) {
    ++s->idle;
    s->wake.wait_for(lock, s->idle_limit, [&] { return !s->waiting.empty() || !s->has_loop; });
    --s->idle;
    if (!s->has_loop) return;  // `shutdown` owns `self`
    if (s->waiting.empty()) break;
    const auto l = std::move(s->waiting.front());
    s->waiting.pop_front();
    self->current = l;
    const look_up_function ask = s->ask;
    lock.unlock();
    look_up_outcome outcome;
    try {
      outcome = ask(l->host);
    } catch (const std::bad_alloc&) {
      outcome = {.code = EAI_MEMORY};
    }
    lock.lock();
    if (!s->has_loop) return;
    self->current = nullptr;
    l->deliver(l, std::move(outcome));
  }
  self->thread.detach();
  s->workers.erase(self);
}

COHTTPS_DEF bool asio_resolution::await_ready() {
  if (stopped()) return true;
  const std::string& host = name();
  if (auto literal = parse_address(host)) {
    outcome_.found.push_back(*std::move(literal));
    return true;
  }
  if (host.find('\0') == host.npos) return false;
  outcome_.code = EAI_NONAME;
  return true;
}

COHTTPS_DEF void asio_look_up::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  threads_ = &threads_of_(loop_);
  look_up_->waiter = this;
  look_up_->begin();
  threads_->begin(look_up_);
  on_stop_.emplace(stop_, on_stop{this});
}

COHTTPS_DEF result<std::vector<endpoint>> asio_resolution::await_resume() {
  if (stopped()) return fail(error_category::canceled, "canceled", "the operation was canceled");
  if (outcome_.found.empty()) return std::unexpected(explain());
  for (endpoint& e : outcome_.found) e.port = port_;
  return std::move(outcome_.found);
}

COHTTPS_DEF void asio_look_up::resume(look_up_outcome outcome) {
  outcome_ = std::move(outcome);
  on_stop_.reset();
  waiter_.resume();
}

COHTTPS_DEF error asio_resolution::explain() const {
  switch (outcome_.code) {
    case 0:
    case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
      return error(error_category::resolve, known_reason::host_not_found,
                   "the host name '" + name() + "' has no address; check its spelling and DNS");
    case EAI_AGAIN:
      return error(error_category::resolve, "resolver_unavailable",
                   "no name server answered for '" + name() +
                       "'; check the network and the system's DNS settings, or try again later");
    case EAI_SYSTEM: {
      const std::error_code cause(outcome_.system_code, std::system_category());
      return error(error_category::resolve, "resolver_failed",
                   "looking up '" + name() + "' failed: " + cause.message())
          .code(cause);
    }
    default:
      return error(error_category::resolve, "resolver_failed",
                   "looking up '" + name() + "' failed: " + ::gai_strerror(outcome_.code));
  }
}

COHTTPS_DEF void look_up::complete(look_up_outcome outcome) {
  if (asio_look_up* w = std::exchange(waiter, nullptr)) w->resume(std::move(outcome));
}

}  // namespace cohttps::detail
