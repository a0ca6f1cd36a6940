// With COHTTPS_SEPARATE_COMPILATION defined for a whole program, one of its source files includes
// this, and all others compile without TLS, parsers and the client's coroutines in them.
#pragma once

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#error "define COHTTPS_SEPARATE_COMPILATION for every source file, or do not include this"
#endif

#include <cohttps/client/client.ipp>
#include <cohttps/client/content.ipp>
#include <cohttps/cohttps.hpp>
#include <cohttps/cohttps.ipp>
#include <cohttps/net/session_file.ipp>
#include <cohttps/run.ipp>
#include <cohttps/tls/context.ipp>
#include <cohttps/tls/engine.ipp>
