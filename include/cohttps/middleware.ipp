// Definitions for middleware.hpp.
#pragma once

#include <cohttps/middleware.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/middleware_stack.hpp>
#include <cohttps/request/middleware_stack.ipp>

#include <memory>
#include <utility>

namespace cohttps::detail {

COHTTPS_DEF void middleware_support::add(const shared_client_state& to, middleware layer) {
  if (!to) throw moved_from();
  if (!layer)
    throw error(error_category::usage, "empty_layer",
                "client::use got an empty function; a layer is a function that takes a request and "
                "a next_handler");
  if (!to->layers) to->layers = std::make_shared<middleware_stack<>>();
  static_cast<middleware_stack<>&>(*to->layers).add(std::move(layer));
}

}  // namespace cohttps::detail
