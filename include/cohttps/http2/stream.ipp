// Definitions for stream.hpp.
#pragma once

#include <cohttps/http2/stream.hpp>

namespace cohttps::http2 {

COHTTPS_DEF std::vector<response_head> stream::take_interim() noexcept {
  return std::exchange(interim_heads_, {});
}

COHTTPS_DEF bool stream::has_content() const noexcept { return !received_.empty(); }

COHTTPS_DEF bool stream::reader_has_some() const noexcept { return !delivered_.empty(); }

COHTTPS_DEF std::size_t stream::content_left() const noexcept { return content_.size(); }

COHTTPS_DEF bool stream::wants_content() const noexcept { return content_.empty(); }

COHTTPS_DEF std::optional<error> stream::take_field(const limits& bounds, std::string_view name,
                                                    std::string_view value) {
  answered_ = true;
  // RFC 9113, 6.5.2: the size that counts for a field.
  section_size_ += name.size() + value.size() + 32;
  ++section_fields_;
  if (has_head_) {
    if (section_size_ > bounds.trailers || section_fields_ > bounds.trailer_fields)
      return too_large("trailers_too_large", "the trailer section");
    if (is_trailer_allowed(name)) trailers_.append_unchecked(name, ascii::trim(value));
    return std::nullopt;
  }
  if (section_size_ > bounds.head) return too_large("head_too_large", "the response head");
  if (name == ":status") {
    head_.status = static_cast<int>(ascii::parse_decimal(value).value_or(0));
    return std::nullopt;
  }
  if (section_fields_ > bounds.fields + 1) return too_large("too_many_fields", "the response head");
  if (name == "content-length") length_ = ascii::parse_decimal(value);
  head_.headers.append_unchecked(name, ascii::trim(value));
  return std::nullopt;
}

COHTTPS_DEF std::optional<error> stream::end_fields(const limits& bounds) {
  section_size_ = section_fields_ = 0;
  if (has_head_) return std::nullopt;
  if (!is_informational(head_.status)) {
    has_head_ = true;
    return std::nullopt;
  }
  got_continue_ = got_continue_ || head_.status == 100;
  interim_heads_.push_back(std::exchange(head_, {}));
  length_.reset();
  if (++interim_ <= bounds.interim) return std::nullopt;
  return error(error_category::limit, "too_many_interim_responses",
               "more than " + std::to_string(bounds.interim) +
                   " interim responses came before the final one");
}

COHTTPS_DEF error stream::too_large(std::string_view reason, std::string_view what) {
  return {error_category::limit, reason,
          std::string(what) + " is larger, or has more fields, than the limits allow"};
}

}  // namespace cohttps::http2
