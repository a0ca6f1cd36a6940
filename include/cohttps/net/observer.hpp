// What an observer is told, as it happens.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps {

/// The events of an operation, in the order in which they come, and `closed`. All are views, for
/// the length of the call.
namespace events {

/// The request waits, as all the connections that it may have are in use.
struct queued {
  const origin& to;
};
/// The request has a connection, or may make one now.
struct assigned {
  const origin& to;
  bool reused;
  net::duration waited;
};
struct resolved {
  std::string_view host;
  std::span<const endpoint> addresses;
  net::duration took;
};
struct connected {
  const endpoint& peer;
  net::duration took;
};
/// A proxy has opened a tunnel.
struct tunnelled {
  std::string_view proxy;  ///< without credentials
  net::duration took;
};
struct secured {
  const tls_info& tls;
  net::duration took;
};
/// A request is about to be sent. The observer may add fields, such as `traceparent`, or change
/// some; that is for this sending alone, and done anew when the request is sent again or follows a
/// redirection.
struct sending {
  const method& verb;
  const url& to;
  fields& headers;
  std::size_t attempt;  ///< 1 for the first
};
/// The head of a response, interim ones left out.
struct received {
  int status;
  const fields& headers;
  net::duration first_byte;
};
struct redirected {
  int status;
  const url& from;
  const url& to;
};
/// The request is sent again.
struct retrying {
  std::size_t attempt;  ///< 2 for the second
  net::duration delay;
  const error* why;  ///< null when the status was why
  int status;        ///< 0 when the error was why
};
/// The response is complete.
struct completed {
  const url& from;
  int status;
  net::duration total;
};
struct failed {
  const error& why;
};
/// A connection has left the pool: it was idle for too long, too old, dead or not to be reused.
struct closed {
  const connection_info& connection;
  std::size_t exchanges;  ///< that it carried
};

}  // namespace events

/// A transport with an observer: `basic_client<observed<asio_transport, tracer>>`. The observer is
/// a function object; it is called with the events that it has an overload for, on the loop's
/// thread. The others cost nothing, and neither does any in a client without an observer.
///
/// ```
/// struct tracer {
///   void operator()(const cohttps::events::received& e) { ++responses; }
///   int responses = 0;
/// };
/// ```
template <transport Transport, class Observer>
class observed : public Transport {
 public:
  /// `told` outlives every client that has this transport.
  observed(Transport over, Observer& told) : Transport(std::move(over)), observer_(&told) {}

  Observer& observer() const noexcept { return *observer_; }

 private:
  Observer* observer_;
};

namespace net {

/// True when the transport has an observer that wants to know of these events.
template <class Transport, class Event>
inline constexpr bool is_observed =
    requires(Transport& transport, Event& event) { transport.observer()(event); };

/// Tells the transport's observer, if it has one that wants to know.
template <class Transport, class Event>
void observe(Transport& transport, Event event) {
  if constexpr (is_observed<Transport, Event>) transport.observer()(event);
}

}  // namespace net

}  // namespace cohttps
