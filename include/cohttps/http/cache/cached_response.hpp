// A stored response, and the rules of RFC 9111 for a private cache. No input or output, no clock.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/cache/cache_control.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

/// A response as a `cache_store` keeps it.
struct cached_response {
  using time_point = std::chrono::system_clock::time_point;

  int status = 0;
  fields headers = {};
  /// The fields of the request that Vary names (RFC 9111, 4.1).
  fields request_fields = {};
  time_point requested = {};  ///< when the request was sent
  time_point received = {};   ///< when the response came
  std::string content = {};

  /// True when a request with these fields may be answered with it, as far as Vary is concerned.
  COHTTPS_DECL bool matches(const fields& request) const;

  /// How old it is (RFC 9111, 4.2.3).
  COHTTPS_DECL std::chrono::seconds age(time_point now) const;

  /// How long it is fresh (RFC 9111, 4.2.1 and 4.2.2).
  COHTTPS_DECL std::chrono::seconds lifetime() const;

  /// True when it has a validator: an ETag or a time of the last modification.
  COHTTPS_DECL bool has_validator() const;

  /// Adds what asks the server whether it is still valid (RFC 9111, 4.3.1).
  COHTTPS_DECL void add_conditions(fields& request) const;

  /// Takes over the fields of a 304 (RFC 9111, 3.2 and 4.3.4).
  COHTTPS_DECL void refresh(const fields& not_modified, time_point sent, time_point came);

  /// Bytes that it takes, about.
  COHTTPS_DECL std::size_t size() const;
};

namespace detail {

enum class cache_verdict : std::uint8_t {
  serve,            ///< the stored response answers
  serve_and_renew,  ///< it answers, and the server is asked meanwhile (RFC 5861, 3)
  validate,         ///< the server says whether it is valid
  fetch,            ///< there is none that can be used
  unavailable,      ///< "only-if-cached", and there is none
};

/// Decides how to answer a request. `stored`: the response for it, or null.
COHTTPS_DECL cache_verdict decide_cache(const cache_control& request, const cached_response* stored,
                                        cached_response::time_point now);

/// True when a failure may be answered with a stored response that is stale (RFC 5861, 4).
COHTTPS_DECL bool may_hide_failure(const cache_control& request, const cached_response& stored,
                                   cached_response::time_point now);

/// True when a response to GET may be stored, and is of use (RFC 9111, 3).
COHTTPS_DECL bool may_store(const fields& request, int status, const fields& response);

/// The fields of a request that Vary of its response names.
COHTTPS_DECL fields varying_fields(const fields& request, const fields& response);

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cache/cached_response.ipp>
#endif
