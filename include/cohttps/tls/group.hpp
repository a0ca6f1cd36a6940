// Key exchange groups by their registered names (IANA, TLS Supported Groups).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/tls/botan.hpp>

#include <botan/tls_algos.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::tls {

namespace detail {
struct named_group {
  std::string_view name;
  Botan::TLS::Group_Params_Code code;
};
inline constexpr named_group named_groups[] = {
    {"x25519", Botan::TLS::Group_Params_Code::X25519},
    {"secp256r1", Botan::TLS::Group_Params_Code::SECP256R1},
    {"secp384r1", Botan::TLS::Group_Params_Code::SECP384R1},
    {"secp521r1", Botan::TLS::Group_Params_Code::SECP521R1},
    {"x448", Botan::TLS::Group_Params_Code::X448},
    {"X25519MLKEM768", Botan::TLS::Group_Params_Code::HYBRID_X25519_ML_KEM_768},
    {"SecP256r1MLKEM768", Botan::TLS::Group_Params_Code::HYBRID_SECP256R1_ML_KEM_768},
};
}  // namespace detail

/// Nothing for a name that is not known, and for a group that this Botan was built without.
inline std::optional<Botan::TLS::Group_Params> group_named(std::string_view name) {
  for (const auto& group : detail::named_groups)
    if (ascii::iequals(group.name, name)) {
      const Botan::TLS::Group_Params found(group.code);
      return found.is_available() ? std::optional(found) : std::nullopt;
    }
  return std::nullopt;
}

inline std::string name_of(Botan::TLS::Group_Params group) {
  for (const auto& known : detail::named_groups)
    if (group.code() == known.code) return std::string(known.name);
  return group.to_string().value_or("");
}

}  // namespace cohttps::tls
