// Looks host names up in a program's own way, in place of the transport.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// The interface that the client asks for addresses. A program without a `resolver` compiles no
/// more than this.
class address_source {
 public:
  address_source() = default;
  address_source(const address_source&) = delete;
  address_source& operator=(const address_source&) = delete;
  virtual ~address_source() = default;

  /// Returns at least one address. Sets `valid` if it knows how long the answer is.
  virtual task<result<std::vector<endpoint>>> look_up(
      std::string_view host, std::uint16_t port, stop_token stop,
      std::optional<std::chrono::nanoseconds>& valid) = 0;

  /// Returns the response of a name server to a query for the HTTPS records of `name` (RFC 9460),
  /// with the id 0; an empty one if there is none.
  virtual task<result<std::vector<std::byte>>> query_https(std::string name, stop_token stop) = 0;
};

}  // namespace detail

/// The answer to a look-up.
struct resolved_host {
  std::vector<endpoint> addresses;  ///< in the order to try them; their ports do not matter
  /// How long the client's `dns_cache` keeps them; empty: for the time of the cache.
  std::optional<std::chrono::nanoseconds> time_to_live = {};
};

namespace detail {

/// See `cohttps::resolver`. A template, so that only programs that make one compile its functions.
template <class = void>
class basic_resolver : public address_source {
 public:
  /// Looks `host` up, which is in lower case, and an A-label for an international name. `host`
  /// lives until the task ends. Errors have category `resolve`. No addresses are an error (resolve,
  /// "host_not_found"). A stop ends the look-up soon with category `canceled`.
  virtual task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                              stop_token stop) = 0;

  /// Asks for the HTTPS records of `name` (RFC 9460), by which a client finds HTTP/3. Returns the
  /// message that answers a query of type 65, with the id 0; an empty one if there is none, as it
  /// does unless it is overridden. Errors and stops are those of `resolve`.
  task<result<std::vector<std::byte>>> query_https(std::string name, stop_token stop) override {
    (void)name, (void)stop;
    co_return std::vector<std::byte>();
  }

 private:
  task<result<std::vector<endpoint>>> look_up(
      std::string_view host, std::uint16_t port, stop_token stop,
      std::optional<std::chrono::nanoseconds>& valid) override {
    auto found = co_await resolve(host, port, stop);
    if (!found) co_return pass(std::move(found));
    if (found->addresses.empty())
      co_return std::unexpected(error(
          error_category::resolve, known_reason::host_not_found,
          "the host name '" + std::string(host) + "' has no address; check its spelling and DNS"));
    for (endpoint& e : found->addresses) e.port = port;
    valid = found->time_to_live;
    co_return std::move(found->addresses);
  }
};

}  // namespace detail

/// Finds the addresses of names: `.resolver = std::make_shared<my_resolver>()`.
///
/// The client asks it instead of the transport, and only where it would have asked the transport:
/// not for IP literals, names below "localhost", hosts with an override, and names in the cache.
/// All else is as usual: the address policy, the race of the addresses, time limits, and observers.
///
/// ```
/// struct my_resolver : cohttps::resolver {
///   task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
///                                       stop_token stop) override;
/// };
/// ```
/// Threads: the client calls it on the thread of its event loop. Clients of one loop may share it.
using resolver = detail::basic_resolver<>;

}  // namespace cohttps
