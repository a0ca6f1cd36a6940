// Definitions for charset_labels.hpp.
#pragma once

#include <cohttps/http/content/charset_labels.hpp>

namespace cohttps::detail {

COHTTPS_DEF const charset* find_charset(std::string_view label) {
  constexpr std::string_view white = " \t\n\f\r";
  const auto begin = label.find_first_not_of(white);
  if (begin == label.npos) return nullptr;
  label = label.substr(begin, label.find_last_not_of(white) - begin + 1);
  if (label.find_first_of(white) != label.npos) return nullptr;
  const std::string wanted = ' ' + ascii::lower(label) + ' ';
  for (const charset& each : charsets)
    if (each.labels.find(wanted) != each.labels.npos) return &each;
  return nullptr;
}

}  // namespace cohttps::detail
