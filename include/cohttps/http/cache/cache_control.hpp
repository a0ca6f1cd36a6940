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
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> max_stale;  ///< without a value: any staleness
  std::optional<std::chrono::seconds> min_fresh;
  std::optional<std::chrono::seconds> stale_while_revalidate;  ///< RFC 5861, 3
  std::optional<std::chrono::seconds> stale_if_error;          ///< RFC 5861, 4
  bool no_store = false;
  bool no_cache = false;  ///< also "Pragma: no-cache" of a request without Cache-Control
  bool must_revalidate = false;
  bool immutable = false;  ///< RFC 8246
  bool is_public = false;
  bool only_if_cached = false;
  bool must_understand = false;

  COHTTPS_DECL static cache_control parse(const fields& headers);
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cache/cache_control.ipp>
#endif
