// A bound on how many coroutines do something at the same time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

namespace cohttps {

/// Permits, which coroutines take and give back. Those that wait get them in their order.
/// ```
/// cohttps::semaphore eight(8);
/// auto permit = co_await eight.acquire();  // given back when it is destroyed
/// ```
/// It outlives its permits and those who wait. Threads: one.
class semaphore {
 public:
  explicit semaphore(std::size_t permits) noexcept : free_(permits) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Gives its permit back when it is destroyed.
  class [[nodiscard]] permit {
   public:
    permit() = default;
    permit(permit&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    permit& operator=(permit&& other) noexcept {
      release();
      of_ = std::exchange(other.of_, nullptr);
      return *this;
    }
    ~permit() { release(); }

    explicit operator bool() const noexcept { return of_ != nullptr; }
    /// Gives it back. May resume who waits, inside of this call.
    void release() noexcept {
      if (auto* of = std::exchange(of_, nullptr)) of->give_back();
    }

   private:
    friend semaphore;
    explicit permit(semaphore& of) noexcept : of_(&of) {}
    semaphore* of_ = nullptr;
  };

  /// Waits for a permit.
  auto acquire() noexcept { return waiter(*this); }

  /// A permit, if there is one now.
  permit try_acquire() noexcept {
    if (free_ == 0 || first_) return {};
    --free_;
    return permit(*this);
  }

  /// The permits that nobody has.
  std::size_t available() const noexcept { return free_; }

 private:
  class waiter {
   public:
    explicit waiter(semaphore& of) noexcept : of_(of) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() {
      if (!handle_ || granted_) return;
      for (waiter** link = &of_.first_; *link; link = &(*link)->next_)
        if (*link == this) {
          *link = next_;
          break;
        }
    }

    bool await_ready() noexcept {
      if (of_.free_ == 0 || of_.first_) return false;
      --of_.free_;
      return granted_ = true;
    }
    void await_suspend(std::coroutine_handle<> h) noexcept {
      handle_ = h;
      waiter** link = &of_.first_;
      while (*link) link = &(*link)->next_;
      *link = this;
    }
    permit await_resume() noexcept { return permit(of_); }

   private:
    friend semaphore;
    semaphore& of_;
    std::coroutine_handle<> handle_;
    waiter* next_ = nullptr;
    bool granted_ = false;
  };

  void give_back() noexcept {
    ++free_;
    // One after the other, however many give back what they just got.
    if (std::exchange(serves_, true)) return;
    while (free_ > 0 && first_) {
      waiter* const next = std::exchange(first_, first_->next_);
      --free_;
      next->granted_ = true;
      next->handle_.resume();
    }
    serves_ = false;
  }

  std::size_t free_;
  waiter* first_ = nullptr;
  bool serves_ = false;
};

}  // namespace cohttps
