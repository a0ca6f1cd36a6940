// Runs a task for a caller that uses Asio's completion tokens.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/asio/config.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace cohttps::detail {

/// The coroutines that run on a loop without an owner. When the loop is destroyed, it destroys
/// those that still wait. Several strands of a loop add and remove theirs at the same time.
class started_roots : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  /// A coroutine's entry in the list.
  class entry {
   public:
    entry(const asio::any_io_executor& on, std::coroutine_handle<> frame) noexcept
        : roots_(asio::use_service<started_roots>(asio::query(on, asio::execution::context))),
          frame_(frame) {
      const std::lock_guard lock(roots_.mutex_);
      next_ = roots_.first_;
      if (next_) next_->previous_ = this;
      roots_.first_ = this;
    }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry() {
      const std::lock_guard lock(roots_.mutex_);
      (previous_ ? previous_->next_ : roots_.first_) = next_;
      if (next_) next_->previous_ = previous_;
    }

   private:
    friend started_roots;
    started_roots& roots_;
    std::coroutine_handle<> frame_;
    entry* previous_ = nullptr;
    entry* next_ = nullptr;
  };

  explicit started_roots(asio::execution_context& loop) : asio::execution_context::service(loop) {}

 private:
  void shutdown() noexcept override {
    while (first_) first_->frame_.destroy();
  }

  std::mutex mutex_;
  entry* first_ = nullptr;
};

/// A task that runs. Asio's cancellation may arrive after its end, when the loop is gone as well.
struct started_task {
  explicit started_task(asio::any_io_executor executor) : on(std::move(executor)) {}

  asio::any_io_executor on;
  stop_source source;
};

/// A coroutine without an owner. It ends with its task, or with its loop.
struct detached {
  class promise_type : public recycled_frame {
   public:
    template <class... Args>
    explicit promise_type(const asio::any_io_executor& on, Args&...)
        : entry_(on, std::coroutine_handle<promise_type>::from_promise(*this)) {}
    detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    COHTTPS_DECL void unhandled_exception() const noexcept;  // `run_started` catches everything

   private:
    started_roots::entry entry_;
  };
};

/// `on` is that of `self`. `executor` is that of the handler: it keeps its loop running until the
/// handler was called.
template <class T, class Make, class Handler, class Executor>
detached run_started(const asio::any_io_executor& on, std::shared_ptr<started_task> self, Make make,
                     Handler handler, Executor executor) {
  std::exception_ptr failure;
  std::optional<T> value;
  try {
    value.emplace(co_await make(self->source));
  } catch (...) {
    failure = std::current_exception();
  }
  auto complete = [handler = std::move(handler), failure = std::move(failure),
                   value = std::move(value)]() mutable {
    // A slot may be used only where its owner emits: on the handler's executor.
    asio::get_associated_cancellation_slot(handler).clear();
    std::move(handler)(std::move(failure), value ? *std::move(value) : T());
  };
  // First post, so that an exception of the handler leaves from the loop, and not through this
  // coroutine. Then dispatch: the handler of use_future has a system_executor, and a post to it
  // would start its threads.
  asio::post(on, [executor = std::move(executor), complete = std::move(complete)]() mutable {
    asio::dispatch(executor, std::move(complete));
  });
}

/// Calls `make` with a stop token on the executor `on`. `make` returns the task.
template <class T, class Make, class Token>
auto start(asio::any_io_executor on, Make make, Token&& token) {
  return asio::async_initiate<Token, void(std::exception_ptr, T)>(
      [on](auto handler, Make task_maker) {
        auto self = std::make_shared<started_task>(on);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([weak = std::weak_ptr(self)](asio::cancellation_type) {
            if (auto running = weak.lock())
              asio::dispatch(running->on, [weak] {
                if (auto alive = weak.lock()) alive->source.request_stop();
              });
          });
        auto executor = asio::prefer(asio::get_associated_executor(handler, on),
                                     asio::execution::outstanding_work.tracked);
        // Posted, so that the initiating call never runs the task.
        asio::post(on,
                   [self = std::move(self), executor = std::move(executor),
                    handler = std::move(handler), task_maker = std::move(task_maker)]() mutable {
                     run_started<T>(self->on, self, std::move(task_maker), std::move(handler),
                                    std::move(executor));
                   });
      },
      token, std::move(make));
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/start.ipp>
#endif
