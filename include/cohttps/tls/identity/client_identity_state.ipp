// Definitions for client_identity_state.hpp.
#pragma once

#include <cohttps/tls/identity/client_identity_state.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::shared_ptr<const client_identity_state> current_client_identity::get() const {
  const std::scoped_lock lock(mutex_);
  return identity_state_;
}

COHTTPS_DEF void current_client_identity::replace(client_identity_state next) {
  auto other = std::make_shared<const client_identity_state>(std::move(next));
  const std::scoped_lock lock(mutex_);
  identity_state_.swap(other);
}

}  // namespace cohttps::tls
