// Another protocol over a connection after 101 (Switching Protocols), or over a stream of HTTP/2.
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

/// Sends and receives the bytes of another protocol (RFC 9110, 7.8; RFC 8441). TLS protects them as
/// it protected the request. One coroutine may read while another one writes. Only the request's
/// `timeout` and `stop` limit the time. The destructor closes the connection, or resets the stream
/// of HTTP/2.
class upgraded {
 public:
  /// An object without a connection: its calls fail with usage "moved_from".
  upgraded() = default;
  explicit upgraded(std::unique_ptr<open_exchange> opened) noexcept
      : exchange_(std::move(opened)) {}

  /// Returns the fields of the response, including those that belong to the protocol.
  COHTTPS_DECL const fields& headers() const;
  /// The connection, with its addresses and TLS.
  COHTTPS_DECL const connection_info& connection() const;

  /// Returns the next bytes, as a view that is valid until the next read; an empty view after the
  /// peer has ended its side. Throws `error`.
  COHTTPS_DECL task<std::span<const std::byte>> read();

  /// Sends all of `bytes`. The caller must keep them unchanged until the call has ended. Throws
  /// `error`.
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
