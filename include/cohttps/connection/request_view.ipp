// Definitions for request_view.hpp.
#pragma once

#include <cohttps/connection/request_view.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::optional<std::uint64_t> request_view::length() const noexcept {
  if (trailers) return std::nullopt;
  return source ? source->length() : std::optional<std::uint64_t>(memory.size());
}

}  // namespace cohttps::detail
