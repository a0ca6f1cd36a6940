// Definitions for response_metadata.hpp.
#pragma once

#include <cohttps/client/response_metadata.hpp>

namespace cohttps {

COHTTPS_DEF const cohttps::url& response_metadata::url_or_throw() const {
  if (!url) throw no_response();
  return *url;
}

COHTTPS_DEF const connection_info& response_metadata::connection_or_throw() const {
  if (!connection) throw no_response();
  return *connection;
}

COHTTPS_DEF error response_metadata::no_response() {
  return {error_category::usage, "no_response",
          "there is no response here: the operation failed, or the object was moved from"};
}

}  // namespace cohttps
