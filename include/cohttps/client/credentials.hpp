// Credentials that a client sends to origins (RFC 9110, 11.6.2).
#pragma once

#include <cohttps/client/authenticator.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace cohttps {

/// Returns a token for Bearer (RFC 6750). `refused` is the token that the server has just refused
/// with 401; otherwise it is empty. A source that stores its token returns the stored token, unless
/// it equals `refused`. If the source throws an `error`, the request fails with it. Any other
/// exception leaves the operation.
using token_source = std::function<task<std::string>(std::string refused)>;

/// Adds the fields that sign the request. If it returns an error, the request fails with it.
using request_signer = std::function<result<void>(const unsigned_request&)>;

/// The credentials of a client. Copies are cheap and share one state. Empty credentials add nothing
/// to a request.
class credentials {
 public:
  credentials() = default;

  /// Basic (RFC 7617). The client sends the name and the password with every request, and the
  /// server can read them.
  COHTTPS_DECL static credentials basic(std::string name, std::string password);
  /// Digest (RFC 7616). The client answers the challenge of the server, and then adds an answer to
  /// all later requests. The server does not learn the password. The client never uses Basic
  /// instead.
  COHTTPS_DECL static credentials digest(std::string name, std::string password);
  /// Bearer (RFC 6750) with a token that does not change.
  COHTTPS_DECL static credentials bearer(std::string token);
  /// Bearer with a token from `source`. The client calls `source` before each attempt to send a
  /// request, and once more after a 401.
  COHTTPS_DECL static credentials bearer(token_source source);
  /// A signature over the request, such as the one of AWS.
  COHTTPS_DECL static credentials signature(request_signer signer);

  explicit operator bool() const noexcept { return kind_ != nullptr; }

  /// Used by the client.
  explicit credentials(std::shared_ptr<const detail::authenticator> kind)
      : kind_(std::move(kind)) {}
  /// For the engine: how the credentials authenticate.
  const detail::authenticator* kind() const noexcept { return kind_.get(); }

 private:
  std::shared_ptr<const detail::authenticator> kind_;
};

/// Credentials for a single origin, such as "https://api.example.com".
struct origin_credentials {
  std::string origin;                ///< such as "https://api.example.com"
  cohttps::credentials credentials;  ///< what its requests carry
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/credentials.ipp>
#endif
