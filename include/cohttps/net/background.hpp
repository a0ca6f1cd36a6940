// A coroutine that belongs to an object.
#pragma once

#include <cohttps/core/recycler.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace cohttps::net::detail {

/// Begins with its object and is destroyed with it, wherever it waits.
class background {
 public:
  struct promise_type : recycled_frame {
    background get_return_object() noexcept {
      return background(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };

  explicit background(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  background(background&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  background& operator=(background&&) = delete;
  ~background() {
    if (frame_) frame_.destroy();
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

}  // namespace cohttps::net::detail
