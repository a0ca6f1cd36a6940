// Definitions for method.hpp.
#pragma once

#include <cohttps/http/method.hpp>

namespace cohttps {

COHTTPS_DEF result<method> method::parse(std::string_view text) {
  if (text.size() > max_size || !ascii::is_token(text))
    return fail(error_category::usage, "invalid_method",
                "the method \"" + ascii::printable(text, max_size + 1) +
                    "\" is not a token of at most " + std::to_string(max_size) + " characters");
  return method(text);
}

}  // namespace cohttps
