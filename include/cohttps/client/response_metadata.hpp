// Information about a response besides its content.
#pragma once

#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cohttps {

/// How long the parts of an operation took. A part that was not needed is zero, for example
/// `connect` on a reused connection. After redirections these are the times of the last request,
/// except `total`.
struct timings {
  std::chrono::nanoseconds queue{};  ///< until there was a connection, or the right to make one
  std::chrono::nanoseconds resolve{};
  std::chrono::nanoseconds connect{};
  std::chrono::nanoseconds tunnel{};  ///< opening a tunnel through a proxy
  std::chrono::nanoseconds tls{};
  std::chrono::nanoseconds first_byte{};  ///< from the request's first byte to the response's head
  std::chrono::nanoseconds content{};     ///< from the head to the end of the content
  std::chrono::nanoseconds total{};       ///< of the whole operation
};

/// A redirection that the client followed.
struct redirect_hop {
  int status;
  cohttps::url from;
};

struct response_metadata {
  /// Throws `error` (usage, "no_response") if there is no response: the object was
  /// default-constructed, as after a failed operation, or it was moved from.
  COHTTPS_DECL const cohttps::url& url_or_throw() const;
  COHTTPS_DECL const connection_info& connection_or_throw() const;

  // Known from the head on.
  response_head head;
  std::optional<cohttps::url> url;
  std::vector<redirect_hop> history;
  std::shared_ptr<const connection_info> connection;
  bool on_reused_connection = false;
  std::optional<std::uint64_t> content_length;
  std::uint64_t open_exchange_number = 0;  ///< for the client: whose content is still to be read

  // Known from the end of the content on.
  bool complete = false;
  fields trailers;
  cohttps::timings timings;

 private:
  COHTTPS_DECL [[gnu::cold]] static error no_response();
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response_metadata.ipp>
#endif
