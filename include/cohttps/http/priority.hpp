// The priority of a response among other responses (RFC 9218).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <string>

namespace cohttps {

/// The client sends it in the Priority field, with any version of HTTP. A server may ignore it.
struct priority {
  /// From 0, the most urgent, to 7 (RFC 9218, 4.1).
  int urgency = 3;
  /// True if the client can use parts of the response before the rest arrives. The server may then
  /// alternate between it and other responses of the same urgency (RFC 9218, 4.2).
  bool incremental = false;

  friend bool operator==(const priority&, const priority&) = default;
};

/// Returns the value of the Priority field, such as "u=1, i"; empty for the default priority. Fails
/// with usage "invalid_priority" if the urgency is not 0 to 7.
COHTTPS_DECL result<std::string> priority_field(const priority& p);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/priority.ipp>
#endif
