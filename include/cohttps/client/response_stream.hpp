// A response whose content the caller reads part by part.
#pragma once

#include <cohttps/client/response_metadata.hpp>
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

/// An exchange whose response head has arrived.
class open_exchange {
 public:
  virtual ~open_exchange() = default;

  /// Returns the next part of the content, valid until the next call; an empty part at the end. The
  /// exchange has then given back its connection.
  virtual task<result<std::span<const std::byte>>> read() = 0;

  /// Sends all of `bytes`, after a switch to another protocol.
  virtual task<result<void>> write(std::span<const std::byte> bytes) = 0;

  /// After a switch to another protocol: ends the connection, although coroutines may still read
  /// and write.
  virtual void hang_up() noexcept = 0;

  /// The operation has no limit of time in all from now on.
  virtual void lift_time_limit() = 0;

  /// The metadata of the response, as far as it has arrived.
  const response_metadata& state() const noexcept { return state_; }

 protected:
  response_metadata state_;
};

/// A response whose content the caller reads part by part. It holds its connection until the
/// content has been read. While the caller does not read, the server has to wait. If the stream is
/// destroyed before the end of the content, it closes the connection, or resets its stream of
/// HTTP/2. The size of the content has no limit.
class response_stream {
 public:
  /// A stream without a response: its reads fail with usage "moved_from".
  response_stream() = default;
  explicit response_stream(std::unique_ptr<open_exchange> opened) noexcept
      : exchange_(std::move(opened)) {}

  /// The status code, such as 200.
  COHTTPS_DECL int status() const noexcept;

  /// True if the status is 2xx.
  bool ok() const noexcept { return status() >= 200 && status() <= 299; }

  /// Returns the reason phrase of the peer, or the registered phrase of the status if the peer sent
  /// none.
  COHTTPS_DECL std::string_view reason() const noexcept;

  /// All fields of the response.
  COHTTPS_DECL const fields& headers() const noexcept;
  /// The value of a field, or nothing.
  COHTTPS_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// The URL of the response, after redirections.
  COHTTPS_DECL const cohttps::url& url() const;
  /// The redirections that led here.
  COHTTPS_DECL const std::vector<redirect_hop>& history() const noexcept;
  /// The connection that carries the response.
  COHTTPS_DECL const connection_info& connection() const;
  /// True if the connection had carried other requests.
  COHTTPS_DECL bool on_reused_connection() const noexcept;

  /// Returns the value of Content-Length; nothing without this field, or if the client decodes the
  /// content.
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// Returns the next part of the content: a view into the receive buffer, valid until the next
  /// call. The part is empty at the end of the content. Throws `error`.
  COHTTPS_DECL task<std::span<const std::byte>> read();
  /// Like `read`, but returns the error.
  COHTTPS_DECL task<result<std::span<const std::byte>>> try_read();

  /// Copies the next bytes to `into`, at most those of one read of the connection. Returns their
  /// number: 0 at the end, or if `into` is empty. Throws `error`.
  COHTTPS_DECL task<std::size_t> read_some(std::span<std::byte> into);

  /// Calls `f(part)` with each part of the content, and awaits the result if it is awaitable.
  /// Throws `error`, and the exceptions of `f`.
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

  /// True after `read` has returned an empty part.
  COHTTPS_DECL bool complete() const noexcept;
  /// Returns the trailer fields, which are known when the response is complete.
  COHTTPS_DECL const fields& trailers() const noexcept;
  /// Returns the times, which are known when the response is complete. Those of the phases before
  /// the head are known earlier.
  COHTTPS_DECL const cohttps::timings& timings() const noexcept;

 private:
  COHTTPS_DECL const response_metadata& state() const noexcept;
  COHTTPS_DECL static std::unexpected<error> no_response();
  COHTTPS_DECL task<result<std::span<const std::byte>>> give_rest();

  std::unique_ptr<open_exchange> exchange_;
  std::span<const std::byte> rest_;  // bytes that `read_some` has not copied yet
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response_stream.ipp>
#endif
