// The part of a response before its content.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/status.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// The status line (RFC 9112, 4) and the header fields.
struct response_head {
  /// The digit after "HTTP/1."; 1 for responses of other versions of HTTP.
  int version_minor = 1;

  /// 100 to 999. A status above 599 has no class, and counts as a server error (RFC 9110, 15).
  int status = 0;

  /// The reason phrase as received, often empty. It is only text for people, and may be wrong.
  std::string reason = {};

  fields headers = {};  ///< in the order in which they arrived

  /// Returns the received reason phrase, or the registered one if the peer sent none.
  COHTTPS_DECL std::string_view reason_or_default() const noexcept;

  /// Removes the content, and keeps the memory.
  COHTTPS_DECL void clear() noexcept;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/response_head.ipp>
#endif
