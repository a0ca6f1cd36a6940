// With COHTTPS_SEPARATE_COMPILATION defined for a whole program, one of its source files includes
// this, and all others compile without TLS, parsers and the client's coroutines in them.
#pragma once

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#error "define COHTTPS_SEPARATE_COMPILATION for every source file, or do not include this"
#endif

#include <cohttps/client/content_definitions.hpp>
#include <cohttps/client/definitions.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/net/session_file_definitions.hpp>
#include <cohttps/tls/context_definitions.hpp>
#include <cohttps/tls/engine_definitions.hpp>

template class cohttps::basic_client<cohttps::asio_transport>;
