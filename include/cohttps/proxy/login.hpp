// How a client shows an HTTP proxy who it is (RFC 9110, 11.7), without doing I/O.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
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
  result<std::string> authorization(const method& verb, std::string_view target,
                                    std::string_view content = {}) {
    if (!via_.has_credentials()) return std::string();
    if (!digest_ && via_.only_digest()) return std::string();
    if (!digest_) return basic_credentials(via_.username(), via_.password());
    const std::string cnonce = cnonce_();
    return digest_->answer(
        {via_.username(), via_.password(), verb.text(), target, content, cnonce});
  }

  /// The proxy answered 407 with these fields. Succeeds when it is worth sending the request again
  /// with a new `authorization`.
  ///
  /// Errors (policy): "proxy_authentication_required" when there are no credentials to show, else
  /// "proxy_authentication_failed".
  result<void> challenged(const fields& headers) {
    const auto offered = parse_challenges(headers, "proxy-authenticate");
    const std::string asks =
        "the proxy " + via_.text() + " asks for authentication (it offers " + names(offered) + ")";
    if (!via_.has_credentials())
      return fail(error_category::policy, "proxy_authentication_required",
                  asks + "; give it a user name and a password, as in http://user:password@host");
    auto chosen = digest::choose(offered, hashes_);
    if (!chosen) {
      const std::string why = digest::why_unanswerable(offered, hashes_);
      return fail(error_category::policy, "proxy_authentication_failed",
                  asks +
                      (via_.only_digest()
                           ? ", and proxy::with_digest has the password shown by Digest alone"
                           : " and did not accept the user name and password as Basic") +
                      (why.empty() ? "" : "; " + why));
    }
    if (challenges_ == max_challenges || (challenges_ > 0 && !chosen->stale()))
      return fail(error_category::policy, "proxy_authentication_failed",
                  asks + " and did not take the user name and password");
    ++challenges_;
    digest_ = std::move(chosen);
    return {};
  }

 private:
  static constexpr int max_challenges = 2;

  static std::string names(const std::vector<challenge>& offered) {
    std::string out;
    for (const challenge& c : offered)
      out += (out.empty() ? "" : ", ") + ascii::printable(c.scheme, 32);
    return out.empty() ? "no scheme that can be read" : out;
  }

  proxy via_;
  digest_hashes hashes_;
  std::string (*cnonce_)();
  std::optional<digest> digest_;
  int challenges_ = 0;  // of this operation
};

}  // namespace cohttps
