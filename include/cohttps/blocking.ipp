// Definitions for blocking.hpp.
#pragma once

#include <cohttps/blocking.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <pthread.h>
#include <thread>
#include <utility>

namespace cohttps::blocking::detail {

struct loop_thread::loop {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

COHTTPS_DEF loop_thread::loop_thread()
    : loop_(std::make_shared<loop>()), end_([](loop_thread& self) noexcept {
        self.loop_->context.stop();
        self.loop_->thread.join();
      }) {
  // The thread must not handle the program's signals.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct restore {
    sigset_t& mask;
    ~restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } restored{before};
  loop_->thread = std::thread([of = loop_.get()] {
    cohttps::detail::current_context() = &of->context;
    of->context.run();
  });
}

COHTTPS_DEF any_transport loop_thread::transport() const { return asio_transport(loop_->context); }

COHTTPS_DEF void loop_thread::start(task<bool> work) {
  if (loop_->context.get_executor().running_in_this_thread())
    throw error(error_category::usage, "blocking_on_loop",
                "a blocking call was made on the thread of its own client, which would wait for "
                "itself; co_await a call of on_loop() instead");
  asio_transport(loop_->context)
      .start([work = std::move(work)](stop_token) mutable { return std::move(work); },
             [](const std::exception_ptr&, bool) {});
}

}  // namespace cohttps::blocking::detail
