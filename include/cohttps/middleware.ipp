// Definitions for middleware.hpp.
#pragma once

#include <cohttps/middleware.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/middleware_stack.hpp>
#include <cohttps/request/middleware_stack.ipp>

#include <memory>
#include <utility>

namespace cohttps {

COHTTPS_DEF client& client::use(middleware layer) & {
  if (!state_) throw detail::moved_from();
  if (!state_->layers) state_->layers = std::make_shared<detail::middleware_stack<>>();
  static_cast<detail::middleware_stack<>&>(*state_->layers).add(std::move(layer));
  return *this;
}

}  // namespace cohttps
