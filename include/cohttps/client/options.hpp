// The options of a client, and of a single request.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/client/transfer_rate.hpp>
#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connect/http3_connector.hpp>
#include <cohttps/connect/proxy_rules.hpp>
#include <cohttps/connect/resolver.hpp>
#include <cohttps/connection/http2_options.hpp>
#include <cohttps/connection/http_versions.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/connection/timeouts.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/core/time_limit.hpp>
#include <cohttps/http/auth/netrc.hpp>
#include <cohttps/http/coding/decoding_limits.hpp>
#include <cohttps/http/cookie/cookie_store.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/hsts_policy.hpp>
#include <cohttps/http/priority.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/pool/options.hpp>
#include <cohttps/task/gcc_temporaries.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/query.hpp>
#include <cohttps/version.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cohttps {

/// An identity for a single origin, such as "https://api.example.com".
struct origin_identity {
  std::string origin;     ///< such as "https://api.example.com"
  tls_identity identity;  ///< the certificate and the key for it
};

/// The options of a client. An aggregate: `client c({.allow_plaintext = true});`
struct client_options {
  /// The trust and the client's identity: `.tls = tls_context({.root_file = "ca.pem"})`. Empty: the
  /// roots of the system, and no identity. The client shows the identity to a server that asks for
  /// it, if the caller named the origin in a URL. The client does not show the identity to other
  /// origins that a redirection leads to, or to proxies.
  std::optional<tls_context> tls = {};

  /// Identities for single origins, in place of the identity of `tls`:
  /// `{{"https://api.example.com", {.certificate_pem = cert, .key_pem = key}}}`
  std::vector<origin_identity> identities = {};

  /// Allows `http://` URLs. Anybody on the network path can read and change such requests and
  /// responses.
  bool allow_plaintext = false;

  /// The URL that the relative URLs of calls refer to, as links on a web page refer to the page
  /// (RFC 3986, 5): with "https://example.com/v1/", a call with "users" goes to
  /// "https://example.com/v1/users", and one with "/users" to "https://example.com/users".
  std::string base_url = {};

  /// The versions of HTTP that the client may use. With `http_versions::http_2` the client sends
  /// HTTP/2 to http URLs with prior knowledge (RFC 9113, 3.3).
  http_versions versions = http_versions::best;

  /// Fields for every request. If the request itself has a field of the same name, the client does
  /// not add this one.
  fields headers = {};

  /// The value of the User-Agent field; empty: no such field.
  std::string user_agent = "cohttps/" COHTTPS_VERSION_STRING;
  /// The value of the Accept field; empty: no such field.
  std::string accept = "*/*";

  cohttps::timeouts timeouts = {};  ///< the limits of the phases of a request

  /// The limit for a whole operation, from its start to the last byte of the response; empty: no
  /// limit.
  time_limit timeout = {};

  /// The largest number of redirections that the client follows; one more is an error (limit,
  /// "too_many_redirects"). With 0 the caller gets the redirection itself as the response.
  std::size_t max_redirects = 10;

  /// After a redirection to another origin, still sends the Authorization and Cookie fields that
  /// the caller wrote and the credentials of the request, and still shows the identity of `tls`.
  bool redirects_keep_credentials = false;

  /// The jar that stores cookies for later requests. Several clients may share a jar. Without a jar
  /// the client ignores cookies. If a request has a Cookie field of its own, the client adds no
  /// cookies.
  std::shared_ptr<cookie_store> cookies = {};

  /// Hosts whose http URLs mean https (RFC 6797), known or learnt from their responses; without it
  /// the field Strict-Transport-Security means nothing. `<cohttps/http/hsts.hpp>` has `hsts_list`.
  std::shared_ptr<hsts_policy> hsts = {};

  /// Credentials for single origins:
  /// `{{"https://api.example.com", credentials::bearer("token")}}`
  std::vector<origin_credentials> credentials = {};
  /// Basic credentials for hosts that `credentials` does not name. The "default" entry is for the
  /// origins that the caller names, and not for those that a redirection leads to.
  cohttps::netrc netrc = {};

  /// Content of more bytes than this, or of unknown length, is sent with "Expect: 100-continue".
  /// The client then waits up to one second for the server's answer before it sends the content
  /// (RFC 9110, 10.1.1).
  std::size_t expect_continue_over = 1024 * 1024;

  /// Asks for the content codings that this program was built with, and decodes the content. If a
  /// request has an Accept-Encoding or Range field of its own, the client does neither.
  bool decode_content = true;
  /// Limits on the size of decoded content, and on its ratio to the received bytes.
  decoding_limits decoding = {};

  /// The largest content of a `response`, in bytes, because it is stored in memory. Larger content
  /// is an error (limit, "content_too_large"). Streams and downloads have no such limit.
  std::size_t max_content = 16 * 1024 * 1024;

  /// Adds the path of the URL to `error::subject`, for logs in which the origin alone says too
  /// little. Paths can contain secrets. The query never becomes part of an error.
  bool path_in_errors = false;

  /// Refuses responses that violate the grammar of HTTP; the error says where. By default the
  /// client is as tolerant as browsers and curl if the end of the message is certain. It accepts
  /// folded lines, lines that end with LF alone, lines that are not fields, Content-Length together
  /// with chunks, an unknown content coding, and so on. After most of these violations it does not
  /// use the connection again.
  bool strict_http = false;

  http1::limits limits = {};  ///< what a response of HTTP/1.1 may have at most
  http2_options http2 = {};   ///< for connections of HTTP/2
#ifdef COHTTPS_HAS_NGTCP2
  /// The object that brings HTTP/3: `make_http3()` of <cohttps/http3.hpp>. Null: no HTTP/3.
  std::shared_ptr<http3_connector> http3 = {};
#endif
  pool::options pool = {};  ///< how many connections, and for how long
  retry_options retry =
      {};  ///< when a request is sent again; by default only if that is provably safe

  /// Objects that receive the events of the client's operations.
  cohttps::observers observers = {};

  /// The proxies for URLs; none by default. The client uses the proxies of the environment only if
  /// the program sets `proxy_rules::from_environment`.
  proxy_rules proxies = {};
  /// The trust and the client's identity for https proxies. Empty: the trust of `tls`, without an
  /// identity.
  std::optional<tls_context> proxy_tls = {};

  /// Addresses for hosts. The client uses them instead of asking the resolver.
  std::vector<resolve_override> resolve = {};
  /// Looks names up; null: the transport does, which asks the system.
  /// `<cohttps/dns_over_https.hpp>` has one.
  std::shared_ptr<cohttps::resolver> resolver = {};
  /// A cache for the answers of the resolver. Several clients may share one.
  dns_cache dns = dns_cache();
  /// Decides for every connection whether the client may connect to an address. If the URLs come
  /// from strangers, `.addresses = address_policy::public_only()` protects the network in which the
  /// program runs.
  address_policy addresses = {};
  socket_options socket = {};  ///< for TCP connections
  /// The path of a Unix domain socket. If it is set, all connections go to this socket, whatever
  /// the host is.
  std::string unix_socket = {};
  /// How long the client waits for a connection to one address before it also tries the next
  /// address (RFC 8305, 5); at least 10 ms.
  std::chrono::nanoseconds attempt_delay = std::chrono::milliseconds(250);
};

namespace detail {

/// Such as `std::map<std::string, std::string>`, or a vector of pairs.
template <class R>
concept range_of_pairs = requires(const R& all) {
  { all.begin()->first } -> std::convertible_to<std::string_view>;
  { all.begin()->second } -> std::convertible_to<std::string_view>;
  all.end();
};

}  // namespace detail

/// The fields of a request: up to 16 fields in the call itself, `{{"accept", "text/html"},
/// {"x-trace", id}}`, or a `fields` object or a range of pairs, such as a `std::map`, that must
/// live until the call has returned.
///
/// A `header_list` contains only views and is trivially destructible:
/// docs/decisions/002-options-are-views.md explains why.
class header_list {
 public:
  header_list() = default;
  header_list(field a, field b = {}, field c = {}, field d = {}, field e = {}, field f = {},
              field g = {}, field h = {}, field i = {}, field j = {}, field k = {}, field l = {},
              field m = {}, field n = {}, field o = {}, field p = {}) noexcept
      : in_place_{a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p} {}
  template <std::same_as<fields> F>
  header_list(const F& kept) noexcept
      : callers_(&kept), copy_([](const void* all) { return *static_cast<const fields*>(all); }) {}
  template <detail::range_of_pairs R>
  header_list(const R& kept) noexcept : callers_(&kept), copy_(&copy_pairs<R>) {}

  /// Copies the fields without checking them.
  COHTTPS_DECL fields copy() const;

 private:
  template <class R>
  static fields copy_pairs(const void* pairs) {
    fields all;
    for (const auto& [name, value] : *static_cast<const R*>(pairs))
      all.append_unchecked(name, ascii::trim(value));
    return all;
  }

  std::array<field, 16> in_place_{};
  const void* callers_ = nullptr;
  fields (*copy_)(const void*) = nullptr;
};

/// Names and values for the query of the URL: up to 16 in the call itself,
/// `{{"q", text}, {"page", "2"}}`, or a `query` object. Views, as all options of a request are.
class query_list {
 public:
  query_list() = default;
  query_list(field a, field b = {}, field c = {}, field d = {}, field e = {}, field f = {},
             field g = {}, field h = {}, field i = {}, field j = {}, field k = {}, field l = {},
             field m = {}, field n = {}, field o = {}, field p = {}) noexcept
      : in_place_{a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p}, append_(&append_in_place<>) {}
  template <std::same_as<query> Q>
  query_list(const Q& kept) noexcept : callers_(&kept), append_(&append_callers<>) {}

  bool empty() const noexcept { return !append_; }
  /// Appends the pairs to the query of `to`: see `url::append_query`.
  void append_to(url& to) const {
    if (append_) append_(*this, to);
  }

 private:
  template <class = void>
  static void append_in_place(const query_list& all, url& to) {
    for (const field& f : all.in_place_)
      if (f.name.data()) to.append_query(f.name, f.value);
  }
  template <class = void>
  static void append_callers(const query_list& all, url& to) {
    for (const auto& [name, value] : *all.callers_) to.append_query(name, value);
  }

  std::array<field, 16> in_place_{};
  const query* callers_ = nullptr;
  // A program that adds no pairs does not compile the functions that do.
  void (*append_)(const query_list&, url&) = nullptr;
};

/// A view of the content of a request: text or bytes that the call copies.
class content_view {
 public:
  content_view() = default;
  content_view(std::string_view text) noexcept : bytes_(std::as_bytes(std::span(text))) {}
  content_view(const char* text) noexcept : content_view(std::string_view(text)) {}
  content_view(const std::string& text) noexcept : content_view(std::string_view(text)) {}
  content_view(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  /// Returns the content, copied into memory.
  COHTTPS_DECL cohttps::content copy() const;

 private:
  std::span<const std::byte> bytes_;
};

/// A view of a function object, such as a lambda in the call itself. The call copies the object.
/// All options of a request are views: see docs/decisions/002-options-are-views.md.
template <class Signature>
class callback;

/// The same for one signature, such as `void(const progress&)`.
template <class R, class... Arguments>
class callback<R(Arguments...)> {
 public:
  using function = std::function<R(Arguments...)>;  ///< what `copy` returns

  callback() = default;
  template <class F>
    requires(!std::same_as<F, callback>) && std::copy_constructible<F> &&
                std::is_invocable_r_v<R, F&, Arguments...>
  callback(const F& f) noexcept
      : f_(&f), copy_([](const void* of) { return function(*static_cast<const F*>(of)); }) {}
  template <class F>
    requires(!std::same_as<F, callback>) && (!std::is_reference_v<F>) &&
            std::copy_constructible<F> && std::is_invocable_r_v<R, F&, Arguments...>
  callback(F&& f) noexcept : callback(static_cast<const F&>(f)) {
    static_assert(detail::survives_as_temporary<F>,
                  "GCC before 13 destroys this function object twice. Give it a name before the "
                  "co_await: auto on_progress = [copy](...) {...}; co_await client.get(url, "
                  "{.on_progress = on_progress}); or let it capture by reference");
  }

  /// Returns a copy of the function object; an empty function if there is none.
  function copy() const { return copy_ ? copy_(f_) : function(); }

 private:
  const void* f_ = nullptr;
  function (*copy_)(const void*) = nullptr;
};

/// The options of one request. The call copies all of them. For an option that is empty, the client
/// uses its own option of the same name, if it has one.
struct request_options {
  header_list headers = {};   ///< added to those of the client
  content_view content = {};  ///< the content of the request, in memory
  query_list query = {};      ///< added to the query of the URL

  /// The limit for the whole operation, from its start to the last byte of the response.
  time_limit timeout = {};
  /// The limits of the phases, all of them in place of `client_options::timeouts`.
  std::optional<cohttps::timeouts> timeouts = {};
  std::optional<std::size_t> max_redirects = {};  ///< in place of `client_options::max_redirects`
  /// In bytes; in place of `client_options::max_content`. Not for streams and downloads.
  std::optional<std::size_t> max_content = {};

  /// The lowest rate of the transfer after the head of the response has arrived. If it is empty,
  /// `timeouts::minimum_rate` applies, but not to a stream.
  std::optional<cohttps::minimum_rate> minimum_rate = {};

  /// The most bytes a second in each direction: `.max_rate = 100'000`.
  transfer_rate max_rate = {};

  /// The priority among other requests (RFC 9218): `.priority = priority{.urgency = 1}`. A Priority
  /// field in `headers` together with this option is an error (usage, "priority_set_twice").
  std::optional<cohttps::priority> priority = {};

  /// Credentials for the origin of the URL: `.credentials = &alice`. Other origins get them only
  /// with `client_options::redirects_keep_credentials`.
  const cohttps::credentials* credentials = nullptr;

  /// Called with the head of every interim response, such as 103 (RFC 9110, 15.2).
  callback<void(const response_head&)> on_interim = {};
  /// Called whenever a part of the content has been sent or received.
  callback<void(const progress&)> on_progress = {};
  /// Returns the trailer fields of the request (RFC 9110, 6.5). The client calls it after it has
  /// sent all content. The content is then sent in chunks.
  callback<fields()> trailers = {};

  /// Stops the operation, which then fails with category `canceled`.
  stop_token stop = {};
};

static_assert(std::is_trivially_destructible_v<request_options>);

/// Returns those of a client's options that the making of a connection needs.
COHTTPS_DECL detail::connect_options connect_options_of(const client_options& options);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/options.ipp>
#endif
