// Another protocol after 101 (Switching Protocols), or over a stream of HTTP/2.
#pragma once

#include <cohttps/client/response_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps {

/// Bytes in both directions (RFC 9110, 7.8; RFC 8441), protected as the request was. One coroutine
/// may read while another one writes. Has no limits of time but the request's `timeout` and `stop`;
/// destroyed, it closes the connection, or resets the stream.
class upgraded {
 public:
  explicit upgraded(std::unique_ptr<open_exchange> opened) noexcept
      : exchange_(std::move(opened)) {}

  /// Of the response, with what belongs to the protocol.
  const fields& headers() const { return exchange().state().head.headers; }
  const connection_info& connection() const { return exchange().state().connection_or_throw(); }

  /// The next bytes, a view that is valid until the next read; empty once the peer has ended.
  /// Throws `error`.
  task<std::span<const std::byte>> read() {
    auto part = co_await exchange().read();
    if (!part) throw std::move(part).error();
    co_return *part;
  }

  /// Sends all of `bytes`, which stay as they are until then. Throws `error`.
  task<void> write(std::span<const std::byte> bytes) {
    auto sent = co_await exchange().write(bytes);
    if (!sent) throw std::move(sent).error();
  }
  task<void> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

 private:
  open_exchange& exchange() const {
    if (!exchange_)
      throw error(error_category::usage, "moved_from",
                  "this upgraded connection was moved from; use the object that it was moved to");
    return *exchange_;
  }

  std::unique_ptr<open_exchange> exchange_;
};

}  // namespace cohttps
