// Another protocol after 101 (Switching Protocols), or over a stream of HTTP/2.
#pragma once

#include <cohttps/client/response_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL const fields& headers() const;
  COHTTPS_DECL const connection_info& connection() const;

  /// The next bytes, a view that is valid until the next read; empty once the peer has ended.
  /// Throws `error`.
  COHTTPS_DECL task<std::span<const std::byte>> read();

  /// Sends all of `bytes`, which stay as they are until then. Throws `error`.
  COHTTPS_DECL task<void> write(std::span<const std::byte> bytes);
  COHTTPS_DECL task<void> write(std::string_view text);

 private:
  COHTTPS_DECL open_exchange& exchange() const;

  std::unique_ptr<open_exchange> exchange_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/upgraded.ipp>
#endif
