// Definitions for coding_stage.hpp.
#pragma once

#include <cohttps/http/coding/coding_stage.hpp>

namespace cohttps {

COHTTPS_DEF auto coding_stage::stop(std::unexpected<error> wrong, progress done)
    -> result<progress> {
  if (done.produced == 0) return wrong;
  failure_ = std::move(wrong).error();
  return done;
}

}  // namespace cohttps

namespace cohttps {
namespace detail {

COHTTPS_DEF std::unexpected<error> malformed_content(std::string_view coding,
                                                     std::string_view why) {
  std::string text = "the content is not valid " + std::string(coding);
  if (!why.empty()) text.append(": ").append(why);
  return fail(error_category::protocol, "content_malformed", std::move(text));
}

COHTTPS_DEF std::unexpected<error> trailing_bytes(std::string_view coding) {
  return fail(error_category::protocol, "content_trailing_bytes",
              "there are bytes behind the end of the content's " + std::string(coding));
}

}  // namespace detail
}  // namespace cohttps
