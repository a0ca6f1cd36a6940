// Chooses Asio: the standalone one, or Boost's if COHTTPS_USE_BOOST_ASIO is defined. Includes only
// the necessary headers, because Asio is most of the code that a program with the client compiles.
#pragma once

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/basic_endpoint.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/version.hpp>
static_assert(BOOST_VERSION >= 107800, "cohttps needs Boost.Asio of Boost 1.78 or newer");
namespace cohttps {
namespace asio = boost::asio;
using asio_error_code = boost::system::error_code;
}  // namespace cohttps
#else
#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE
#endif
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/generic/basic_endpoint.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>
static_assert(ASIO_VERSION >= 102200, "cohttps needs Asio 1.22 or newer");
namespace cohttps {
namespace asio = ::asio;
using asio_error_code = ::asio::error_code;
}  // namespace cohttps
#endif
