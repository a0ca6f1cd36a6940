// A complete response.
#pragma once

#include <cohttps/client/response_metadata.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/core/recycler.hpp>
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

/// Says that `as` converts the content of a response with any status.
struct any_status_t {
  explicit any_status_t() = default;
};
/// For `json<T>(any_status)` and the like, which then accept every status.
inline constexpr any_status_t any_status{};

/// A complete response. A value: it holds no connection. To move one is as cheap as to move a
/// pointer. A default-constructed response, and one that was moved from, has status 0, no fields
/// and no content, and its `url` and `connection` throw `error` (usage, "no_response").
class response {
 public:
  response() = default;

  /// Makes a response from the metadata of an exchange and its content.
  response(response_metadata&& from, recycled<std::string> content)
      : parts_(std::make_unique<parts>(std::move(from), std::move(content))) {}

  response(const response& other)
      : parts_(other.parts_ ? std::make_unique<parts>(*other.parts_) : nullptr) {}
  response& operator=(const response& other) { return *this = response(other); }
  response(response&&) noexcept = default;
  response& operator=(response&&) noexcept = default;
  ~response() = default;

  /// Makes a response that no server gave, for layers and tests.
  COHTTPS_DECL static response make(int status, fields headers = {}, std::string content = {});

  /// All that is known besides the content.
  const response_metadata& metadata() const noexcept { return all().metadata; }

  /// The status code, such as 200.
  int status() const noexcept { return metadata().head.status; }

  /// Returns the reason phrase of the peer, or the registered phrase of the status if the peer sent
  /// none.
  COHTTPS_DECL std::string_view reason() const noexcept;

  /// All fields of the response.
  const fields& headers() const noexcept { return metadata().head.headers; }

  /// Returns the value of the first field `name`. The case of the name does not matter.
  COHTTPS_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// Returns the target of the first link in the fields Link with this relation, such as "next"
  /// (RFC 8288); nothing if there is none. `<cohttps/http/link.hpp>` reads all of them.
  COHTTPS_DECL std::optional<cohttps::url> link(std::string_view relation) const;

  /// Returns the bytes of the content, with content codings decoded. They are not converted to
  /// another charset.
  const std::string& content() const& noexcept { return all().content; }
  std::string content() && noexcept {
    return parts_ ? std::string(std::move(parts_->content)) : std::string();
  }
  /// The content as bytes.
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(content())); }

  /// Returns the content as text in UTF-8. The charset in Content-Type says how to convert it; if
  /// the charset is missing or unknown, the content is read as UTF-8. Malformed sequences become
  /// U+FFFD. Throws `error` (usage, "charset_unavailable") if the charset is known but this system
  /// does not support it: see `to_utf8`.
  COHTTPS_DECL std::string text() const;

  /// Converts the content to a value with the type's `representation`. Throws `error`: the one of
  /// `require_success` if the status is not 2xx, and those of `read_representation`.
  template <class T>
  T as() const {
    auto value = try_as<T>();
    if (!value) throw std::move(value).error();
    return *std::move(value);
  }
  /// Like `as`, but returns the error.
  template <class T>
  result<T> try_as() const {
    if (!ok()) return std::unexpected(metadata().unsuccessful(content()));
    return try_as<T>(any_status);
  }

  /// The same for a response of any status, for example to read the details of an error.
  template <class T>
  T as(any_status_t) const {
    auto value = try_as<T>(any_status);
    if (!value) throw std::move(value).error();
    return *std::move(value);
  }
  template <class T>
  result<T> try_as(any_status_t) const {
    static_assert(readable_representation<T>,
                  "as<T> cannot read this type: include an adapter such as "
                  "<cohttps/adapters/nlohmann_json.hpp>, or specialise representation");
    auto value = read_representation<T>(content());
    if (!value) value.error().subject(metadata().subject());
    return value;
  }

  /// Returns the trailer fields (RFC 9110, 6.5).
  const fields& trailers() const noexcept { return metadata().trailers; }

  /// Returns the URL of the response, after redirections.
  COHTTPS_DECL const cohttps::url& url() const;

  /// Returns the redirections that the client followed, the first one first.
  const std::vector<redirect_hop>& history() const noexcept { return metadata().history; }

  /// The connection that carried the response: protocol, addresses, TLS.
  COHTTPS_DECL const connection_info& connection() const;

  /// True if the connection already existed when the client sent the request.
  bool on_reused_connection() const noexcept { return metadata().on_reused_connection; }

  /// How long each phase took.
  const cohttps::timings& timings() const noexcept { return metadata().timings; }

  /// True if the status is 2xx.
  bool ok() const noexcept { return is_success(metadata().head.status); }

  /// Throws `error` (policy, "unsuccessful_status") unless the status is 2xx.
  COHTTPS_DECL const response& require_success() const&;
  COHTTPS_DECL response&& require_success() &&;

  /// For the client: completes a response that a layer made.
  COHTTPS_DECL response of_layer(const std::optional<cohttps::url>& asked) &&;

 private:
  struct parts : recycled_frame {
    parts() = default;
    parts(response_metadata&& m, recycled<std::string>&& c)
        : metadata(std::move(m)), content(std::move(c)) {}
    response_metadata metadata;
    recycled<std::string> content;
  };

  const parts& all() const noexcept { return parts_ ? *parts_ : none(); }
  COHTTPS_DECL static const parts& none() noexcept;
  COHTTPS_DECL void check_success() const;

  std::unique_ptr<parts> parts_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/response.ipp>
#endif
