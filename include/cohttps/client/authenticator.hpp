// The interface to one kind of credentials, such as Basic or Digest.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohttps {

/// A request that is about to be sent. A `request_signer` or an `authenticator` adds fields to it.
struct unsigned_request {
  const cohttps::method& method;  ///< of the request
  const cohttps::url& url;        ///< without its fragment
  fields& headers;                ///< all fields of the request; the signer adds fields
  /// The content; empty if it is not in memory.
  std::optional<std::span<const std::byte>> content;
};

namespace detail {

/// The authentication of one operation at one origin.
struct authentication_state {
  origin at;
  std::string token = {};                   ///< the last token from a `token_source`
  std::string refused_token = {};           ///< the token of a 401, for the next call of the source
  int challenges = 0;                       ///< the number of answered challenges
  std::shared_ptr<void>* memory = nullptr;  ///< shared by all operations of a client
};

/// Credentials as `to_curl` writes them.
struct credentials_text {
  std::string_view scheme = {};  ///< "basic", "digest" or "bearer"; empty for other kinds
  std::string secret = {};       ///< "user:password", or the token
};

/// One kind of credentials. The static functions of `credentials` make the authenticators, so a
/// program compiles only the kinds that it uses.
class authenticator {
 public:
  authenticator() = default;
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;
  virtual ~authenticator() = default;

  /// Obtains the data that `show` needs, such as a token, if that needs waiting.
  virtual task<result<void>> prepare(authentication_state&) const { return result<void>(); }

  /// Adds the credentials to the fields of a request.
  virtual result<void> show(const unsigned_request& request, authentication_state& state) const = 0;

  /// True if another request can answer the challenge in these fields of a 401 response.
  virtual bool can_answer(const fields&, const authentication_state&) const { return false; }
  /// Stores the challenge in these fields of a 401 response. Call it only if `can_answer` is true.
  virtual void take_challenge(const fields&, authentication_state&) const {}

  /// Returns credentials of the same kind for the user name and the password in a URL. Returns null
  /// if the URL's credentials use Basic.
  virtual std::shared_ptr<const authenticator> of_user(std::string, std::string) const {
    return nullptr;
  }

  virtual credentials_text text() const { return {}; }
};

}  // namespace detail

}  // namespace cohttps
