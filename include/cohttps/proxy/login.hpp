// How a client shows an HTTP proxy who it is (RFC 9110, 11.7), without doing I/O.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/basic.hpp>
#include <cohttps/http/challenge.hpp>
#include <cohttps/http/digest.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/proxy/proxy.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// What Proxy-Authorization is to say to one proxy, and what was learned from its 407 responses.
///
/// Credentials go out as Basic at once, unless the proxy is one `with_digest`; after a 407 that
/// offers Digest they go out as Digest. One such answer is tried, and another when the proxy says
/// that only its nonce had become too old: so a proxy that says 407 for ever is asked three times.
/// A login may be kept for later operations over the same proxy, which then begin with Digest;
/// `begin` gives each tries of its own.
class proxy_login {
 public:
  /// `cnonce` gives random text; `<cohttps/tls/hash.hpp>` has it and the hashes.
  proxy_login(proxy via, const digest_hashes& hashes, std::string (*cnonce)())
      : via_(std::move(via)), hashes_(hashes), cnonce_(cnonce) {}

  const proxy& via() const noexcept { return via_; }

  /// A new operation begins.
  void begin() noexcept { challenges_ = 0; }

  /// The value of Proxy-Authorization for a request, which goes to the proxy and never through a
  /// tunnel; empty when there is nothing to show. Fails as `digest::answer` does.
  COHTTPS_DECL result<std::string> authorization(const method& verb, std::string_view target,
                                                 std::string_view content = {});

  /// The proxy answered 407 with these fields. Succeeds when it is worth sending the request again
  /// with a new `authorization`.
  ///
  /// Errors (policy): "proxy_authentication_required" when there are no credentials to show, else
  /// "proxy_authentication_failed".
  COHTTPS_DECL result<void> challenged(const fields& headers);

 private:
  static constexpr int max_challenges = 2;

  COHTTPS_DECL static std::string names(const std::vector<challenge>& offered);

  proxy via_;
  digest_hashes hashes_;
  std::string (*cnonce_)();
  std::optional<digest> digest_;
  int challenges_ = 0;  // of this operation
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/login.ipp>
#endif
