// All definitions of cohttps/testing, for one unit of a program whose units define
// COHTTPS_SEPARATE_COMPILATION.
#pragma once

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#error "define COHTTPS_SEPARATE_COMPILATION for every source file, or do not include this"
#endif

#include <cohttps/testing/manual_loop.ipp>
#include <cohttps/testing/memory_datagrams.ipp>
#include <cohttps/testing/memory_network.ipp>
#include <cohttps/testing/memory_tls.ipp>
#include <cohttps/testing/request_reader.ipp>
#include <cohttps/testing/scripted_server.ipp>
