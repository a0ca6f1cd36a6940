// Converts the refusals of SOCKS proxies to errors.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace cohttps::socks {

// `about` is "the proxy socks5://host:1080". It tells people that the proxy gave this answer.

/// The codes of the SOCKS4 protocol, except 90.
COHTTPS_DECL [[gnu::cold]] error refused_4(const std::string& about, std::size_t code);

/// The codes of RFC 1928, 6, except 0.
COHTTPS_DECL [[gnu::cold]] error refused_5(const std::string& about, std::size_t code);

/// Method 0xff of RFC 1928, 3.
COHTTPS_DECL [[gnu::cold]] error no_method(const std::string& about, bool gave_password);

/// RFC 1929, 2.
COHTTPS_DECL [[gnu::cold]] error wrong_password(const std::string& about);

}  // namespace cohttps::socks

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/socks_replies.ipp>
#endif
