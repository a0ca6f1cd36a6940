// Checks the version of Botan. Every header that uses Botan includes this header first.
#pragma once

#if !__has_include(<botan/version.h>)
#error "cohttps needs Botan 3.7.1 or newer: add the flags of `pkg-config --cflags --libs botan-3`"
#endif

#include <botan/version.h>

#include <string>

#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 7, 1)
#error "cohttps needs Botan 3.7.1 or newer"
#elif BOTAN_VERSION_CODE == BOTAN_VERSION_CODE_FOR(3, 11, 0)
#error "Botan 3.11.0 skips certificate verification (CVE-2026-34580): use 3.11.1 or newer"
#endif

// Botan before 3.11.1 accepts application data before the end of the handshake (CVE-2026-34582),
// and it accepts forged OCSP responses. The engine and the verifier prevent both, so a newer
// version is only recommended. The message is off by default, because a header must not break a
// build with -Werror.
#if defined(COHTTPS_WARN_OLD_BOTAN) && BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 11, 1)
#pragma message("cohttps: Botan 3.11.1 or newer is recommended, it fixes CVE-2026-34582")
#endif

namespace cohttps::tls {

/// The version of Botan that the program runs with.
template <class = void>
std::string library_version() {
  return Botan::short_version_string();
}

}  // namespace cohttps::tls
