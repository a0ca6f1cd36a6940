// What a caller can choose, for a client and for one request.
#pragma once

#include <cohttps/client/callback.hpp>
#include <cohttps/client/content.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/progress.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/decoding_limits.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/netrc.hpp>
#include <cohttps/http/priority.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/shared_cookie_jar.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/http2_options.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/pool/options.hpp>
#include <cohttps/proxy/proxy_rules.hpp>
#include <cohttps/tls/context.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cohttps {

using net::address_policy;
using net::dns_cache;
using net::http_versions;
using net::resolve_override;

/// How long a request may be without progress, phase by phase. Empty: as long as it takes.
struct timeouts {
  std::optional<std::chrono::nanoseconds> queue = {};  ///< until a connection is free
  std::optional<std::chrono::nanoseconds> connect = std::chrono::seconds(10);  ///< and look-up
  std::optional<std::chrono::nanoseconds> tls = std::chrono::seconds(10);
  std::optional<std::chrono::nanoseconds> first_byte = {};  ///< of a response; empty: as `idle`
  std::optional<std::chrono::nanoseconds> idle = std::chrono::seconds(30);  ///< between bytes

  /// A peer that drips is as good as one that says nothing. Not for the content of a stream, whose
  /// source may be slow, unless the request asks for it.
  std::optional<cohttps::minimum_rate> minimum_rate =
      cohttps::minimum_rate{1024, std::chrono::seconds(30)};
};

/// An identity for one origin, such as "https://api.example.com", and no other.
struct origin_identity {
  std::string origin;
  tls_identity identity;
};

/// How a client behaves. An aggregate: `client c({.allow_plaintext = true});`
struct client_options {
  /// Whom to trust; the system's roots when empty. `.tls = tls_context({.root_file = "ca.pem"})`
  /// Its identity is shown to the origins that the caller names in URLs, when they ask for one; not
  /// to those that a redirection leads to, nor to proxies.
  std::optional<tls_context> tls = {};

  /// Identities for single origins, in place of the identity of `tls`:
  /// `{{"https://api.example.com", {.certificate_pem = cert, .key_pem = key}}}`
  std::vector<origin_identity> identities = {};

  /// Lets `http://` URLs pass, whose requests and responses anybody on the way can read and change.
  bool allow_plaintext = false;

  /// Which versions of HTTP to speak. `http_versions::http_2` on an http URL is prior knowledge.
  http_versions versions = http_versions::best;

  /// Sent with every request that does not set the same fields itself.
  fields headers = {};

  /// The User-Agent field; empty for none.
  std::string user_agent = "cohttps/0.1";
  /// The Accept field; empty for none.
  std::string accept = "*/*";

  cohttps::timeouts timeouts = {};

  /// The time for a request in all, from the await to the last byte; empty for none.
  std::optional<std::chrono::nanoseconds> timeout = {};

  /// Redirections followed; 0 gives them to the caller as responses.
  std::size_t max_redirects = 10;

  /// Lets a redirection to another origin have the Authorization and Cookie fields that the caller
  /// wrote, the credentials of the request, and the identity of `tls`.
  bool redirects_keep_credentials = false;

  /// Kept between requests, and by other clients that have the same jar; without one, cookies are
  /// ignored. A request with a Cookie field of its own gets none of the jar's.
  std::shared_ptr<shared_cookie_jar> cookies = {};

  /// Which credentials to show to which origin:
  /// `{{"https://api.example.com", credentials::bearer("token")}}`
  std::vector<origin_credentials> credentials = {};
  /// For hosts that the above does not name, by Basic authentication. Its "default" is for the
  /// hosts that the caller names, not for those that a redirection leads to.
  cohttps::netrc netrc = {};

  /// Content of more bytes than this, or of a length that is not known, waits a second for the
  /// server's word before it is sent (RFC 9110, 10.1.1).
  std::size_t expect_continue_over = 1024 * 1024;

  /// Asks for content in the codings that this program was built with, and decodes it. A request
  /// with an Accept-Encoding or a Range of its own gets what comes as it is.
  bool decode_content = true;
  /// How much decoding may make of how little.
  decoding_limits decoding = {};

  /// Bytes of content that a response may have, as it is held in memory.
  std::size_t max_content = 16 * 1024 * 1024;

  /// Refuses responses that break HTTP's grammar, with an error that says where. By default what
  /// browsers and curl take is taken, where the end of the message is certain: folded lines, lines
  /// that end with LF alone, lines that are no field, Content-Length beside chunks, a content
  /// coding that nobody knows, and so on. After most of that the connection is not used again.
  bool strict_http = false;

  http1::limits limits = {};
  http2_options http2 = {};
  pool::options pool = {};
  retry_options retry = {};

  /// Objects that see the steps of the client's operations.
  cohttps::observers observers = {};

  /// Which proxy leads to which URL; none by default, and none of the environment's unless
  /// `proxy_rules::from_environment` is asked.
  proxy_rules proxies = {};
  /// Whom to trust as an https proxy, and who the client is there; when empty, whom `tls` trusts,
  /// without an identity.
  std::optional<tls_context> proxy_tls = {};

  /// Addresses for hosts, before the resolver is asked.
  std::vector<resolve_override> resolve = {};
  /// Addresses found before; may be shared by clients.
  dns_cache dns = dns_cache();
  /// Which addresses may be connected to, asked for every connection:
  /// `.addresses = address_policy::public_only()` keeps a client whose URLs come from strangers
  /// away from the network that it runs in.
  address_policy addresses = {};
  socket_options socket = {};
  /// The path of a Unix domain socket to connect to instead, whatever the host.
  std::string unix_socket = {};
  /// How long an address may take before the next is tried beside it (RFC 8305, 5).
  std::chrono::nanoseconds attempt_delay = std::chrono::milliseconds(250);
};

/// Up to 16 fields written in place, `{{"accept", "text/html"}, {"x-trace", id}}`, or a `fields`
/// object that the caller keeps until the call has returned.
///
/// Views only, and trivially destructible: see docs/decisions/002-options-are-views.md.
class header_list {
 public:
  header_list() = default;
  header_list(field a, field b = {}, field c = {}, field d = {}, field e = {}, field f = {},
              field g = {}, field h = {}, field i = {}, field j = {}, field k = {}, field l = {},
              field m = {}, field n = {}, field o = {}, field p = {}) noexcept
      : written_{a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p} {}
  template <std::same_as<fields> F>
  header_list(const F& kept) noexcept : kept_(&kept) {}

  /// The fields, not yet checked.
  COHTTPS_DECL fields copy() const;

 private:
  std::array<field, 16> written_{};
  const fields* kept_ = nullptr;
};

/// The bytes of a request's content: text or bytes that the call copies.
class content_view {
 public:
  content_view() = default;
  content_view(std::string_view text) noexcept : bytes_(std::as_bytes(std::span(text))) {}
  content_view(const char* text) noexcept : content_view(std::string_view(text)) {}
  content_view(const std::string& text) noexcept : content_view(std::string_view(text)) {}
  content_view(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  COHTTPS_DECL cohttps::content copy() const;

 private:
  std::span<const std::byte> bytes_;
};

/// How one request differs from the client's ways. Everything is copied by the call.
struct request_options {
  header_list headers = {};
  content_view content = {};

  /// The time in all, from the await to the last byte.
  std::optional<std::chrono::nanoseconds> timeout = {};
  std::optional<std::size_t> max_redirects = {};
  std::optional<std::size_t> max_content = {};

  /// At least so fast, or the request fails; else the client's `timeouts::minimum_rate`.
  std::optional<cohttps::minimum_rate> minimum_rate = {};

  /// Beside other requests: `.priority = priority{.urgency = 1}`. A Priority field in `headers` is
  /// the caller's own, and an error beside this.
  std::optional<cohttps::priority> priority = {};

  /// Shown to the URL's origin alone: `.credentials = &alice`
  const cohttps::credentials* credentials = nullptr;

  /// Called with the head of every interim response, such as 103 (RFC 9110, 15.2).
  callback<void(const response_head&)> on_interim = {};
  /// Called whenever a part of the content has been sent or received.
  callback<void(const progress&)> on_progress = {};
  /// Gives the fields that follow the content when all of it is sent (RFC 9110, 6.5); the content
  /// goes out in chunks then.
  callback<fields()> trailers = {};

  /// Ends the operation with an error of category `canceled`.
  stop_token stop = {};
};

static_assert(std::is_trivially_destructible_v<request_options>);

/// What a connection to an origin needs to know of a client's options.
COHTTPS_DECL net::connect_options connect_options_of(const client_options& options);

/// A connection to a proxy: the caller has chosen it, whatever address it has.
COHTTPS_DECL net::connect_options proxy_connect_options_of(const client_options& options);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/options.ipp>
#endif
