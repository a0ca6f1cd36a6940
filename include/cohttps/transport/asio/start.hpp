// Runs a task for a caller that uses Asio's completion tokens.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/asio/config.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace cohttps::detail {

/// The coroutines that run on a loop without an owner. When the loop is destroyed, it destroys
/// those that still wait.
class started_roots : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  /// A coroutine's entry in the list.
  class entry {
   public:
    entry(asio::io_context& loop, std::coroutine_handle<> frame) noexcept
        : roots_(asio::use_service<started_roots>(loop)), frame_(frame), next_(roots_.first_) {
      if (next_) next_->previous_ = this;
      roots_.first_ = this;
    }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry() {
      (previous_ ? previous_->next_ : roots_.first_) = next_;
      if (next_) next_->previous_ = previous_;
    }

   private:
    friend started_roots;
    started_roots& roots_;
    std::coroutine_handle<> frame_;
    entry* previous_ = nullptr;
    entry* next_;
  };

  explicit started_roots(asio::io_context& loop) : asio::execution_context::service(loop) {}

 private:
  void shutdown() noexcept override {
    while (first_) first_->frame_.destroy();
  }

  entry* first_ = nullptr;
};

/// A coroutine without an owner. It ends with its task, or with its loop.
struct detached {
  class promise_type : public recycled_frame {
   public:
    template <class... Args>
    explicit promise_type(asio::io_context& loop, Args&...)
        : entry_(loop, std::coroutine_handle<promise_type>::from_promise(*this)) {}
    detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    COHTTPS_DECL void unhandled_exception() const noexcept;  // `run_started` catches everything

   private:
    started_roots::entry entry_;
  };
};

/// Receives Asio's cancellation, which may arrive after the end of the task.
struct started_stop {
  stop_source source;
};

/// `executor` is that of the handler. It keeps its loop running until the handler was called.
template <class T, class Make, class Handler, class Executor>
detached run_started(asio::io_context& loop, Make make, Handler handler, Executor executor,
                     std::shared_ptr<started_stop> stop) {
  std::exception_ptr failure;
  std::optional<T> value;
  try {
    value.emplace(co_await make(stop->source));
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
  asio::post(loop, [executor = std::move(executor), complete = std::move(complete)]() mutable {
    asio::dispatch(executor, std::move(complete));
  });
}

/// Calls `make` with a stop token on the loop's thread. `make` returns the task.
template <class T, class Make, class Token>
auto start(asio::io_context& context, Make make, Token&& token) {
  return asio::async_initiate<Token, void(std::exception_ptr, T)>(
      [&context](auto handler, Make task_maker) {
        auto stop = std::make_shared<started_stop>();
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([&context, weak = std::weak_ptr(stop)](asio::cancellation_type) {
            if (weak.expired()) return;  // the context may also be gone
            asio::dispatch(context, [weak] {
              if (auto alive = weak.lock()) alive->source.request_stop();
            });
          });
        auto executor = asio::prefer(asio::get_associated_executor(handler, context.get_executor()),
                                     asio::execution::outstanding_work.tracked);
        // Posted, so that the initiating call never runs the task.
        asio::post(context,
                   [&context, stop = std::move(stop), executor = std::move(executor),
                    handler = std::move(handler), task_maker = std::move(task_maker)]() mutable {
                     run_started<T>(context, std::move(task_maker), std::move(handler),
                                    std::move(executor), std::move(stop));
                   });
      },
      token, std::move(make));
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/start.ipp>
#endif
