// How far a request has come.
#pragma once

#include <cstdint>
#include <optional>

namespace cohttps {

/// Bytes of content, as they are on the way: coded, where there is a content coding. They begin at
/// 0 again when the request is sent again.
struct progress {
  std::uint64_t sent = 0;
  std::optional<std::uint64_t> to_send = {};  ///< empty while it is not known
  std::uint64_t received = 0;
  std::optional<std::uint64_t> to_receive = {};
};

}  // namespace cohttps
