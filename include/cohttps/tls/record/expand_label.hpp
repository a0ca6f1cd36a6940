// HKDF-Expand-Label, with which TLS 1.3 derives keys from its secrets (RFC 8446, 7.1).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>

#include <botan/mac.h>
#include <botan/secmem.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace cohttps::tls::detail {

/// HKDF-Expand-Label of one secret with an empty context (RFC 8446, 7.1). The output is at most as
/// long as the hash.
class expand_label {
 public:
  COHTTPS_DECL expand_label(std::string_view hash, std::span<const std::uint8_t> secret);
  COHTTPS_DECL Botan::secure_vector<std::uint8_t> operator()(std::string_view label,
                                                             std::size_t size) const;

 private:
  std::unique_ptr<Botan::MessageAuthenticationCode> hmac_;
};

}  // namespace cohttps::tls::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/record/expand_label.ipp>
#endif
