// Definitions for error_code.hpp.
#pragma once

#include <cohttps/http3/error_code.hpp>

namespace cohttps::http3::detail {

COHTTPS_DEF error connection_broken(error_code c, std::string_view why) {
  const bool message = c == error_code::message_error;
  return {error_category::protocol,
          message                             ? "malformed_response"
          : c == error_code::excessive_load   ? "http3_flood"
          : c == error_code::missing_settings ? "not_http3"
                                              : "http3_protocol_error",
          std::string(message ? "the response breaks RFC 9114, 4.1.2: "
                              : "the server broke HTTP/3 (RFC 9114; ") +
              (message ? "" : std::string(to_string(c)) + "): ") + std::string(why)};
}

COHTTPS_DEF error stream_reset(error_code c) {
  switch (c) {
    case error_code::request_rejected:
      return error(error_category::peer_closed, "stream_refused",
                   "the server refused the request before it did anything (H3_REQUEST_REJECTED)")
          .replay(replay_safety::rejected);
    case error_code::version_fallback:
      return error(error_category::protocol, known_reason::http_1_1_required,
                   "the server wants this request over HTTP/1.1 (H3_VERSION_FALLBACK)")
          .replay(replay_safety::rejected);
    default:
      return {error_category::peer_closed, "stream_reset",
              "the server ended the stream before its response was complete (" +
                  std::string(to_string(c)) + ")"};
  }
}

COHTTPS_DEF error not_processed() {
  return error(error_category::peer_closed, "going_away",
               "the server was closing the connection and did not look at the request (GOAWAY)")
      .replay(replay_safety::not_sent);
}

}  // namespace cohttps::http3::detail
