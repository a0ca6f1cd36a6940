// A response that has come in completely.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL std::string_view reason() const noexcept;

  const fields& headers() const noexcept { return state_.head.headers; }

  /// The first value of a field, compared without case.
  COHTTPS_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// The content's bytes, decoded where they were coded, whatever they mean.
  const std::string& content() const& noexcept { return content_; }
  std::string content() && noexcept { return std::move(content_); }
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content_)); }

  /// The content as text in UTF-8, by the charset of its Content-Type; what is malformed in it
  /// becomes U+FFFD. A charset that nobody knows is read as UTF-8. Throws `error` (usage,
  /// "charset_unavailable") where the system does not have a charset that is known: see `to_utf8`.
  COHTTPS_DECL std::string text() const;

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
  COHTTPS_DECL const cohttps::url& url() const;

  /// The redirections on the way, first to last.
  const std::vector<redirect_hop>& history() const noexcept { return state_.history; }

  COHTTPS_DECL const connection_info& connection() const;

  /// True when the connection had carried another exchange before.
  bool on_reused_connection() const noexcept { return state_.on_reused_connection; }

  const cohttps::timings& timings() const noexcept { return state_.timings; }

  /// True for 2xx.
  bool ok() const noexcept { return is_success(state_.head.status); }

  /// Throws `error` (policy, "unsuccessful_status") unless the status is 2xx.
  COHTTPS_DECL const response& require_success() const&;
  COHTTPS_DECL response&& require_success() &&;

 private:
  COHTTPS_DECL void check_success() const;
  COHTTPS_DECL error unsuccessful() const;
  COHTTPS_DECL std::string origin() const;

  exchange_state state_;
  recycled<std::string> content_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response.ipp>
#endif
