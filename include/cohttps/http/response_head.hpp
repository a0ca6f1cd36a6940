// What a response says before its content.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/status.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// A status line (RFC 9112, 4) and the header fields.
struct response_head {
  /// The digit after "HTTP/1."; 1 for responses of other versions of HTTP.
  int version_minor = 1;

  /// 100 to 999; above 599 it has no class and counts as a server's error (RFC 9110, 15).
  int status = 0;

  /// The reason phrase as received, often empty. Bytes for people only: it may lie.
  std::string reason = {};

  fields headers = {};

  /// The reason phrase, or the registered one of the status when the peer wrote none.
  COHTTPS_DECL std::string_view reason_or_default() const noexcept;

  /// Empties it, and keeps the memory.
  COHTTPS_DECL void clear() noexcept;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/response_head.ipp>
#endif
