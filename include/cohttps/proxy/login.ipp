// Definitions for login.hpp.
#pragma once

#include <cohttps/proxy/login.hpp>

namespace cohttps {

COHTTPS_DEF result<std::string> proxy_login::authorization(const method& verb,
                                                           std::string_view target,
                                                           std::string_view content) {
  if (!via_.has_credentials()) return std::string();
  if (!digest_ && via_.only_digest()) return std::string();
  if (!digest_) return basic_credentials(via_.username(), via_.password());
  const std::string cnonce = cnonce_();
  return digest_->answer({via_.username(), via_.password(), verb.text(), target, content, cnonce});
}

COHTTPS_DEF result<void> proxy_login::challenged(const fields& headers) {
  const auto offered = parse_challenges(headers, "proxy-authenticate");
  const std::string asks =
      "the proxy " + via_.text() + " asks for authentication (it offers " + names(offered) + ")";
  if (!via_.has_credentials())
    return fail(error_category::policy, "proxy_authentication_required",
                asks + "; give it a user name and a password, as in http://user:password@host");
  auto chosen = digest::choose(offered, hashes_);
  if (!chosen) {
    const std::string why = digest::why_unanswerable(offered, hashes_);
    return fail(
        error_category::policy, "proxy_authentication_failed",
        asks +
            (via_.only_digest() ? ", and proxy::with_digest has the password shown by Digest alone"
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

COHTTPS_DEF std::string proxy_login::names(const std::vector<challenge>& offered) {
  std::string out;
  for (const challenge& c : offered)
    out += (out.empty() ? "" : ", ") + ascii::printable(c.scheme, 32);
  return out.empty() ? "no scheme that can be read" : out;
}

}  // namespace cohttps
