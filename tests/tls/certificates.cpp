// Definitions for certificates.hpp.
#include "certificates.hpp"

#include <cohttps/tls/group.hpp>

namespace cohttps::testing {

const certificate_authority& test_authority() {
  static const certificate_authority authority;
  return authority;
}
const issued_certificate& localhost_certificate() {
  static const issued_certificate certificate =
      test_authority().issue({.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}});
  return certificate;
}

bool has_hybrid() { return tls::group_named("X25519MLKEM768").has_value(); }

tls_context context_trusting(const std::string& pem, tls_version minimum) {
  return tls_context::create({.system_roots = false, .root_pem = pem, .minimum_version = minimum})
      .value();
}

}  // namespace cohttps::testing
