// Definitions for record.hpp.
#pragma once

#include <cohttps/tls/record/record.hpp>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF std::span<std::uint8_t> octets(std::span<std::byte> bytes) noexcept {
  return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

COHTTPS_DEF std::span<const std::uint8_t> octets(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace detail
}  // namespace cohttps::tls
