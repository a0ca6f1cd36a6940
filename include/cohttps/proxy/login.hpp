// Authenticates a client to an HTTP proxy (RFC 9110, 11.7), without I/O.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/auth/basic.hpp>
#include <cohttps/http/auth/challenge.hpp>
#include <cohttps/http/auth/digest.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/proxy/proxy.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Makes the value of Proxy-Authorization for one proxy, and reads the proxy's 407 responses.
///
/// The client sends the credentials as Basic at once, unless the proxy is one `with_digest`. After
/// a 407 that offers Digest, it sends them as Digest. It sends one such answer, and another one if
/// the proxy says that only the nonce was too old. A proxy that always answers 407 therefore gets
/// three requests. A login may be kept for later operations over the same proxy, which then begin
/// with Digest. `begin` gives each operation its own number of answers.
class proxy_login {
 public:
  /// `cnonce` returns random text. `<cohttps/tls/hash.hpp>` defines such a function, and the
  /// hashes.
  proxy_login(proxy via, const digest_hashes& hashes, std::string (*cnonce)())
      : via_(std::move(via)), hashes_(hashes), cnonce_(cnonce) {}

  /// The proxy that the login is for.
  const proxy& via() const noexcept { return via_; }

  /// Begins a new operation.
  void begin() noexcept { challenges_ = 0; }

  /// Returns the value of Proxy-Authorization for a request to the proxy; empty if there is nothing
  /// to send. Never send this value through a tunnel. Fails as `digest::answer` does.
  COHTTPS_DECL result<std::string> authorization(const method& verb, std::string_view target,
                                                 std::string_view content = {});

  /// Call it when the proxy has answered 407 with these fields. Succeeds if the caller should send
  /// the request again with a new `authorization`.
  ///
  /// Errors (policy): "proxy_authentication_required" if there are no credentials, else
  /// "proxy_authentication_failed".
  COHTTPS_DECL result<void> challenged(const fields& headers);

 private:
  static constexpr int max_challenges = 2;

  COHTTPS_DECL static std::string names(const std::vector<challenge>& offered);

  proxy via_;
  digest_hashes hashes_;
  std::string (*cnonce_)();
  std::optional<digest> digest_;
  int challenges_ = 0;  // in this operation
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/login.ipp>
#endif
