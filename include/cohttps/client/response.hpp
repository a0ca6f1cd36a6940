// A response that has come in completely.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/http/charset.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/representation.hpp>
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

/// A value; holds no connection. One that is made empty has status 0, no fields and no content; its
/// `url` and `connection` throw `error` (usage, "no_response").
class response {
 public:
  response() = default;

  /// From what an exchange has found out, and the content read from it.
  response(exchange_state&& from, recycled<std::string> content)
      : state_(std::move(from)), content_(std::move(content)) {}

  int status() const noexcept { return state_.head.status; }

  /// As the peer wrote it, or the registered one when it wrote none.
  std::string_view reason() const noexcept { return state_.head.reason_or_default(); }

  const fields& headers() const noexcept { return state_.head.headers; }

  /// The first value of a field, compared without case.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return state_.head.headers.find(name);
  }

  /// The content's bytes, decoded where they were coded, whatever they mean.
  const std::string& content() const& noexcept { return content_; }
  std::string content() && noexcept { return std::move(content_); }
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content_)); }

  /// The content as text in UTF-8, by the charset of its Content-Type; what is malformed in it
  /// becomes U+FFFD. A charset that nobody knows is read as UTF-8. Throws `error` (usage,
  /// "charset_unavailable") where the system does not have a charset that is known: see `to_utf8`.
  std::string text() const {
    auto decoded = decode_text(content_, header("content-type").value_or(""));
    if (!decoded) throw std::move(decoded).error().subject(origin());
    return *std::move(decoded);
  }

  /// The content as a value, by the type's `representation`. Throws `error`: unless the status is
  /// 2xx as `require_success`, and as `read_representation`.
  template <class T>
    requires readable_representation<T>
  T as() const {
    auto value = try_as<T>();
    if (!value) throw std::move(value).error();
    return *std::move(value);
  }
  /// As `as`, giving the error.
  template <class T>
    requires readable_representation<T>
  result<T> try_as() const {
    if (!ok()) return std::unexpected(unsuccessful());
    auto value = read_representation<T>(content_);
    if (!value) value.error().subject(origin());
    return value;
  }

  /// Fields after chunked content (RFC 9110, 6.5).
  const fields& trailers() const noexcept { return state_.trailers; }

  /// Where the response came from, after redirections.
  const cohttps::url& url() const { return state_.url_or_throw(); }

  /// The redirections on the way, first to last.
  const std::vector<redirect_hop>& history() const noexcept { return state_.history; }

  const connection_info& connection() const { return state_.connection_or_throw(); }

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
    if (!ok()) throw unsuccessful();
  }
  error unsuccessful() const {
    error e(error_category::policy, "unsuccessful_status",
            "the server answered " + std::to_string(status()) + " " +
                std::string(reason_phrase(status())));
    e.subject(origin());
    return e;
  }
  std::string origin() const { return state_.url ? state_.url->origin().text() : std::string(); }

  exchange_state state_;
  recycled<std::string> content_;
};

}  // namespace cohttps
