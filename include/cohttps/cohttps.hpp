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
#endif

}  // namespace cohttps
