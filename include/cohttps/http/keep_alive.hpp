// How long a server keeps a connection of HTTP/1.1 (RFC 2068, 19.7.1).
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

/// What "Keep-Alive: timeout=N" says; nothing without it.
COHTTPS_DECL std::optional<std::chrono::seconds> keep_alive_timeout(const fields& headers);

/// How long the client keeps such a connection: one second less, at most half less, so that no
/// request crosses the server's close.
constexpr std::chrono::nanoseconds idle_limit_for(std::chrono::nanoseconds timeout) noexcept {
  return timeout - std::min<std::chrono::nanoseconds>(std::chrono::seconds(1), timeout / 2);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/keep_alive.ipp>
#endif
