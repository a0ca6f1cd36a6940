// Definitions for group.hpp.
#pragma once

#include <cohttps/tls/group.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::optional<Botan::TLS::Group_Params> group_named(std::string_view name) {
  for (const auto& group : detail::named_groups)
    if (ascii::iequals(group.name, name)) {
      const Botan::TLS::Group_Params found(group.code);
      return found.is_available() ? std::optional(found) : std::nullopt;
    }
  return std::nullopt;
}

COHTTPS_DEF std::string name_of(Botan::TLS::Group_Params group) {
  for (const auto& known : detail::named_groups)
    if (group.code() == known.code) return std::string(known.name);
  return group.to_string().value_or("");
}

}  // namespace cohttps::tls
