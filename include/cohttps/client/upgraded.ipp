// Definitions for upgraded.hpp.
#pragma once

#include <cohttps/client/upgraded.hpp>

namespace cohttps {

COHTTPS_DEF const fields& upgraded::headers() const { return exchange().state().head.headers; }

COHTTPS_DEF const connection_info& upgraded::connection() const {
  return exchange().state().connection_or_throw();
}

COHTTPS_DEF task<std::span<const std::byte>> upgraded::read() {
  auto part = co_await exchange().read();
  if (!part) throw std::move(part).error();
  co_return *part;
}

COHTTPS_DEF task<void> upgraded::write(std::span<const std::byte> bytes) {
  auto sent = co_await exchange().write(bytes);
  if (!sent) throw std::move(sent).error();
}

COHTTPS_DEF task<void> upgraded::write(std::string_view text) {
  return write(std::as_bytes(std::span(text)));
}

COHTTPS_DEF open_exchange& upgraded::exchange() const {
  if (!exchange_)
    throw error(error_category::usage, "moved_from",
                "this upgraded connection was moved from; use the object that it was moved to");
  return *exchange_;
}

}  // namespace cohttps
