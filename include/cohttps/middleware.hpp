// Layers around the calls of a client: `client::use`.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/separate.hpp>

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/middleware.ipp>
#endif
