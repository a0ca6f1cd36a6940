// The field Cache-Control (RFC 9111, 5.2).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace cohttps {

/// The directives that a private cache heeds, of a request or of a response. Where a directive is
/// given twice, the first one counts; a time that cannot be read is 0.
struct cache_control {
  std::optional<std::chrono::seconds> max_age;    ///< the age up to which a response is fresh
  std::optional<std::chrono::seconds> max_stale;  ///< without a value: any staleness
  /// The time for which a response must still be fresh.
  std::optional<std::chrono::seconds> min_fresh;
  std::optional<std::chrono::seconds> stale_while_revalidate;  ///< RFC 5861, 3
  std::optional<std::chrono::seconds> stale_if_error;          ///< RFC 5861, 4
  bool no_store = false;                                       ///< nothing of it may be kept
  bool no_cache = false;         ///< also "Pragma: no-cache" of a request without Cache-Control
  bool must_revalidate = false;  ///< a stale response must not be used without asking the server
  bool immutable = false;        ///< RFC 8246
  bool is_public = false;        ///< shared caches may keep it, too
  bool only_if_cached = false;   ///< only a kept response is wanted, else 504
  bool must_understand = false;  ///< only caches that know the status may keep it

  /// Reads the Cache-Control fields; what is not known is left out.
  COHTTPS_DECL static cache_control parse(const fields& headers);
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cache/cache_control.ipp>
#endif
