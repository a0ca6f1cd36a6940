// Definitions for error_code.hpp.
#pragma once

#include <cohttps/http2/error_code.hpp>

namespace cohttps::http2 {
namespace detail {

COHTTPS_DEF error connection_broken(error_code c, std::string_view why, const frame_header& last) {
  const bool opening = why.find("SETTINGS expected") != why.npos;
  std::string message("the server broke HTTP/2 (RFC 9113, ");
  message.append(opening ? "3.4"
                 : c == error_code::protocol_error && why.find("CONTINUATION") != why.npos
                     ? "6.10"
                     : section_of(c, last.type));
  message.append("; ").append(to_string(c));
  message.append("): ");
  if (opening) {
    message += "it does not begin with SETTINGS; perhaps it does not speak HTTP/2";
  } else {
    message.append(why.empty() ? std::string_view("not allowed") : why);
    message.append(", at a frame of the type ").append(to_string(last.type));
    message.append(" on stream ").append(std::to_string(last.stream));
  }
  return {error_category::protocol, opening ? "not_http2" : reason_of(c), std::move(message)};
}

COHTTPS_DEF error stream_reset(error_code c) {
  switch (c) {
    case error_code::refused_stream:
      return error(error_category::peer_closed, "stream_refused",
                   "the server refused the request before it did anything (REFUSED_STREAM)")
          .replay(replay_safety::rejected);
    case error_code::http_1_1_required:
      return error(error_category::protocol, known_reason::http_1_1_required,
                   "the server wants this request over HTTP/1.1 (HTTP_1_1_REQUIRED)")
          .replay(replay_safety::rejected);
    default:
      return {error_category::peer_closed, "stream_reset",
              "the server ended the stream before its response was complete (" +
                  std::string(to_string(c)) + ")"};
  }
}

COHTTPS_DEF error not_processed(error_code c) {
  if (c == error_code::http_1_1_required) return stream_reset(c);
  return error(error_category::peer_closed, "going_away",
               "the server was closing the connection and did not look at the request (GOAWAY, " +
                   std::string(to_string(c)) + ")")
      .replay(replay_safety::not_sent);
}

COHTTPS_DEF error connection_closed(bool told, error_code code, std::string_view text,
                                    bool answered) {
  std::string message("the peer closed the connection before ");
  message += answered ? "the end of its response" : "it sent a response";
  if (told) message.append(" (GOAWAY, ").append(to_string(code));
  if (told && !text.empty()) message.append(": ").append(ascii::printable(text, 80));
  if (told) message += ")";
  return {error_category::peer_closed, answered ? "truncated_body" : "closed_before_response",
          std::move(message)};
}

}  // namespace detail
}  // namespace cohttps::http2
