// Key exchange groups by their registered names (IANA, TLS Supported Groups).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
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

/// Returns nothing for an unknown name, and for a group that this build of Botan does not have.
COHTTPS_DECL std::optional<Botan::TLS::Group_Params> group_named(std::string_view name);

COHTTPS_DECL std::string name_of(Botan::TLS::Group_Params group);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/group.ipp>
#endif
