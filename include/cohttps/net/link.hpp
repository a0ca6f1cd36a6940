// Lists whose members leave them when they are destroyed.
#pragma once

namespace cohttps::net::detail {

/// A member of one list at a time.
struct link {
  link() = default;
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() { unlink(); }

  bool empty() const noexcept { return next == this; }
  void unlink() noexcept {
    next->previous = previous;
    previous->next = next;
    next = previous = this;
  }
  /// Moves `other` to the end of the list whose head this is.
  void append(link& other) noexcept {
    other.unlink();
    other.previous = previous;
    other.next = this;
    previous->next = &other;
    previous = &other;
  }

  link* next = this;
  link* previous = this;
};

}  // namespace cohttps::net::detail
