// Chooses the credentials of a request, and decides whether the client answers a 401.
#pragma once

#include <cohttps/client/authenticator.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/request/configured_origin.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url.hpp>

#include <memory>
#include <string>
#include <utility>

namespace cohttps::detail {

/// The credentials of one operation, for one origin after another.
///
/// The first of these that exists applies to a request:
/// - The caller's own Authorization field.
/// - The credentials of the request, for the origin of its URL.
/// - The user name and the password in the URL, for its origin. If the URL has no password, the
///   netrc may have one. They are sent as Digest if the client's credentials for this origin use
///   Digest, and otherwise as Basic.
/// - The client's credentials for the origin.
/// - The entry of the netrc for the host, sent as Basic.
///
/// Other origins get the credentials of the request and of its URL only with
/// `client_options::redirects_keep_credentials`.
class authentication {
 public:
  authentication(const client_options& options, std::shared_ptr<void>& memory) noexcept
      : options_(options), state_{.at = {}, .memory = &memory} {}

  /// Call it once, with the URL that the caller gave.
  COHTTPS_DECL void begin(const url& first, credentials of_request);

  /// Chooses the credentials for the next requests, which go to `to`. `headers` are the fields of
  /// the request. Fails with usage "credentials_origin" if the client's options contain an invalid
  /// origin.
  COHTTPS_DECL result<void> choose(const url& to, const fields& headers);

  /// Obtains the data that `show` needs, such as a token, if that needs waiting.
  COHTTPS_DECL task<result<void>> prepare();

  /// Adds the credentials to the fields of a request that is about to be sent.
  COHTTPS_DECL result<void> show(const unsigned_request& request);

  /// True if another request can answer the challenge in these fields of a 401 response.
  COHTTPS_DECL bool can_answer(const fields& headers) const;
  /// Stores the challenge in these fields of a 401 response. Call it only if `can_answer` is true.
  COHTTPS_DECL void take_challenge(const fields& headers);

 private:
  COHTTPS_DECL bool has_no_credentials() const noexcept;

  COHTTPS_DECL result<credentials> of_client(const origin& at) const;

  const client_options& options_;
  authentication_state state_;
  credentials of_request_;
  credentials chosen_;
  origin first_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/authentication.ipp>
#endif
