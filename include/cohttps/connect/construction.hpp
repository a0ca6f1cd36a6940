// The steps from an address to a stream with TLS. Direct connections and connections through a
// proxy share them.
#pragma once

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connect/dial.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http_versions.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// How long the steps took.
struct connect_timings {
  duration resolve{};
  duration connect{};
  duration tunnel{};
  duration tls{};
};

/// A connection that is being made.
struct construction {
  std::optional<tls_stream> bytes;
  std::shared_ptr<connection_info> info = std::make_shared<connection_info>();
  connect_timings timings;
};

/// Opens a stream to `host` and `port`. `host` may have brackets.
COHTTPS_DECL task<result<void>> open_stream(construction& made, std::string_view host,
                                            std::uint16_t port, const connect_options& options,
                                            deadline& limit);

/// Performs the TLS handshake on the stream.
COHTTPS_DECL task<result<void>> secure(construction& made, const tls_context& tls,
                                       std::string_view host, std::uint16_t port,
                                       http_versions versions, const connect_options& options,
                                       deadline& limit);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/construction.ipp>
#endif
