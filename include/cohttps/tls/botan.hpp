// Which versions of Botan will do. Every header that names Botan includes this one first.
#pragma once

#include <botan/version.h>

#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 7, 1)
#error "cohttps needs Botan 3.7.1 or newer"
#elif BOTAN_VERSION_CODE == BOTAN_VERSION_CODE_FOR(3, 11, 0)
#error "Botan 3.11.0 skips certificate verification (CVE-2026-34580): use 3.11.1 or newer"
#endif

// Below 3.11.1 application data that arrives before the handshake is done gets through Botan
// (CVE-2026-34582) and a forged OCSP answer is believed. The engine and the verifier guard against
// both, so this is advice, and only for who asks: a header must not break a build with -Werror.
#if defined(COHTTPS_WARN_OLD_BOTAN) && BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 11, 1)
#pragma message("cohttps: Botan 3.11.1 or newer is recommended, it fixes CVE-2026-34582")
#endif
