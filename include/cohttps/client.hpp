// The client: sends requests and keeps connections for later requests.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/download_result.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/client/url_text.hpp>
#include <cohttps/core/separate.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

class websocket_stream;
struct websocket_options;

namespace detail {

struct middleware_support;

/// Makes the request of a call. `client` is null if it was moved from.
COHTTPS_DECL request make_request(const client_state* client, const method& verb,
                                  std::string_view url, content body,
                                  const request_options& options);

}  // namespace detail

/// Sends requests and keeps connections for later requests. It verifies the certificates of
/// servers; only `tls_options::danger` turns that off.
///
/// ```
/// cohttps::client client;
/// auto response = co_await client.get("https://example.com/");
/// ```
/// An operation returns every response, whatever its status. It throws `error` if there is no
/// response. An operation may outlive the client, but not the event loop of the transport. The
/// operations of a client that was moved from fail with usage "moved_from".
///
/// A temporary client cannot send requests, because it would keep no connection: give the client a
/// name.
///
/// Threads: use a client only on the thread of its transport's event loop, or on its strand. Any
/// thread may call a function that returns an operation, and start it with a completion token of
/// Asio.
class client {
 public:
  using operation = cohttps::operation<response, on_error::throws>;
  using try_operation = cohttps::operation<response, on_error::returns>;
  using stream_operation = cohttps::operation<response_stream, on_error::throws>;
  using try_stream_operation = cohttps::operation<response_stream, on_error::returns>;
  using upgrade_operation = cohttps::operation<upgraded, on_error::throws>;
  using download_operation = cohttps::operation<download_result, on_error::throws>;
  using try_upgrade_operation = cohttps::operation<upgraded, on_error::returns>;
  using try_download_operation = cohttps::operation<download_result, on_error::returns>;
  using try_websocket_operation = cohttps::operation<websocket_stream, on_error::returns>;
  using try_connect_operation = cohttps::operation<connection_info, on_error::returns>;
  using websocket_operation = cohttps::operation<websocket_stream, on_error::throws>;
  using connect_operation = cohttps::operation<connection_info, on_error::throws>;

  /// Makes a client on the event loop of the `run` call that this thread executes. Outside of
  /// `run` it makes one on the loop of this thread, for later calls of `run`.
  /// `<cohttps/cohttps.hpp>` defines this constructor.
  COHTTPS_DECL explicit client(client_options options = {});

  /// Makes a client on any transport: `asio_transport(io_context)`, or a transport of your own.
  COHTTPS_DECL explicit client(any_transport over, client_options options = {});

  /// Puts a layer around the later calls, inside of the layers that were added before; not around
  /// `download` and `connect`. See `middleware`. Fails to compile without
  /// `<cohttps/middleware.hpp>`. Throws `error` (usage, "empty_layer") for an empty function.
  template <class Support = detail::middleware_support>
  client& use(middleware layer) & {
    static_assert(detail::is_complete<Support>, "include <cohttps/middleware.hpp> for client::use");
    Support::add(state_, std::move(layer));
    return *this;
  }

  /// GET (RFC 9110, 9.3.1).
  COHTTPS_DECL operation get(url_text url, const request_options& options = {}) &;
  /// HEAD (RFC 9110, 9.3.2).
  COHTTPS_DECL operation head(url_text url, const request_options& options = {}) &;
  /// POST (RFC 9110, 9.3.3) with `options.content`.
  COHTTPS_DECL operation post(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL operation post(url_text url, content body, const request_options& options = {}) &;
  /// PUT (RFC 9110, 9.3.4) with `options.content`.
  COHTTPS_DECL operation put(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL operation put(url_text url, content body, const request_options& options = {}) &;
  /// PATCH (RFC 5789).
  COHTTPS_DECL operation patch(url_text url, content body, const request_options& options = {}) &;
  /// OPTIONS (RFC 9110, 9.3.7).
  COHTTPS_DECL operation options(url_text url, const request_options& options = {}) &;
  /// DELETE (RFC 9110, 9.3.5).
  COHTTPS_DECL operation delete_(url_text url, const request_options& options = {}) &;
  /// Sends a request with any method.
  COHTTPS_DECL operation send(const method& verb, url_text url,
                              const request_options& options = {}) &;
  /// Sends `body`, which may also come from a file or be generated during the transfer. Ignores
  /// `options.content`.
  COHTTPS_DECL operation send(const method& verb, url_text url, content body,
                              const request_options& options = {}) &;

  /// Like the calls without `try_`, but these return a `result` instead of throwing.
  COHTTPS_DECL try_operation try_get(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_head(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_post(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_put(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_patch(url_text url, content body,
                                       const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_options(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_delete(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_send(const method& verb, url_text url,
                                      const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_send(const method& verb, url_text url, content body,
                                      const request_options& options = {}) &;

  /// Returns a `response_stream` as soon as the head of the response has arrived. Use it for
  /// content that is large or endless.
  COHTTPS_DECL stream_operation stream(const method& verb, url_text url,
                                       const request_options& options = {}) &;
  COHTTPS_DECL stream_operation stream(const method& verb, url_text url, content body,
                                       const request_options& options = {}) &;

  /// Like `stream`, but returns a `result<response_stream>` instead of throwing.
  COHTTPS_DECL try_stream_operation try_stream(const method& verb, url_text url,
                                               const request_options& options = {}) &;

  /// Send a request that was made step by step: see `request`.
  operation send(request made) & { return operation(state_, std::move(made)); }
  try_operation try_send(request made) & { return try_operation(state_, std::move(made)); }
  stream_operation stream(request made) & { return stream_operation(state_, std::move(made)); }
  try_stream_operation try_stream(request made) & {
    return try_stream_operation(state_, std::move(made));
  }

  /// Downloads the content into the file `path`. The content is written to PATH.part, which gets
  /// the name `path` when it is complete. Throws `error` also if the status is not 2xx (policy,
  /// "unsuccessful_status").
  COHTTPS_DECL download_operation download(url_text url, std::string path,
                                           const download_options& how = {},
                                           const request_options& options = {}) &;
  COHTTPS_DECL try_download_operation try_download(url_text url, std::string path,
                                                   const download_options& how = {},
                                                   const request_options& options = {}) &;

  /// Asks the server to switch to another protocol, such as "websocket". `options.headers` contains
  /// the fields that the protocol needs. If the client has an HTTP/2 connection to a server that
  /// supports extended CONNECT (RFC 8441), the protocol uses a stream of that connection. Otherwise
  /// it uses an HTTP/1.1 connection of its own (RFC 9110, 7.8). With `http_versions::http_2` it
  /// always uses a stream. The server switches with the status 101, or with a 2xx status on a
  /// stream; for any other status the operation throws `error` (policy, "not_upgraded").
  COHTTPS_DECL upgrade_operation upgrade(url_text url, std::string_view protocol,
                                         const request_options& options = {}) &;
  COHTTPS_DECL try_upgrade_operation try_upgrade(url_text url, std::string_view protocol,
                                                 const request_options& options = {}) &;

  /// Opens a WebSocket (RFC 6455). The URL begins with "wss:", "ws:", "https:" or "http:".
  /// `<cohttps/websocket.hpp>` defines the types of the result and of the options.
  COHTTPS_DECL websocket_operation websocket(url_text url) &;
  COHTTPS_DECL websocket_operation websocket(url_text url, const websocket_options& options) &;
  COHTTPS_DECL try_websocket_operation try_websocket(url_text url,
                                                     const websocket_options& options) &;

  /// Makes one more connection to the URL's origin and keeps it for later requests, so that the
  /// first of them does not wait for the look-up of the name, TCP and TLS. Makes none if an HTTP/2
  /// connection is in use and can carry more requests.
  COHTTPS_DECL connect_operation connect(url_text url, const request_options& options = {}) &;
  COHTTPS_DECL try_connect_operation try_connect(url_text url,
                                                 const request_options& options = {}) &;

  /// Closes the client and its idle connections. New requests fail with usage "client_closed".
  /// Running operations may go on for the time `within`; then `close` stops them. When `close` has
  /// ended, no operation is running.
  COHTTPS_DECL task<void> close(std::chrono::nanoseconds within = std::chrono::seconds(10));

  /// Closes the idle connections.
  COHTTPS_DECL void close_idle() noexcept;

  /// The transport of this client: `co_await sleep_for(client.transport(), 1s)`. Throws `error`
  /// (usage, "moved_from") for a client that was moved from.
  COHTTPS_DECL any_transport transport() const;

  /// Returns the current numbers of connections and requests.
  COHTTPS_DECL pool::statistics statistics() const noexcept;

 private:
  std::shared_ptr<detail::client_state> state_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client.ipp>
#endif
