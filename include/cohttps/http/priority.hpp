// How much a response matters beside others (RFC 9218).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <string>

namespace cohttps {

/// Said in the Priority field, over any version of HTTP; a server does with it what it wants.
struct priority {
  /// From 0, the most urgent, to 7; RFC 9218, 4.1.
  int urgency = 3;
  /// Parts of the response are of use before the rest is there, so that it may be mixed with others
  /// of the same urgency; RFC 9218, 4.2.
  bool incremental = false;

  friend bool operator==(const priority&, const priority&) = default;
};

/// "u=1, i"; empty for what is meant by default. Fails (usage, "invalid_priority") for an urgency
/// that there is not.
COHTTPS_DECL result<std::string> priority_field(const priority& p);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/priority.ipp>
#endif
