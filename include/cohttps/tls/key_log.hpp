// Logs the secrets of connections for debugging, in the SSLKEYLOGFILE format (RFC 9850).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <cstdlib>
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

/// Returns a log that appends to the file in the environment variable SSLKEYLOGFILE, or null when
/// the variable is not set. A new file is created with mode 0600. An existing file keeps its mode:
/// every user who may read the file can read the secrets. Fails with category usage
/// (`unwritable_key_log`) when the file cannot be opened.
COHTTPS_DECL [[gnu::cold]] result<key_log> key_log_of_environment();

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/key_log.ipp>
#endif
