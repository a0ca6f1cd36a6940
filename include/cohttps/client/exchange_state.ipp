// Definitions for exchange_state.hpp.
#pragma once

#include <cohttps/client/exchange_state.hpp>

namespace cohttps {

COHTTPS_DEF const cohttps::url& exchange_state::url_or_throw() const {
  if (!url) throw no_response();
  return *url;
}

COHTTPS_DEF const connection_info& exchange_state::connection_or_throw() const {
  if (!connection) throw no_response();
  return *connection;
}

COHTTPS_DEF error exchange_state::no_response() {
  return {error_category::usage, "no_response",
          "there is no response here: the operation failed, or the object was moved from"};
}

}  // namespace cohttps
