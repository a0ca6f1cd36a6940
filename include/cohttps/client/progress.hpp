// The progress of a request.
#pragma once

#include <cstdint>
#include <optional>

namespace cohttps {

/// Counts the bytes of content. If the content has a coding, the coded bytes count. The counts
/// start at 0 again if the request is sent again.
struct progress {
  std::uint64_t sent = 0;
  std::optional<std::uint64_t> to_send = {};  ///< empty if it is unknown
  std::uint64_t received = 0;
  std::optional<std::uint64_t> to_receive = {};
};

}  // namespace cohttps
