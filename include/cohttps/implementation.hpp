// With COHTTPS_SEPARATE_COMPILATION defined for a whole program, one of its source files includes
// this, and all others compile without TLS, parsers and the client's coroutines in them.
#pragma once

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#error "define COHTTPS_SEPARATE_COMPILATION for every source file, or do not include this"
#endif

#include <cohttps/client/definitions.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/net/session_file_definitions.hpp>
#include <cohttps/tls/context_state.hpp>

namespace cohttps {

template class basic_client<asio_transport>;
template task<result<response>> detail::collect<asio_transport>(
    std::shared_ptr<client_state<asio_transport>>, request);
template task<result<response_stream>> detail::open<asio_transport>(
    std::shared_ptr<client_state<asio_transport>>, request);
template task<result<connection_info>> detail::connect<asio_transport>(
    std::shared_ptr<client_state<asio_transport>>, request);
template asio_transport detail::transport_of<asio_transport>(client_state<asio_transport>&);

}  // namespace cohttps
