// How a client shows an origin who it is (RFC 9110, 11.6.2).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace cohttps {

/// Gives a token for Bearer (RFC 6750). `refused` is the one that the server has just answered with
/// 401, empty at first: a source that keeps its token gives it again unless it is `refused`.
/// An `error` that it throws ends the request; what else it throws leaves the operation.
using token_source = std::function<task<std::string>(std::string refused)>;

/// A request as it is to be signed, each time that it is sent.
struct unsigned_request {
  const cohttps::method& method;
  const cohttps::url& url;
  fields& headers;  ///< all that will be sent; the signer adds its own
  /// Empty for content that is not in memory.
  std::optional<std::span<const std::byte>> content;
};

/// Adds the fields that sign the request. An error ends it.
using request_signer = std::function<result<void>(const unsigned_request&)>;

/// A way to show who the client is. A handle that is cheap to copy; empty, it shows nothing.
class credentials {
 public:
  struct user {
    std::string name;
    std::string password;
    bool digest;
  };

  credentials() = default;

  /// Sent at once, and readable by the server (RFC 7617).
  COHTTPS_DECL static credentials basic(std::string name, std::string password);
  /// Sent when the server has asked for it, and from then on; the server does not learn the
  /// password (RFC 7616). Never as Basic.
  COHTTPS_DECL static credentials digest(std::string name, std::string password);
  /// A token that does not change (RFC 6750).
  COHTTPS_DECL static credentials bearer(std::string token);
  /// A token that is asked for before each request, and once more after a 401.
  COHTTPS_DECL static credentials bearer(token_source source);
  /// What a signature proves, such as AWS's.
  COHTTPS_DECL static credentials signature(request_signer signer);

  explicit operator bool() const noexcept { return what_ != nullptr; }

  /// What the credentials are, or null.
  template <class T>
  const T* as() const noexcept {
    return what_ ? std::get_if<T>(what_.get()) : nullptr;
  }

 private:
  using any = std::variant<user, std::string, token_source, request_signer>;

  explicit credentials(any what) : what_(std::make_shared<const any>(std::move(what))) {}

  std::shared_ptr<const any> what_;
};

/// Credentials for one origin, such as "https://api.example.com", and no other.
struct origin_credentials {
  std::string origin;
  cohttps::credentials credentials;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/credentials.ipp>
#endif
