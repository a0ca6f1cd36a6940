// Runs a task for a caller who speaks Asio's completion tokens.
#pragma once

#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/asio/config.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace cohttps::detail {

/// A coroutine without an owner: it ends with its task.
struct detached {
  struct promise_type : recycled_frame {
    detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const { throw; }  // a handler's, for the loop
  };
};

/// Where Asio's cancellation arrives; may come after the end.
struct started_stop {
  stop_source source;
};

template <class T, class Make, class Handler>
detached run_started(asio::io_context& context, Make make, Handler handler,
                     std::shared_ptr<started_stop> stop) {
  auto executor = asio::get_associated_executor(handler, context.get_executor());
  auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
  std::exception_ptr failure;
  std::optional<T> value;
  try {
    value.emplace(co_await make(stop->source));
  } catch (...) {
    failure = std::current_exception();
  }
  asio::get_associated_cancellation_slot(handler).clear();
  asio::dispatch(executor, [handler = std::move(handler), failure = std::move(failure),
                            value = std::move(value)]() mutable {
    std::move(handler)(std::move(failure), value ? *std::move(value) : T());
  });
  (void)work;
}

/// `make` is called with a stop token, on the loop's thread, and gives the task.
template <class T, class Make, class Token>
auto start(asio::io_context& context, Make make, Token&& token) {
  return asio::async_initiate<Token, void(std::exception_ptr, T)>(
      [&context](auto handler, Make task_maker) {
        auto stop = std::make_shared<started_stop>();
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([&context, weak = std::weak_ptr(stop)](asio::cancellation_type) {
            asio::dispatch(context, [weak] {
              if (auto alive = weak.lock()) alive->source.request_stop();
            });
          });
        // Posted, never run inside the initiating call.
        asio::post(context, [&context, stop = std::move(stop), handler = std::move(handler),
                             task_maker = std::move(task_maker)]() mutable {
          run_started<T>(context, std::move(task_maker), std::move(handler), std::move(stop));
        });
      },
      token, std::move(make));
}

}  // namespace cohttps::detail
