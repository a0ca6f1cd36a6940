// A response whose content is still to be read.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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

  COHTTPS_DECL int status() const noexcept;

  /// As the peer wrote it, or the registered one when it wrote none.
  COHTTPS_DECL std::string_view reason() const noexcept;

  COHTTPS_DECL const fields& headers() const noexcept;
  COHTTPS_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;
  COHTTPS_DECL const cohttps::url& url() const;
  COHTTPS_DECL const std::vector<redirect_hop>& history() const noexcept;
  COHTTPS_DECL const connection_info& connection() const;
  COHTTPS_DECL bool on_reused_connection() const noexcept;

  /// What the Content-Length field says, if there is one.
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// The next part of the content: a view into the receive buffer, valid until the next call. Empty
  /// at the end. Throws `error`.
  COHTTPS_DECL task<std::span<const std::byte>> read();
  /// As `read`, giving the error.
  COHTTPS_DECL task<result<std::span<const std::byte>>> try_read();

  /// Fills `into` as far as one read of the connection does, and says how far: 0 at the end, or
  /// when `into` is empty. Throws `error`.
  COHTTPS_DECL task<std::size_t> read_some(std::span<std::byte> into);

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
  COHTTPS_DECL bool complete() const noexcept;
  /// Known once complete.
  COHTTPS_DECL const fields& trailers() const noexcept;
  /// Known once complete, but for the phases until the head.
  COHTTPS_DECL const cohttps::timings& timings() const noexcept;

 private:
  COHTTPS_DECL const exchange_state& state() const noexcept;
  COHTTPS_DECL static std::unexpected<error> no_response();
  COHTTPS_DECL task<result<std::span<const std::byte>>> give_rest();

  std::unique_ptr<open_exchange> exchange_;
  std::span<const std::byte> rest_;  // of what `read_some` has read
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response_stream.ipp>
#endif
