// The interface for observers of a client's operations.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/timings.hpp>
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
  const origin& to;  ///< the origin of the request
};
/// The request has a connection, or may make one now.
struct assigned {
  const origin& to;         ///< the origin of the request
  bool reused;              ///< true if the connection carried other requests before
  detail::duration waited;  ///< the time in the queue
};
/// The name of the host has been looked up.
struct resolved {
  std::string_view host;                ///< the name
  std::span<const endpoint> addresses;  ///< in the order in which they are tried
  detail::duration took;                ///< the time of the look-up
};
/// A connection to an address has been made.
struct connected {
  const endpoint& peer;   ///< the address
  detail::duration took;  ///< the time from the first attempt
};
/// A proxy has opened a tunnel.
struct tunnelled {
  std::string_view proxy;  ///< without credentials
  detail::duration took;   ///< from the request to the proxy's answer
};
/// The TLS handshake is done, and the certificate is verified.
struct secured {
  const tls_info& tls;    ///< version, cipher suite, certificates
  detail::duration took;  ///< the time of the handshake
};
/// A request is about to be sent. The observer may add fields, such as `traceparent`, or change
/// fields. The changes apply only to this sending: if the request is sent again or follows a
/// redirection, the observer gets the original fields again.
struct sending {
  const method& verb;   ///< the method
  const url& to;        ///< the URL
  fields& headers;      ///< may be changed
  std::size_t attempt;  ///< 1 for the first
};
/// The request goes onto its connection, with the fields that it has in the end: those of
/// `sending`, the cookies and the credentials. They contain secrets.
struct sent {
  const method& verb;                                        ///< the method
  const url& to;                                             ///< the URL
  const fields& headers;                                     ///< as they are sent
  const std::shared_ptr<const connection_info>& connection;  ///< the connection that carries it
  bool reused;          ///< true if the connection carried other requests before
  const timings& took;  ///< of the phases before
};
/// The head of a final response has arrived.
struct received {
  int status;                    ///< the status code
  const fields& headers;         ///< of the response
  detail::duration first_byte;   ///< `timings::first_byte`
  std::string_view reason = {};  ///< the reason phrase, as the server wrote it
};
/// The client follows a redirection.
struct redirected {
  int status;          ///< such as 302
  const url& from;     ///< the URL that answered
  const url& to;       ///< the URL of the next request
  const method& verb;  ///< of the next request
  bool keeps_content;  ///< false: the next request has no content
};
/// The client sends the request again after a delay (`client_options::retry`).
struct retrying {
  std::size_t attempt;     ///< 2 for the second
  detail::duration delay;  ///< until the request is sent again
  const error* why;        ///< null if the status is the reason
  int status;              ///< 0 if the error is the reason
};
/// The response is complete.
struct completed {
  const url& from;         ///< the URL of the response, after redirections
  int status;              ///< the status code
  detail::duration total;  ///< from the start of the operation
};
/// The operation has failed.
struct failed {
  const error& why;  ///< what the caller gets
};
/// A connection has left the pool, because it was idle for too long, too old, dead or not reusable.
struct closed {
  const connection_info& connection;  ///< what it was connected to
  std::size_t exchanges;              ///< the number of exchanges that it carried
};

}  // namespace events

/// Receives the events of a client's operations. `client_options::observers` contains the
/// observers. Each function does nothing unless it is overridden. An observer in
/// `request::observers` sees the events of this request alone, without those of connections:
/// `queued`, `resolved`, `connected`, `tunnelled`, `secured` and `closed`.
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
  virtual void on_sent(const events::sent&) {}
  virtual void on_received(const events::received&) {}
  virtual void on_redirected(const events::redirected&) {}
  virtual void on_retrying(const events::retrying&) {}
  virtual void on_completed(const events::completed&) {}
  virtual void on_failed(const events::failed&) {}
  virtual void on_closed(const events::closed&) {}
};

/// The observers of a client or of a request.
using observers = std::vector<std::shared_ptr<observer>>;

namespace detail {

template <class Event>
void notify(const observers& all, void (observer::*function)(const Event&), const Event& event) {
  for (const auto& each : all) (each.get()->*function)(event);
}

/// The same for the observers of the client and those of the request.
template <class Event>
void notify(const observers& of_client, const observers& of_request,
            void (observer::*function)(const Event&), const Event& event) {
  for (const auto& each : of_client) (each.get()->*function)(event);
  for (const auto& each : of_request) (each.get()->*function)(event);
}

}  // namespace detail

}  // namespace cohttps
