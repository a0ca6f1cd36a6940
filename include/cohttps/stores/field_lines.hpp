// Fields as lines of text, as stores keep them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>

#include <string>
#include <string_view>

namespace cohttps::detail {

/// Each field as "name:value\n". Values have no line breaks.
template <class = void>
std::string to_lines(const fields& all) {
  std::string out;
  for (const field f : all) out.append(f.name).append(":").append(f.value) += '\n';
  return out;
}

/// Lines that are no fields are left out.
template <class = void>
fields from_lines(std::string_view text) {
  fields out;
  while (!text.empty()) {
    std::string_view line = ascii::take_until(text, '\n');
    if (line.find(':') == line.npos) continue;
    const std::string_view name = ascii::take_until(line, ':');
    (void)out.append(name, line);
  }
  return out;
}

}  // namespace cohttps::detail
