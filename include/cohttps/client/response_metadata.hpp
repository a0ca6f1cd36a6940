// Information about a response besides its content.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/timings.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/url/url.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// A redirection that the client followed.
struct redirect_hop {
  int status;         ///< of the redirection, such as 302
  cohttps::url from;  ///< the URL that answered with it
};

/// A response without its content.
struct response_metadata {
  /// Throws `error` (usage, "no_response") if there is no response: the object was
  /// default-constructed, as after a failed operation, or it was moved from.
  COHTTPS_DECL const cohttps::url& url_or_throw() const;
  /// Returns the connection, or throws usage "no_response".
  COHTTPS_DECL const connection_info& connection_or_throw() const;

  /// Returns the subject of errors about the response: the origin, and the path if
  /// `path_in_errors` is set.
  COHTTPS_DECL std::string subject() const;

  /// Returns the error of a response whose status is not 2xx (policy, "unsuccessful_status").
  COHTTPS_DECL [[gnu::cold]] error unsuccessful(std::string_view content) const;

  // Known from the head on.
  response_head head;                                 ///< status, reason phrase and fields
  std::optional<cohttps::url> url;                    ///< of the response, after redirections
  std::vector<redirect_hop> history;                  ///< the redirections that led here
  std::shared_ptr<const connection_info> connection;  ///< that carried the response
  bool on_reused_connection = false;  ///< true if the connection had carried other requests
  bool path_in_errors = false;        ///< `client_options::path_in_errors`
  std::optional<std::uint64_t> content_length;  ///< of the content as it came, in bytes
  std::uint64_t open_exchange_number = 0;  ///< for the client: whose content is still to be read

  // Known from the end of the content on.
  bool complete = false;     ///< true once all content has arrived
  fields trailers;           ///< the fields after the content
  cohttps::timings timings;  ///< how long each phase took

 private:
  COHTTPS_DECL [[gnu::cold]] static error no_response();
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response_metadata.ipp>
#endif
