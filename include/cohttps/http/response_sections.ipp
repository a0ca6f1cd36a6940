// Definitions for response_sections.hpp.
#pragma once

#include <cohttps/http/response_sections.hpp>

namespace cohttps {

COHTTPS_DEF std::optional<error> response_sections::take(const section_limits& bounds,
                                                         std::string_view name,
                                                         std::string_view value) {
  size_ += name.size() + value.size() + 32;
  ++lines_;
  if (has_head_) {
    if (size_ > bounds.trailers || lines_ > bounds.trailer_fields)
      return too_large("trailers_too_large", "the trailer section");
    if (is_trailer_allowed(name)) trailers.append_unchecked(name, ascii::trim(value));
    return std::nullopt;
  }
  if (size_ > bounds.head) return too_large("head_too_large", "the response head");
  if (name == ":status") {
    head.status = static_cast<int>(ascii::parse_decimal(value).value_or(0));
    return std::nullopt;
  }
  if (lines_ > bounds.fields + 1) return too_large("too_many_fields", "the response head");
  if (name == "content-length") length = ascii::parse_decimal(value);
  head.headers.append_unchecked(name, ascii::trim(value));
  return std::nullopt;
}

COHTTPS_DEF std::optional<error> response_sections::end(const section_limits& bounds) {
  size_ = lines_ = 0;
  if (has_head_) return std::nullopt;
  if (!is_informational(head.status)) {
    has_head_ = true;
    return std::nullopt;
  }
  got_continue_ = got_continue_ || head.status == 100;
  interim.push_back(std::exchange(head, {}));
  length.reset();
  if (++interim_count_ <= bounds.interim) return std::nullopt;
  return error(error_category::limit, "too_many_interim_responses",
               "more than " + std::to_string(bounds.interim) +
                   " interim responses came before the final one");
}

COHTTPS_DEF error response_sections::too_large(std::string_view reason, std::string_view what) {
  return {error_category::limit, reason,
          std::string(what) + " is larger, or has more fields, than the limits allow"};
}

}  // namespace cohttps
