// Definitions for url_record.hpp.
#pragma once

#include <cohttps/url/url_record.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::string_view url_record::part(std::size_t begin, std::size_t end) const noexcept {
  return {href.data() + begin, end - begin};
}

COHTTPS_DEF std::string_view url_record::scheme() const noexcept { return part(0, scheme_end); }

}  // namespace cohttps::detail
