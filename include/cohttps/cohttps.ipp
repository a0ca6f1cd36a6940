// Definitions for cohttps.hpp.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/run.hpp>

#include <utility>

namespace cohttps {

COHTTPS_DEF client::client(client_options options) {
  auto [over, owner] = detail::transport_of_new_client();
  *this = client(std::move(over), std::move(options));
  state_->loop = std::move(owner);
}

}  // namespace cohttps
