// A linked list whose members leave the list when they are destroyed.
#pragma once

namespace cohttps::detail {

/// A member, or the head, of one list at a time.
struct intrusive_list_node {
  intrusive_list_node() = default;
  intrusive_list_node(const intrusive_list_node&) = delete;
  intrusive_list_node& operator=(const intrusive_list_node&) = delete;
  ~intrusive_list_node() { unlink(); }

  bool empty() const noexcept { return next == this; }
  void unlink() noexcept {
    next->previous = previous;
    previous->next = next;
    next = previous = this;
  }
  /// Moves `other` to the end of the list. This node must be the head of the list.
  void append(intrusive_list_node& other) noexcept {
    other.unlink();
    other.previous = previous;
    other.next = this;
    previous->next = &other;
    previous = &other;
  }

  intrusive_list_node* next = this;
  intrusive_list_node* previous = this;
};

}  // namespace cohttps::detail
