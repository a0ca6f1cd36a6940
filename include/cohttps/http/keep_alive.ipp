// Definitions for keep_alive.hpp.
#pragma once

#include <cohttps/http/keep_alive.hpp>

namespace cohttps {

COHTTPS_DEF std::optional<std::chrono::seconds> keep_alive_timeout(const fields& headers) {
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

}  // namespace cohttps
