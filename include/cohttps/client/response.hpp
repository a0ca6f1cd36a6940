// A response that has come in completely.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/connector.hpp>
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

/// How long the parts of an operation took. What was not needed, such as connecting when a
/// connection was reused, is zero. Of several requests in a chain of redirections: the last one's,
/// except `total`.
struct timings {
  std::chrono::nanoseconds resolve{};
  std::chrono::nanoseconds connect{};
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

/// A value; holds no connection.
class response {
 public:
  response() = default;

  int status() const noexcept { return head_.status; }

  /// As the peer wrote it, or the registered one when it wrote none.
  std::string_view reason() const noexcept {
    return head_.reason.empty() ? reason_phrase(head_.status) : std::string_view(head_.reason);
  }

  const fields& headers() const noexcept { return head_.headers; }

  /// The first value of a field, compared without case.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return head_.headers.find(name);
  }

  /// The content's bytes as they came.
  const std::string& text() const& noexcept { return content_; }
  std::string text() && noexcept { return std::move(content_); }
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content_)); }

  /// Fields after chunked content (RFC 9110, 6.5).
  const fields& trailers() const noexcept { return trailers_; }

  /// Where the response came from, after redirections.
  const cohttps::url& url() const noexcept { return *url_; }

  /// The redirections on the way, first to last.
  const std::vector<redirect_hop>& history() const noexcept { return history_; }

  const connection_info& connection() const noexcept { return *connection_; }

  /// True when the connection had carried another exchange before.
  bool on_reused_connection() const noexcept { return reused_; }

  const cohttps::timings& timings() const noexcept { return timings_; }

  /// True for 2xx.
  bool ok() const noexcept { return is_success(head_.status); }

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
  template <transport Transport>
  friend class exchange;

  void check_success() const {
    if (ok()) return;
    throw error(error_category::policy, "unsuccessful_status",
                "the server answered " + std::to_string(status()) + " " +
                    std::string(reason_phrase(status())))
        .subject(url_ ? url_->origin().text() : std::string());
  }

  response_head head_;
  std::string content_;
  fields trailers_;
  std::optional<cohttps::url> url_;
  std::vector<redirect_hop> history_;
  std::shared_ptr<const connection_info> connection_;
  bool reused_ = false;
  cohttps::timings timings_;
};

}  // namespace cohttps
