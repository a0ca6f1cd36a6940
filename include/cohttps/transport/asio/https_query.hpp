// Asks the system's name servers for HTTPS records (RFC 9460), on separate threads.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/resolver.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/https_query.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// Asks the servers of /etc/resolv.conf by `res_nquery`. Each server is asked once, for two
/// seconds: the records only spare time. The message of the outcome is empty if there is no record
/// or no answer, and on systems whose C library has no `res_nquery` (all but glibc since 2.34, and
/// FreeBSD).
COHTTPS_DECL look_up_outcome system_https_query(const std::string& name);

/// The threads of a loop for these queries. They are not those for addresses: where a network drops
/// these queries, look-ups of addresses would wait behind them.
COHTTPS_DECL resolver_threads& https_query_threads(asio::execution_context& loop);

/// Awaits the response to a query.
class asio_https_query : public asio_look_up {
 public:
  asio_https_query(asio::execution_context& loop, std::shared_ptr<look_up> what, stop_token stop)
      : asio_look_up(loop, &https_query_threads, std::move(what), stop) {}

  bool await_ready() const noexcept { return stopped(); }

  COHTTPS_DECL result<std::vector<std::byte>> await_resume();
};

}  // namespace detail

/// Asks the system's name servers: see `https_query_transport`.
template <class Executor>
detail::asio_https_query query_https(basic_asio_transport<Executor>& over, const std::string& name,
                                     stop_token stop) {
  const Executor& on = over.get_executor();
  return detail::asio_https_query(asio::query(on, asio::execution::context),
                                  std::make_shared<detail::look_up_on<Executor>>(on, name), stop);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/https_query.ipp>
#endif
