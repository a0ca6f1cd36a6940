// The client.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/downloaded.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/core/separate.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

COHTTPS_DECL request make_request(const method& verb, std::string_view url, content body,
                                  const request_options& options);

}  // namespace detail

/// Sends requests and keeps connections. Certificates are verified; nothing turns that off by
/// accident.
///
/// ```
/// cohttps::client client;
/// auto response = co_await client.get("https://example.com/");
/// ```
/// A response of any status is a response; an operation throws when there is none. Operations keep
/// what they need: they may outlive the client object, not its transport. Calls of a client that
/// was moved from fail with usage "moved_from".
///
/// Threads: a client belongs to the thread of its transport's loop.
class client {
 public:
  using operation = cohttps::operation<response, on_error::throws>;
  using try_operation = cohttps::operation<response, on_error::returns>;
  using stream_operation = cohttps::operation<response_stream, on_error::throws>;
  using upgrade_operation = cohttps::operation<upgraded, on_error::throws>;
  using download_operation = cohttps::operation<downloaded, on_error::throws>;
  using connect_operation = cohttps::operation<connection_info, on_error::throws>;

  /// A client on the loop of the `run` that this thread is in; <cohttps/cohttps.hpp> defines it.
  /// Throws `error` (usage, "no_event_loop") outside of one.
  COHTTPS_DECL explicit client(client_options options = {});

  /// A client on any transport: `asio_transport(io_context)`, or one of your own.
  COHTTPS_DECL explicit client(any_transport over, client_options options = {});

  /// GET (RFC 9110, 9.3.1).
  COHTTPS_DECL operation get(std::string_view url, const request_options& options = {}) &;
  /// HEAD (RFC 9110, 9.3.2).
  COHTTPS_DECL operation head(std::string_view url, const request_options& options = {}) &;
  /// POST (RFC 9110, 9.3.3) with `options.content`.
  COHTTPS_DECL operation post(std::string_view url, const request_options& options = {}) &;
  COHTTPS_DECL operation post(std::string_view url, content body,
                              const request_options& options = {}) &;
  /// PUT (RFC 9110, 9.3.4) with `options.content`.
  COHTTPS_DECL operation put(std::string_view url, const request_options& options = {}) &;
  COHTTPS_DECL operation put(std::string_view url, content body,
                             const request_options& options = {}) &;
  /// PATCH (RFC 5789).
  COHTTPS_DECL operation patch(std::string_view url, content body,
                               const request_options& options = {}) &;
  /// OPTIONS (RFC 9110, 9.3.7).
  COHTTPS_DECL operation options(std::string_view url, const request_options& options = {}) &;
  /// DELETE (RFC 9110, 9.3.5).
  COHTTPS_DECL operation delete_(std::string_view url, const request_options& options = {}) &;
  /// Any method.
  COHTTPS_DECL operation send(const method& verb, std::string_view url,
                              const request_options& options = {}) &;
  /// The same with content that may come from a file or be made on the way; `options.content` is
  /// left empty.
  COHTTPS_DECL operation send(const method& verb, std::string_view url, content body,
                              const request_options& options = {}) &;

  /// As `get`, giving `result<response>` instead of throwing.
  COHTTPS_DECL try_operation try_get(std::string_view url, const request_options& options = {}) &;
  /// As `send`, giving `result<response>` instead of throwing.
  COHTTPS_DECL try_operation try_send(const method& verb, std::string_view url,
                                      const request_options& options = {}) &;
  COHTTPS_DECL try_operation try_send(const method& verb, std::string_view url, content body,
                                      const request_options& options = {}) &;

  /// Gives a `response_stream` as soon as the head is there, for content that is large or endless.
  COHTTPS_DECL stream_operation stream(const method& verb, std::string_view url,
                                       const request_options& options = {}) &;
  COHTTPS_DECL stream_operation stream(const method& verb, std::string_view url, content body,
                                       const request_options& options = {}) &;

  /// What was made before: see `request`.
  operation send(request made) & { return operation(state_, std::move(made)); }
  try_operation try_send(request made) & { return try_operation(state_, std::move(made)); }
  stream_operation stream(request made) & { return stream_operation(state_, std::move(made)); }

  /// Receives content into the file `path`, which appears when it is complete; until then it is
  /// PATH.part. Throws `error` also for a status other than 2xx.
  COHTTPS_DECL download_operation download(std::string_view url, std::string path,
                                           const download_options& how = {},
                                           const request_options& options = {}) &;

  /// Asks for another protocol, such as "websocket"; what belongs to it is in `options.headers`.
  /// Over a connection of its own (RFC 9110, 7.8), or over a stream of an HTTP/2 connection that is
  /// there and whose server takes that (RFC 8441). Throws `error` (policy, "not_upgraded") for any
  /// answer but 101 or, over a stream, 2xx.
  COHTTPS_DECL upgrade_operation upgrade(std::string_view url, std::string_view protocol,
                                         const request_options& options = {}) &;

  /// Makes one more connection to the URL's origin and leaves it to the requests to come, so that
  /// the first of them does not wait for names, TCP and TLS.
  COHTTPS_DECL connect_operation connect(std::string_view url,
                                         const request_options& options = {}) &;

  /// A client that is itself a temporary object is refused: it would keep no connection, and GCC
  /// before 13 destroys it twice. Give it a name.
  template <class... Arguments>
  void get(Arguments&&...) && = delete;
  template <class... Arguments>
  void head(Arguments&&...) && = delete;
  template <class... Arguments>
  void post(Arguments&&...) && = delete;
  template <class... Arguments>
  void put(Arguments&&...) && = delete;
  template <class... Arguments>
  void patch(Arguments&&...) && = delete;
  template <class... Arguments>
  void options(Arguments&&...) && = delete;
  template <class... Arguments>
  void delete_(Arguments&&...) && = delete;
  template <class... Arguments>
  void send(Arguments&&...) && = delete;
  template <class... Arguments>
  void try_get(Arguments&&...) && = delete;
  template <class... Arguments>
  void try_send(Arguments&&...) && = delete;
  template <class... Arguments>
  void stream(Arguments&&...) && = delete;
  template <class... Arguments>
  void download(Arguments&&...) && = delete;
  template <class... Arguments>
  void upgrade(Arguments&&...) && = delete;
  template <class... Arguments>
  void connect(Arguments&&...) && = delete;

  /// Takes no more requests, lets those that run end for as long as `within`, and stops the rest.
  /// When it returns, none runs.
  COHTTPS_DECL task<void> close(std::chrono::nanoseconds within = std::chrono::seconds(10));

  /// Closes the connections that wait for another request.
  COHTTPS_DECL void close_idle() noexcept;

  /// The connections and requests of this moment.
  COHTTPS_DECL pool::statistics statistics() const noexcept;

 private:
  std::shared_ptr<client_state> state_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/client.ipp>
#endif
