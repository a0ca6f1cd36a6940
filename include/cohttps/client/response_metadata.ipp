// Definitions for response_metadata.hpp.
#pragma once

#include <cohttps/client/response_metadata.hpp>
#include <cohttps/http/status.hpp>

namespace cohttps {

COHTTPS_DEF const cohttps::url& response_metadata::url_or_throw() const {
  if (!url) throw no_response();
  return *url;
}

COHTTPS_DEF const connection_info& response_metadata::connection_or_throw() const {
  if (!connection) throw no_response();
  return *connection;
}

COHTTPS_DEF std::string response_metadata::subject() const {
  if (!url) return {};
  std::string text = url->origin().text();
  if (path_in_errors) text += url->path();
  return text;
}

COHTTPS_DEF error response_metadata::unsuccessful(std::string_view content) const {
  error e(error_category::policy, "unsuccessful_status",
          "the server answered " + std::to_string(head.status) + " " +
              std::string(reason_phrase(head.status)));
  e.subject(subject()).response(head.status, content);
  return e;
}

COHTTPS_DEF error response_metadata::no_response() {
  return {error_category::usage, "no_response",
          "there is no response here: the operation failed, or the object was moved from"};
}

}  // namespace cohttps
