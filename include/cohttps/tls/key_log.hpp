// Secrets of connections for those who debug: the SSLKEYLOGFILE format (RFC 9850).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohttps::tls {

using key_log = std::function<void(std::string_view line)>;

COHTTPS_DECL std::string key_log_line(std::string_view label, std::span<const std::uint8_t> random,
                                      std::span<const std::uint8_t> secret);

/// Appends to the file that SSLKEYLOGFILE names; null when it is not set. A file that is made is of
/// mode 0600 from its first moment; one that is there is appended to and keeps its mode, so that
/// whoever may read it reads the secrets.
COHTTPS_DECL [[gnu::cold]] result<key_log> key_log_of_environment();

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/key_log.ipp>
#endif
