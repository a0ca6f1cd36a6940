// Definitions for cohttps.hpp.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/run.hpp>

#include <utility>

namespace cohttps {

COHTTPS_DEF client::client(client_options options)
    : client(detail::current_transport(), std::move(options)) {}

}  // namespace cohttps
