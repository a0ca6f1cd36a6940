// Chooses Asio: the standalone one, or Boost's if COHTTPS_USE_BOOST_ASIO is defined. Includes only
// the necessary headers, because Asio is most of the code that a program with the client compiles.
#pragma once

#if defined(COHTTPS_USE_BOOST_ASIO)
#if !__has_include(<boost/asio.hpp>)
#error "cohttps needs Boost 1.78 or newer, for the macro COHTTPS_USE_BOOST_ASIO"
#endif
#include <boost/asio/any_io_executor.hpp>
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
#if !__has_include(<asio.hpp>)
#error "cohttps needs Asio 1.22 or newer, or Boost.Asio by -DCOHTTPS_USE_BOOST_ASIO=1"
#endif
#include <asio/any_io_executor.hpp>
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
using asio_error_code = ::asio::error_code;  ///< the error code of the Asio that is used
}  // namespace cohttps
#endif

#include <string>

namespace cohttps::detail {

/// "1.22.1" of Asio, "Boost 1.81.0" of Boost's.
template <class = void>
std::string asio_version() {
#if defined(COHTTPS_USE_BOOST_ASIO)
  constexpr int version = BOOST_VERSION;
  constexpr const char* of = "Boost ";
#else
  constexpr int version = ASIO_VERSION;
  constexpr const char* of = "";
#endif
  return of + std::to_string(version / 100000) + '.' + std::to_string(version / 100 % 1000) + '.' +
         std::to_string(version % 100);
}

}  // namespace cohttps::detail
