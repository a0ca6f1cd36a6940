// The interface for observers of a client's operations.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cohttps {

/// The events of an operation in their order, and `closed`. All members are views that are valid
/// during the call.
namespace events {

/// The request has to wait, because it can neither use nor make a connection now.
struct queued {
  const origin& to;
};
/// The request has a connection, or may make one now.
struct assigned {
  const origin& to;
  bool reused;
  detail::duration waited;
};
struct resolved {
  std::string_view host;
  std::span<const endpoint> addresses;
  detail::duration took;
};
struct connected {
  const endpoint& peer;
  detail::duration took;
};
/// A proxy has opened a tunnel.
struct tunnelled {
  std::string_view proxy;  ///< without credentials
  detail::duration took;
};
struct secured {
  const tls_info& tls;
  detail::duration took;
};
/// A request is about to be sent. The observer may add fields, such as `traceparent`, or change
/// fields. The changes apply only to this sending: if the request is sent again or follows a
/// redirection, the observer gets the original fields again.
struct sending {
  const method& verb;
  const url& to;
  fields& headers;
  std::size_t attempt;  ///< 1 for the first
};
/// The head of a final response has arrived.
struct received {
  int status;
  const fields& headers;
  detail::duration first_byte;
};
struct redirected {
  int status;
  const url& from;
  const url& to;
};
/// The client sends the request again after a delay (`client_options::retry`).
struct retrying {
  std::size_t attempt;  ///< 2 for the second
  detail::duration delay;
  const error* why;  ///< null if the status is the reason
  int status;        ///< 0 if the error is the reason
};
/// The response is complete.
struct completed {
  const url& from;
  int status;
  detail::duration total;
};
struct failed {
  const error& why;
};
/// A connection has left the pool, because it was idle for too long, too old, dead or not reusable.
struct closed {
  const connection_info& connection;
  std::size_t exchanges;  ///< the number of exchanges that it carried
};

}  // namespace events

/// Receives the events of a client's operations. `client_options::observers` contains the
/// observers. Each function does nothing unless it is overridden.
///
/// ```
/// struct counter : cohttps::observer {
///   void on_received(const cohttps::events::received&) override { ++responses; }
///   int responses = 0;
/// };
/// const auto seen = std::make_shared<counter>();
/// cohttps::client client({.observers = {seen}});
/// ```
///
/// Threads: the functions are called on the thread of the client's event loop. An exception from
/// `on_sending` ends its operation. The other functions must not throw.
class observer {
 public:
  observer() = default;
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  virtual ~observer() = default;

  virtual void on_queued(const events::queued&) {}
  virtual void on_assigned(const events::assigned&) {}
  virtual void on_resolved(const events::resolved&) {}
  virtual void on_connected(const events::connected&) {}
  virtual void on_tunnelled(const events::tunnelled&) {}
  virtual void on_secured(const events::secured&) {}
  virtual void on_sending(const events::sending&) {}
  virtual void on_received(const events::received&) {}
  virtual void on_redirected(const events::redirected&) {}
  virtual void on_retrying(const events::retrying&) {}
  virtual void on_completed(const events::completed&) {}
  virtual void on_failed(const events::failed&) {}
  virtual void on_closed(const events::closed&) {}
};

using observers = std::vector<std::shared_ptr<observer>>;

namespace detail {

template <class Event>
void notify(const observers& all, void (observer::*function)(const Event&), const Event& event) {
  for (const auto& each : all) (each.get()->*function)(event);
}

}  // namespace detail

}  // namespace cohttps
