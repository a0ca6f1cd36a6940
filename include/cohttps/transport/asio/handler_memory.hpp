// Memory for Asio's operations: one block for each object that has one operation at a time.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace cohttps::detail {

/// The executor of a loop that one thread runs. Every other executor is a strand: the handlers of
/// one run one after another, on threads that change, and Asio itself moves operations and frees
/// their memory on any of these threads.
using asio_loop = asio::io_context::executor_type;

template <class Executor>
inline constexpr bool is_loop = std::same_as<Executor, asio_loop>;

/// A number that Asio's threads change.
template <class Executor>
using reference_count =
    std::conditional_t<is_loop<Executor>, std::size_t, std::atomic<std::size_t>>;

/// A block for one pending Asio operation. Asio gives the memory back before it calls the handler,
/// so the block is free for the next operation. If a second operation needs memory at the same
/// time, it gets memory from the heap.
class handler_memory {
 public:
  handler_memory() = default;
  handler_memory(const handler_memory&) = delete;
  handler_memory& operator=(const handler_memory&) = delete;

  COHTTPS_DECL void* allocate(std::size_t size);
  COHTTPS_DECL void deallocate(void* memory) noexcept;

 private:
  alignas(std::max_align_t) std::byte block_[256];
  bool used_ = false;
};

/// The allocator by which Asio uses a `handler_memory`.
template <class T>
struct handler_allocator {
  using value_type = T;

  explicit handler_allocator(handler_memory& m) noexcept : memory(&m) {}
  template <class U>
  handler_allocator(const handler_allocator<U>& other) noexcept : memory(other.memory) {}

  T* allocate(std::size_t n) { return static_cast<T*>(memory->allocate(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) noexcept { memory->deallocate(p); }

  friend bool operator==(const handler_allocator&, const handler_allocator&) = default;

  handler_memory* memory;
};

/// A handler that uses a `handler_memory` on a loop, and Asio's own memory on a strand.
template <class Executor>
struct handler_with_memory {
  using allocator_type = handler_allocator<std::byte>;

  explicit handler_with_memory(handler_memory& m) noexcept : memory(&m) {}
  allocator_type get_allocator() const noexcept { return allocator_type(*memory); }

  handler_memory* memory;
};
template <class Executor>
  requires(!is_loop<Executor>)
struct handler_with_memory<Executor> {
  explicit handler_with_memory(handler_memory&) noexcept {}
};

/// Counts the users of a `State`, which outlives its owner while Asio still has an operation on it.
template <class State>
class shared_state {
 public:
  explicit shared_state(State* adopted) noexcept : state_(adopted) {
    if (state_) ++state_->references;
  }
  shared_state(const shared_state& other) noexcept : shared_state(other.state_) {}
  shared_state(shared_state&& other) noexcept : state_(other.state_) { other.state_ = nullptr; }
  shared_state& operator=(shared_state other) noexcept {
    State* mine = state_;
    state_ = other.state_;
    other.state_ = mine;
    return *this;
  }
  ~shared_state() {
    if (state_ && --state_->references == 0) delete state_;
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  State* operator->() const noexcept { return state_; }
  State& operator*() const noexcept { return *state_; }

 private:
  State* state_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/handler_memory.ipp>
#endif
