// A response that has come in completely.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A value; holds no connection.
class response {
 public:
  response() = default;

  /// From what an exchange has found out, and the content read from it.
  response(exchange_state&& from, std::string content)
      : state_(std::move(from)), content_(std::move(content)) {}

  int status() const noexcept { return state_.head.status; }

  /// As the peer wrote it, or the registered one when it wrote none.
  std::string_view reason() const noexcept { return state_.head.reason_or_default(); }

  const fields& headers() const noexcept { return state_.head.headers; }

  /// The first value of a field, compared without case.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return state_.head.headers.find(name);
  }

  /// The content's bytes as they came.
  const std::string& text() const& noexcept { return content_; }
  std::string text() && noexcept { return std::move(content_); }
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content_)); }

  /// Fields after chunked content (RFC 9110, 6.5).
  const fields& trailers() const noexcept { return state_.trailers; }

  /// Where the response came from, after redirections.
  const cohttps::url& url() const noexcept { return *state_.url; }

  /// The redirections on the way, first to last.
  const std::vector<redirect_hop>& history() const noexcept { return state_.history; }

  const connection_info& connection() const noexcept { return *state_.connection; }

  /// True when the connection had carried another exchange before.
  bool on_reused_connection() const noexcept { return state_.on_reused_connection; }

  const cohttps::timings& timings() const noexcept { return state_.timings; }

  /// True for 2xx.
  bool ok() const noexcept { return is_success(state_.head.status); }

  /// Throws `error` (policy, "unsuccessful_status") unless the status is 2xx.
  const response& require_success() const& {
    check_success();
    return *this;
  }
  response&& require_success() && {
    check_success();
    return std::move(*this);
  }

 private:
  void check_success() const {
    if (ok()) return;
    throw error(error_category::policy, "unsuccessful_status",
                "the server answered " + std::to_string(status()) + " " +
                    std::string(reason_phrase(status())))
        .subject(state_.url ? state_.url->origin().text() : std::string());
  }

  exchange_state state_;
  std::string content_;
};

}  // namespace cohttps
