// How long a server keeps an idle HTTP/1.1 connection (RFC 2068, 19.7.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohttps {

/// Returns the time in "Keep-Alive: timeout=N", or nothing without such a field.
COHTTPS_DECL std::optional<std::chrono::seconds> keep_alive_timeout(const fields& headers);

/// Returns how long the client keeps such a connection. The time is one second shorter than that of
/// the server, but at least half of it. The client then sends no request while the server closes
/// the connection.
constexpr std::chrono::nanoseconds idle_limit_for(std::chrono::nanoseconds timeout) noexcept {
  return timeout - std::min<std::chrono::nanoseconds>(std::chrono::seconds(1), timeout / 2);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/keep_alive.ipp>
#endif
