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

/// A response as a `cache_store` keeps it, without its content.
struct cached_response {
  using time_point = std::chrono::system_clock::time_point;

  int status = 0;       ///< the status code
  fields headers = {};  ///< of the response as it was stored
  /// The fields of the request that Vary names (RFC 9111, 4.1).
  fields request_fields = {};
  time_point requested = {};  ///< when the request was sent
  time_point received = {};   ///< when the response came

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

  /// Takes over the fields of a 304, or of a 200 to HEAD (RFC 9111, 3.2, 4.3.4 and 4.3.5).
  COHTTPS_DECL void refresh(const fields& newer, time_point sent, time_point came);

  /// Returns how long a store should keep the response: while it is fresh, or may be served stale
  /// (RFC 5861). With a validator it is a day more, because a 304 makes the response fresh again;
  /// without one an hour more, because a request may take a stale response (max-stale), and a HEAD
  /// may renew it. Without a validator it is 0 if the response was never fresh.
  COHTTPS_DECL std::chrono::seconds useful_for(time_point now) const;

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

/// The fields of a response without those that are for one connection alone (RFC 9111, 3.1).
COHTTPS_DECL fields storable_fields(const fields& response);

/// True when the conditions of a request, If-None-Match or If-Modified-Since, make a 304 of a
/// stored 200 (RFC 9111, 4.3.2).
COHTTPS_DECL bool is_not_modified(const fields& request, const cached_response& stored);

/// The fields of a 304 for a stored response (RFC 9110, 15.4.5).
COHTTPS_DECL fields not_modified_fields(const cached_response& stored);

/// True when a 200 to HEAD is about the representation that is stored (RFC 9111, 4.3.5).
COHTTPS_DECL bool is_same_representation(const cached_response& stored, const fields& head);

/// The fields of a request that Vary of its response names.
COHTTPS_DECL fields varying_fields(const fields& request, const fields& response);

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cache/cached_response.ipp>
#endif
