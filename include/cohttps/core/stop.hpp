// Cooperative cancellation within the runtime's thread. It calls callbacks directly, and needs no
// allocation and no atomics.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cohttps {

/// The reason for which an operation has to stop.
enum class stop_reason : std::uint8_t {
  none,       ///< no stop was requested
  canceled,   ///< by the program
  timed_out,  ///< by a limit of time
};

class stop_callback_base;

/// The caller uses a source to stop an operation. A source cannot be moved, because its tokens
/// point at it. It must outlive its tokens.
///
/// Threads: call all functions on the runtime's thread. To connect a `std::stop_token` or a
/// cancellation slot of Asio, post a call to that thread.
class stop_source {
 public:
  stop_source() = default;
  stop_source(const stop_source&) = delete;
  stop_source& operator=(const stop_source&) = delete;

  /// True once a stop was requested.
  bool stop_requested() const noexcept { return reason_ != stop_reason::none; }
  /// Why: canceled by the program, or timed out.
  stop_reason reason() const noexcept { return reason_; }

  /// Calls the registered callbacks, the newest first. Only the first call has an effect.
  inline void request_stop(stop_reason reason = stop_reason::canceled) noexcept;

  /// Makes a stopped source usable again. Call it only while no callback is registered.
  void reset() noexcept { reason_ = stop_reason::none; }

 private:
  friend class stop_callback_base;
  stop_callback_base* head_ = nullptr;
  stop_reason reason_ = stop_reason::none;
};

/// A view of a `stop_source`. A default-constructed token never stops.
class stop_token {
 public:
  stop_token() = default;
  stop_token(stop_source& source) noexcept : source_(&source) {}

  /// True if the token belongs to a source.
  bool stop_possible() const noexcept { return source_ != nullptr; }
  /// True once a stop was requested.
  bool stop_requested() const noexcept { return source_ && source_->stop_requested(); }
  /// Why: canceled by the program, or timed out.
  stop_reason reason() const noexcept { return source_ ? source_->reason() : stop_reason::none; }

 private:
  friend class stop_callback_base;
  stop_source* source_ = nullptr;
};

/// The part of `stop_callback` that does not depend on `F`: a node in the list of a `stop_source`.
class stop_callback_base {
 public:
  stop_callback_base(const stop_callback_base&) = delete;
  stop_callback_base& operator=(const stop_callback_base&) = delete;

 protected:
  using invoke_fn = void (*)(stop_callback_base*) noexcept;

  explicit stop_callback_base(invoke_fn invoke) noexcept : invoke_(invoke) {}
  ~stop_callback_base() { unlink(); }

  void link(stop_token token) noexcept {
    if (!token.source_) return;
    if (token.stop_requested()) return invoke_(this);
    source_ = token.source_;
    next_ = source_->head_;
    if (next_) next_->previous_ = this;
    source_->head_ = this;
  }

  void unlink() noexcept {
    if (!source_) return;
    (previous_ ? previous_->next_ : source_->head_) = next_;
    if (next_) next_->previous_ = previous_;
    source_ = nullptr;
    previous_ = next_ = nullptr;
  }

 private:
  friend class stop_source;
  invoke_fn invoke_;
  stop_source* source_ = nullptr;
  stop_callback_base* previous_ = nullptr;
  stop_callback_base* next_ = nullptr;
};

inline void stop_source::request_stop(stop_reason reason) noexcept {
  if (stop_requested()) return;
  reason_ = reason;
  while (stop_callback_base* first = head_) {
    first->unlink();
    first->invoke_(first);  // may destroy `first` and any other callback
  }
}

/// Calls `F` once when the source is stopped. If the source is stopped already, the constructor
/// calls `F`. After its destruction the object never calls `F`.
template <std::invocable F>
class stop_callback : stop_callback_base {
 public:
  stop_callback(stop_token token, F f) noexcept(std::is_nothrow_move_constructible_v<F>)
      : stop_callback_base(
            [](stop_callback_base* self) noexcept { static_cast<stop_callback*>(self)->f_(); }),
        f_(std::move(f)) {
    link(token);
  }

 private:
  F f_;
};

}  // namespace cohttps
