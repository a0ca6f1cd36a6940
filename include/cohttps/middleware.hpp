// Layers around the calls of a client: `client::use`.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/separate.hpp>

#include <memory>

namespace cohttps::detail {

/// Brings the code of layers; `client::use` needs it.
struct middleware_support {
  COHTTPS_DECL static void add(const shared_client_state& to, middleware layer);
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/middleware.ipp>
#endif
