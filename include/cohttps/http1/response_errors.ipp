// Definitions for response_errors.hpp.
#pragma once

#include <cohttps/http1/response_errors.hpp>

namespace cohttps::http1::detail {

COHTTPS_DEF error to_error(const fault& wrong) {
  std::string message(wrong.message);
  if (!wrong.excerpt.empty()) message += ": \"" + ascii::printable(wrong.excerpt, 40) + '"';
  return {error_category::protocol, wrong.reason, std::move(message)};
}

COHTTPS_DEF error wrong_start(std::string_view start, std::size_t at) {
  if (at >= 5)
    return to_error({"unsupported_version", "the response is not HTTP/1.0 or HTTP/1.1", at, start});
  // Recognises a TLS record (RFC 8446, 5.1) and an HTTP/2 SETTINGS frame (RFC 9113, 3.4) by the
  // bytes that have arrived.
  const bool tls = start[0] >= 20 && start[0] <= 23 && (start.size() < 2 || start[1] == 3);
  const bool http2 = start[0] == 0 && (start.size() < 4 || start[3] == 4);
  return to_error({"not_http",
                   tls     ? "the peer answers with TLS instead of HTTP, as an https port does"
                   : http2 ? "the peer answers with HTTP/2 instead of HTTP/1.1"
                           : "the peer does not answer with HTTP",
                   at, start});
}

COHTTPS_DEF error too_long(section part, std::size_t limit) {
  const bool head = part == section::head;
  const bool trailers = part == section::trailers;
  return {error_category::limit,
          head       ? "head_too_large"
          : trailers ? "trailers_too_large"
                     : "chunk_line_too_long",
          std::string(head       ? "the response head"
                      : trailers ? "the trailer section"
                                 : "the line of a chunk size") +
              " is larger than " + std::to_string(limit) + " bytes"};
}

COHTTPS_DEF error too_many_fields(section part, std::size_t limit) {
  const bool head = part == section::head;
  return {error_category::limit, head ? "too_many_fields" : "too_many_trailers",
          std::string(head ? "the response head" : "the trailer section") + " has more than " +
              std::to_string(limit) + " fields"};
}

COHTTPS_DEF error too_many_interim(std::size_t limit) {
  return {error_category::limit, "too_many_interim_responses",
          "more than " + std::to_string(limit) + " interim responses came before the final one"};
}

COHTTPS_DEF error too_many_extensions() {
  return {error_category::limit, "chunk_extensions_too_large",
          "the chunk extensions are larger than the content"};
}

COHTTPS_DEF error no_response_expected() {
  return {error_category::usage, "no_response_expected", "no request was sent for this response"};
}

COHTTPS_DEF error truncated(section part, bool nothing) {
  if (nothing)
    return {error_category::peer_closed, "closed_before_response",
            "the peer closed the connection before it sent a response"};
  if (part == section::head)
    return {error_category::peer_closed, "truncated_head",
            "the peer closed the connection within the head of its response"};
  return {error_category::peer_closed, "truncated_body",
          "the peer closed the connection before the end of its response's content"};
}

}  // namespace cohttps::http1::detail
