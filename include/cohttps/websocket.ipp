// Definitions for websocket.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/websocket_connection.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/websocket.hpp>
#include <cohttps/websocket/compression.hpp>
#include <cohttps/websocket/deflate.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

COHTTPS_DECL result<std::optional<websocket::compression_parameters>> check_opening(
    const response_metadata& response, const delivery<websocket_stream>& how);
COHTTPS_DECL std::string http_url_of(std::string_view url);

/// Checks the opening response, and returns the compression that it accepts. Over a stream of
/// HTTP/2 there is no key (RFC 8441, 5).
COHTTPS_DEF result<std::optional<websocket::compression_parameters>> check_opening(
    const response_metadata& response, const delivery<websocket_stream>& how) {
  const fields& headers = response.head.headers;
  const auto refuse = [](std::string what) {
    return fail(error_category::protocol, "websocket_opening",
                "the server's answer is not that of a WebSocket: " + std::move(what));
  };
  if (response.head.status == 101) {
    constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    if (headers.find("sec-websocket-accept") != to_base64(tls::sha1(how.key + std::string(guid))))
      return refuse("Sec-WebSocket-Accept does not prove that it has read the request");
    if (!headers.has_element("connection", "upgrade"))
      return refuse("the field Connection does not have \"upgrade\"");
  }
  const auto chosen = headers.find("sec-websocket-protocol");
  if (chosen) {
    fields offered;
    offered.append_unchecked("p", how.protocols);
    if (headers.count("sec-websocket-protocol") > 1 || chosen->find(',') != chosen->npos ||
        !offered.has_element("p", *chosen))
      return refuse("it chose a subprotocol that was not offered, " +
                    ascii::printable(*chosen, 100));
  }
  return websocket::accepted(headers, how.compression);
}

COHTTPS_DEF task<result<websocket_stream>> perform(const shared_client_state& client, request& r,
                                                   const operation_stops& stops,
                                                   const delivery<websocket_stream>& how) {
  auto opened = co_await open_any(client, r, stops, "websocket");
  if (!opened) co_return pass(std::move(opened));
  (*opened)->lift_time_limit();
  auto agreed = check_opening((*opened)->state(), how);
  if (!agreed) co_return pass(std::move(agreed));
  co_return websocket_stream(std::make_unique<open_websocket<>>(
      *std::move(opened), client->transport(), how, *std::move(agreed)));
}

/// "ws:" and "wss:" are "http:" and "https:" with another name (RFC 6455, 3).
COHTTPS_DEF std::string http_url_of(std::string_view url) {
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>("ws:", "http:"),
                                 std::pair<std::string_view, std::string_view>("wss:", "https:")})
    if (url.size() >= from.size() && ascii::iequals(url.substr(0, from.size()), from))
      return std::string(to).append(url.substr(from.size()));
  return std::string(url);
}

}  // namespace detail

COHTTPS_DEF auto client::websocket(url_text url) & -> websocket_operation {
  return websocket(url, websocket_options());
}

namespace detail {

template <class = void>
delivery<websocket_stream> websocket_delivery(const websocket_options& options) {
  const auto random = tls::random_bytes<16>();
  delivery<websocket_stream> how{
      .key = to_base64({reinterpret_cast<const char*>(random.data()), random.size()}),
      .protocols = options.protocols.text(),
      .compression = options.compression,
      .max_message = options.max_message,
      .ping_interval = options.ping_interval,
      .pong_timeout = options.pong_timeout,
      .close_timeout = options.close_timeout};
  how.compression.enabled = how.compression.enabled && websocket::has_compression;
  how.compression.window_bits = std::clamp(how.compression.window_bits, 9, 15);
  return how;
}

/// The opening request (RFC 6455, 4.1).
template <class = void>
request opening_request(const client_state* client, std::string_view url,
                        const websocket_options& options, const delivery<websocket_stream>& how) {
  request r = make_request(client, method::get, http_url_of(url), {}, options.request);
  r.headers.append_unchecked("Sec-WebSocket-Version", "13");
  r.headers.append_unchecked("Sec-WebSocket-Key", how.key);
  if (!how.protocols.empty()) r.headers.append_unchecked("Sec-WebSocket-Protocol", how.protocols);
  if (const auto offer = websocket::offer(how.compression); !offer.empty())
    r.headers.append_unchecked("Sec-WebSocket-Extensions", offer);
  return r;
}

}  // namespace detail

COHTTPS_DEF auto client::websocket(url_text url,
                                   const websocket_options& options) & -> websocket_operation {
  auto how = detail::websocket_delivery(options);
  request opening = detail::opening_request(state_.get(), url, options, how);
  return websocket_operation(state_, std::move(opening), std::move(how));
}

COHTTPS_DEF auto client::try_websocket(
    url_text url, const websocket_options& options) & -> try_websocket_operation {
  auto how = detail::websocket_delivery(options);
  request opening = detail::opening_request(state_.get(), url, options, how);
  return try_websocket_operation(state_, std::move(opening), std::move(how));
}

}  // namespace cohttps
