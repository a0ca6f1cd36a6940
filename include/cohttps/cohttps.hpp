// Everything that a program needs: the client on Asio, tasks, and the loop to run them.
#pragma once

#include <cohttps/client/client.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>

namespace cohttps {

/// The client on Asio.
using client = basic_client<asio_transport>;

#if defined(COHTTPS_SEPARATE_COMPILATION)
// Defined where <cohttps/implementation.hpp> is included.
extern template class basic_client<asio_transport>;
extern template task<result<response>> detail::collect<asio_transport>(
    std::shared_ptr<client_state<asio_transport>>, request);
extern template task<result<response_stream>> detail::open<asio_transport>(
    std::shared_ptr<client_state<asio_transport>>, request);
extern template asio_transport detail::transport_of<asio_transport>(client_state<asio_transport>&);
#endif

}  // namespace cohttps
