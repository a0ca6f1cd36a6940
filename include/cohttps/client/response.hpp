// A complete response.
#pragma once

#include <cohttps/client/response_metadata.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/charset.hpp>
#include <cohttps/http/content/representation.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
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

/// A complete response. A value: it holds no connection. A default-constructed response has status
/// 0, no fields and no content, and its `url` and `connection` throw `error` (usage,
/// "no_response").
class response {
 public:
  response() = default;

  /// Makes a response from the metadata of an exchange and its content.
  response(response_metadata&& from, recycled<std::string> content)
      : state_(std::move(from)), content_(std::move(content)) {}

  /// Makes a response that no server gave, for layers and tests.
  COHTTPS_DECL static response make(int status, fields headers = {}, std::string content = {});

  /// All that is known besides the content.
  const response_metadata& metadata() const noexcept { return state_; }

  int status() const noexcept { return state_.head.status; }

  /// Returns the reason phrase of the peer, or the registered phrase of the status if the peer sent
  /// none.
  COHTTPS_DECL std::string_view reason() const noexcept;

  const fields& headers() const noexcept { return state_.head.headers; }

  /// Returns the value of the first field `name`. The case of the name does not matter.
  COHTTPS_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// Returns the bytes of the content, with content codings decoded. They are not converted to
  /// another charset.
  const std::string& content() const& noexcept { return content_; }
  std::string content() && noexcept { return std::move(content_); }
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content_)); }

  /// Returns the content as text in UTF-8. The charset in Content-Type says how to convert it; if
  /// the charset is missing or unknown, the content is read as UTF-8. Malformed sequences become
  /// U+FFFD. Throws `error` (usage, "charset_unavailable") if the charset is known but this system
  /// does not support it: see `to_utf8`.
  COHTTPS_DECL std::string text() const;

  /// Converts the content to a value with the type's `representation`. Throws `error`: the one of
  /// `require_success` if the status is not 2xx, and those of `read_representation`.
  template <class T>
    requires readable_representation<T>
  T as() const {
    auto value = try_as<T>();
    if (!value) throw std::move(value).error();
    return *std::move(value);
  }
  /// Like `as`, but returns the error.
  template <class T>
    requires readable_representation<T>
  result<T> try_as() const {
    if (!ok()) return std::unexpected(unsuccessful());
    auto value = read_representation<T>(content_);
    if (!value) value.error().subject(origin());
    return value;
  }

  /// Returns the trailer fields (RFC 9110, 6.5).
  const fields& trailers() const noexcept { return state_.trailers; }

  /// Returns the URL of the response, after redirections.
  COHTTPS_DECL const cohttps::url& url() const;

  /// Returns the redirections that the client followed, the first one first.
  const std::vector<redirect_hop>& history() const noexcept { return state_.history; }

  COHTTPS_DECL const connection_info& connection() const;

  /// True if the connection already existed when the client sent the request.
  bool on_reused_connection() const noexcept { return state_.on_reused_connection; }

  const cohttps::timings& timings() const noexcept { return state_.timings; }

  /// True if the status is 2xx.
  bool ok() const noexcept { return is_success(state_.head.status); }

  /// Throws `error` (policy, "unsuccessful_status") unless the status is 2xx.
  COHTTPS_DECL const response& require_success() const&;
  COHTTPS_DECL response&& require_success() &&;

  /// For the client: completes a response that a layer made.
  COHTTPS_DECL response of_layer(const std::optional<cohttps::url>& asked) &&;

 private:
  COHTTPS_DECL void check_success() const;
  COHTTPS_DECL error unsuccessful() const;
  COHTTPS_DECL std::string origin() const;

  response_metadata state_;
  recycled<std::string> content_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response.ipp>
#endif
