// Asks name servers for HTTPS records (RFC 9460), on any event loop.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cohttps {

/// A transport that also asks the system's name servers for records of type HTTPS.
///
/// `query_https`, which is found by the type of the transport, returns the response of the server,
/// with the id 0; an empty one if there is no such record, or no answer. A stop ends the query
/// soon, with category `canceled`. The caller keeps `name` until the query ends.
template <class T>
concept https_query_transport =
    transport<T> && requires(T& t, const std::string& name, stop_token stop) {
      { query_https(t, name, stop) } -> awaitable_of<result<std::vector<std::byte>>>;
    };

/// Asks the name servers of a client's transport. No response if the client has another transport
/// than `Transport`.
using https_querier = task<result<std::vector<std::byte>>> (*)(any_transport& over,
                                                               std::string name, stop_token stop);
template <https_query_transport Transport>
task<result<std::vector<std::byte>>> query_https_on(any_transport& over, std::string name,
                                                    stop_token stop) {
  Transport* known = over.target<Transport>();
  if (!known) co_return std::vector<std::byte>();
  co_return co_await query_https(*known, name, stop);
}

namespace detail {

/// Returns null for a transport that asks no name servers.
template <class Transport>
https_querier https_querier_of() noexcept {
  if constexpr (https_query_transport<Transport>)
    return &query_https_on<Transport>;
  else
    return nullptr;
}

}  // namespace detail
}  // namespace cohttps
