// The progress of a request.
#pragma once

#include <cstdint>
#include <optional>

namespace cohttps {

/// Counts the bytes of content. If the content has a coding, the coded bytes count. The counts
/// start at 0 again if the request is sent again.
struct progress {
  std::uint64_t sent = 0;                     ///< bytes of content so far
  std::optional<std::uint64_t> to_send = {};  ///< empty if it is unknown
  std::uint64_t received = 0;  ///< bytes of content so far, as they came from the network
  std::optional<std::uint64_t> to_receive = {};  ///< empty if the response does not say
};

}  // namespace cohttps
