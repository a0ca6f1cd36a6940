// A contiguous queue of bytes: the caller writes at the back and reads from the front.
#pragma once

#include <cohttps/core/recycler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps {

/// ```
///        0        begin       end          capacity
///        | consumed | readable | writable  |
/// ```
/// The buffer takes its memory from `recycler`, and keeps it when the buffer becomes empty.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    buffer moved(std::move(other));
    std::swap(bytes_, moved.bytes_);
    std::swap(capacity_, moved.capacity_);
    std::swap(begin_, moved.begin_);
    std::swap(end_, moved.end_);
    return *this;
  }

  ~buffer() { free(); }

  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }

  std::span<std::byte> data() noexcept { return {bytes_ + begin_, size()}; }
  std::span<const std::byte> data() const noexcept { return {bytes_ + begin_, size()}; }

  /// Returns the readable bytes as characters.
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_) + begin_, size()};
  }

  /// Makes at least `n` bytes at the back writable, and returns all writable bytes. May move the
  /// content, which invalidates earlier spans.
  std::span<std::byte> prepare(std::size_t n) {
    if (capacity_ - end_ < n) make_room(n);
    return {bytes_ + end_, capacity_ - end_};
  }

  /// Makes the first `n` bytes of the span that `prepare` returned readable.
  void commit(std::size_t n) noexcept { end_ += n; }

  /// Removes `n` bytes from the front.
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }

  void clear() noexcept { begin_ = end_ = 0; }

  /// Gives back the memory that the readable bytes do not need, or all memory if there are none.
  /// The buffer keeps its memory if it cannot allocate a smaller block.
  void release() noexcept {
    std::byte* smaller = nullptr;
    if (!empty()) {
      if (capacity_ - size() < least_released) return;
      try {
        smaller = static_cast<std::byte*>(recycler::allocate(size()));
      } catch (const std::bad_alloc&) {
        return;
      }
      std::memcpy(smaller, bytes_ + begin_, size());
    }
    free();
    bytes_ = smaller;
    capacity_ = end_ = size();
    begin_ = 0;
  }

 private:
  static constexpr std::size_t least_released = 1024;  // saving less memory is not worth a copy

  void make_room(std::size_t n) {
    if (capacity_ - size() >= n && begin_ >= size()) {
      std::memcpy(bytes_, bytes_ + begin_, size());
    } else {
      const std::size_t grown = std::max({size() + n, capacity_ * 2, std::size_t{1024}});
      auto* bytes = static_cast<std::byte*>(recycler::allocate(grown));
      if (!empty()) std::memcpy(bytes, bytes_ + begin_, size());
      free();
      bytes_ = bytes;
      capacity_ = grown;
    }
    end_ = size();
    begin_ = 0;
  }

  void free() noexcept {
    if (bytes_) recycler::deallocate(bytes_, capacity_);
  }

  std::byte* bytes_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cohttps
