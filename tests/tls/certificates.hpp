// The authority of the tests, and contexts that trust it.
#pragma once

#include <cohttps/tls/context.hpp>

#include <certificate_authority.hpp>
#include <string>

namespace cohttps::testing {

/// Made once a program: keys are what takes time.
const certificate_authority& test_authority();
const issued_certificate& localhost_certificate();

/// Whether this Botan was built with post-quantum key exchange.
bool has_hybrid();

/// Trusts the PEM given, by default the test authority, and nothing else.
tls_context context_trusting(const std::string& pem = test_authority().certificate_pem(),
                             tls_version minimum = tls_version::v1_2);

}  // namespace cohttps::testing
