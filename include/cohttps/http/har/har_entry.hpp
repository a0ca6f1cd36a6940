// One exchange of a HAR 1.2 log (http://www.softwareishard.com/blog/har-12-spec/).
#pragma once

#include <cohttps/http/fields.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohttps {

/// The content of a request or a response.
struct har_content {
  std::string media_type = {};  ///< from the Content-Type field
  std::string bytes = {};       ///< without content codings; empty if they are left out
  std::uint64_t size = 0;       ///< of the content, even if its bytes are left out
  bool left_out = false;        ///< the log does not contain the bytes
  std::string comment = {};     ///< such as why the content was left out
};

/// A request as it was sent.
struct har_request {
  std::string method = {};                  ///< such as "GET"
  std::string url = {};                     ///< without user name, password and fragment
  fields headers = {};                      ///< of the request
  std::optional<har_content> content = {};  ///< empty: none
};

/// Why there was no response.
struct har_failure {
  std::string category = {};  ///< of the `error`; empty if another program wrote the log
  std::string reason = {};    ///< of the `error`
  std::string message = {};   ///< as `error::what` said it
};

/// A response as it arrived, or the failure in its place.
struct har_response {
  int status = 0;                           ///< 0 if there was none
  std::string reason = {};                  ///< the reason phrase
  fields headers = {};                      ///< of the response
  har_content content = {};                 ///< of the response
  std::optional<har_failure> failure = {};  ///< set if there was no response
};

/// How long the phases took. A phase that was not needed is negative.
struct har_timings {
  using duration = std::chrono::nanoseconds;
  static constexpr duration none{-1};  ///< for a phase that did not happen

  duration blocked = none;  ///< until there was a connection, or the right to make one
  duration dns = none;      ///< the look-up of the name
  duration connect = none;  ///< with `ssl`, and with the opening of a tunnel
  duration ssl = none;      ///< the TLS handshake
  duration send{0};         ///< of the request
  duration wait{0};         ///< until the head of the response
  duration receive{0};      ///< of the content
};

/// One request and its response.
struct har_entry {
  std::chrono::system_clock::time_point started = {};  ///< the time of day
  std::string protocol = {};        ///< such as "HTTP/1.1"; empty if there was no connection
  std::string server_address = {};  ///< an IP address; empty if there was none
  std::string connection = {};      ///< entries with the same text used the same connection
  har_request request = {};         ///< what was sent
  har_response response = {};       ///< what arrived
  har_timings timings = {};         ///< how long each phase took
  /// The client sent the request again, with credentials or for a retry, and so did not return this
  /// response. A replay skips the entry.
  bool sent_again = false;
};

/// The entries of a log.
struct har_log {
  std::vector<har_entry> entries = {};  ///< in the order of their start
  bool complete = true;                 ///< false if the file ends in the middle of an entry
};

}  // namespace cohttps
