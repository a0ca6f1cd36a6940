// How long a server keeps a connection of HTTP/1.1 (RFC 2068, 19.7.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohttps {

/// What "Keep-Alive: timeout=N" says; nothing without it.
inline std::optional<std::chrono::seconds> keep_alive_timeout(const fields& headers) {
  std::optional<std::chrono::seconds> timeout;
  headers.for_each("keep-alive", [&](std::string_view value) {
    ascii::for_each_element(value, [&](std::string_view parameter) {
      const auto name = ascii::trim(ascii::take_until(parameter, '='));
      if (!ascii::iequals(name, "timeout")) return true;
      if (const auto seconds = ascii::parse_decimal(ascii::trim(parameter)))
        timeout = std::chrono::seconds(std::min<std::uint64_t>(*seconds, 1'000'000));
      return true;
    });
  });
  return timeout;
}

/// How long the client keeps such a connection: one second less, at most half less, so that no
/// request crosses the server's close.
constexpr std::chrono::nanoseconds idle_limit_for(std::chrono::nanoseconds timeout) noexcept {
  return timeout - std::min<std::chrono::nanoseconds>(std::chrono::seconds(1), timeout / 2);
}

}  // namespace cohttps
