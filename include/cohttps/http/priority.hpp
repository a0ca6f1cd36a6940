// How much a response matters beside others (RFC 9218).
#pragma once

#include <cohttps/core/error.hpp>

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
inline result<std::string> priority_field(const priority& p) {
  if (p.urgency < 0 || p.urgency > 7)
    return fail(error_category::usage, "invalid_priority",
                "the urgency of a request is a number from 0, the most urgent, to 7");
  std::string out;
  if (p.urgency != priority().urgency) out = "u=" + std::to_string(p.urgency);
  if (p.incremental) out += out.empty() ? "i" : ", i";
  return out;
}

}  // namespace cohttps
