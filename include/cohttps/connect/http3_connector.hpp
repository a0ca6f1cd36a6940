// HTTP/3 as a client sees it: an object that makes connections.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/origin.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace cohttps {

namespace detail {

class connection;
class deadline;
struct connect_options;
struct connect_timings;
struct route;

}  // namespace detail

/// Brings HTTP/3 to a client. `quic_connector` of <cohttps/http3.hpp> is one.
class http3_connector {
 public:
  http3_connector() = default;
  http3_connector(const http3_connector&) = delete;
  http3_connector& operator=(const http3_connector&) = delete;
  virtual ~http3_connector() = default;

  /// True if `connect` is to make the connections for this route.
  virtual bool serves(const detail::route& to, const detail::connect_options& options) = 0;

  /// True if the origin of this route is known to have HTTP/3.
  virtual bool knows(const detail::route& to, const detail::connect_options& options) = 0;

  /// Makes a connection in place of `detail::connect`: over QUIC, or over TCP if that is faster.
  virtual task<result<std::unique_ptr<detail::connection>>> connect(
      const detail::route& to, const detail::connect_options& options, detail::deadline& limit,
      detail::connect_timings& timings) = 0;

  /// Makes a connection over QUIC alone, for an origin that has connections over TCP already. Fails
  /// after the time in which `connect` would begin one over TCP.
  virtual task<result<std::unique_ptr<detail::connection>>> connect_beside_tcp(
      const detail::route& to, const detail::connect_options& options, detail::deadline& limit,
      detail::connect_timings& timings) = 0;

  /// The origin sent the field Alt-Svc over a connection that was verified (RFC 7838, 3).
  virtual void learn(const origin& from, std::string_view field,
                     std::chrono::system_clock::time_point now) = 0;

  /// The origin answered 421 over HTTP/3, and is asked over TCP for a time (RFC 7838, 6).
  virtual void misdirected(const origin& by, std::chrono::system_clock::time_point now) = 0;
};

}  // namespace cohttps
