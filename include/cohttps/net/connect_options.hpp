// How connections are made.
#pragma once

#include <cohttps/http1/limits.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohttps::net {

/// Where to connect for a host and port, instead of asking the resolver.
struct resolve_override {
  std::string host;  ///< as in the URL
  std::uint16_t port;
  std::string address;  ///< an IP literal
};

struct connect_options {
  std::optional<std::chrono::nanoseconds> connect_timeout = std::chrono::seconds(10);
  std::optional<std::chrono::nanoseconds> tls_timeout = std::chrono::seconds(10);
  std::vector<resolve_override> resolve;
  http1::limits limits;
};

}  // namespace cohttps::net
