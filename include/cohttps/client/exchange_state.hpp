// What is found out on the way to a response and while its content comes in.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cohttps {

/// How long the parts of an operation took. What was not needed, such as connecting when a
/// connection was reused, is zero. Of several requests in a chain of redirections: the last one's,
/// except `total`.
struct timings {
  std::chrono::nanoseconds queue{};  ///< until there was, or might be, a connection
  std::chrono::nanoseconds resolve{};
  std::chrono::nanoseconds connect{};
  std::chrono::nanoseconds tunnel{};  ///< through a proxy
  std::chrono::nanoseconds tls{};
  std::chrono::nanoseconds first_byte{};  ///< from the request's first byte to the response's head
  std::chrono::nanoseconds content{};     ///< from the head to the end
  std::chrono::nanoseconds total{};       ///< of the whole operation
};

/// A redirection that was followed.
struct redirect_hop {
  int status;
  cohttps::url from;
};

struct exchange_state {
  /// Throws `error` (usage, "no_response") where there was none: in a `response` that was made
  /// empty, such as a failed operation's, or that was moved from.
  COHTTPS_DECL const cohttps::url& url_or_throw() const;
  COHTTPS_DECL const connection_info& connection_or_throw() const;

  // From the head on.
  response_head head;
  std::optional<cohttps::url> url;
  std::vector<redirect_hop> history;
  std::shared_ptr<const connection_info> connection;
  bool on_reused_connection = false;
  std::optional<std::uint64_t> content_length;

  // From the end of the content on.
  bool complete = false;
  fields trailers;
  cohttps::timings timings;

 private:
  COHTTPS_DECL [[gnu::cold]] static error no_response();
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/exchange_state.ipp>
#endif
