// A response whose content is still to be read.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohttps {

/// An exchange whose head is there.
class open_exchange {
 public:
  virtual ~open_exchange() = default;

  /// The next part of the content, valid until the next call; an empty one at its end, when the
  /// connection has gone back.
  virtual task<result<std::span<const std::byte>>> read() = 0;

  /// Sends all of `bytes`, over a connection that was upgraded.
  virtual task<result<void>> write(std::span<const std::byte> bytes) = 0;

  const exchange_state& state() const noexcept { return state_; }

 protected:
  exchange_state state_;
};

/// Owns its connection until the content has been read; what is not read keeps the server waiting.
/// Destroyed earlier, it closes the connection. Has no bound on the content's size.
class response_stream {
 public:
  explicit response_stream(std::unique_ptr<open_exchange> opened) noexcept
      : exchange_(std::move(opened)) {}

  int status() const noexcept { return state().head.status; }

  /// As the peer wrote it, or the registered one when it wrote none.
  std::string_view reason() const noexcept { return state().head.reason_or_default(); }

  const fields& headers() const noexcept { return state().head.headers; }
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers().find(name);
  }
  const cohttps::url& url() const { return state().url_or_throw(); }
  const std::vector<redirect_hop>& history() const noexcept { return state().history; }
  const connection_info& connection() const { return state().connection_or_throw(); }
  bool on_reused_connection() const noexcept { return state().on_reused_connection; }

  /// What the Content-Length field says, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept { return state().content_length; }

  /// The next part of the content: a view into the receive buffer, valid until the next call. Empty
  /// at the end. Throws `error`.
  task<std::span<const std::byte>> read() {
    auto part = co_await try_read();
    if (!part) throw std::move(part).error();
    co_return *part;
  }
  /// As `read`, giving the error.
  task<result<std::span<const std::byte>>> try_read() {
    if (!rest_.empty()) return give_rest();
    if (!exchange_) return result<std::span<const std::byte>>(no_response());
    return exchange_->read();
  }

  /// Fills `into` as far as one read of the connection does, and says how far: 0 at the end, or
  /// when `into` is empty. Throws `error`.
  task<std::size_t> read_some(std::span<std::byte> into) {
    if (into.empty()) co_return 0;
    if (rest_.empty()) rest_ = co_await read();
    const std::size_t size = std::min(into.size(), rest_.size());
    std::copy_n(rest_.begin(), size, into.begin());
    rest_ = rest_.subspan(size);
    co_return size;
  }

  /// Calls `f(part)` with each part of the content, and awaits what it gives where that can be.
  /// Throws `error`, and what `f` throws.
  template <class F>
    requires std::invocable<F&, std::span<const std::byte>>
  task<void> for_each(F f) {
    while (true) {
      const std::span<const std::byte> part = co_await read();
      if (part.empty()) co_return;
      if constexpr (awaitable<std::invoke_result_t<F&, std::span<const std::byte>>>)
        co_await f(part);
      else
        f(part);
    }
  }

  /// True once `read` has given an empty part.
  bool complete() const noexcept { return state().complete; }
  /// Known once complete.
  const fields& trailers() const noexcept { return state().trailers; }
  /// Known once complete, but for the phases until the head.
  const cohttps::timings& timings() const noexcept { return state().timings; }

 private:
  const exchange_state& state() const noexcept {
    static const exchange_state none;
    return exchange_ ? exchange_->state() : none;
  }
  static std::unexpected<error> no_response() {
    return fail(error_category::usage, "moved_from",
                "this response_stream was moved from; use the object that it was moved to");
  }
  task<result<std::span<const std::byte>>> give_rest() { co_return std::exchange(rest_, {}); }

  std::unique_ptr<open_exchange> exchange_;
  std::span<const std::byte> rest_;  // of what `read_some` has read
};

}  // namespace cohttps
