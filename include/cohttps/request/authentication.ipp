// Definitions for authentication.hpp.
#pragma once

#include <cohttps/request/authentication.hpp>

namespace cohttps::detail {

COHTTPS_DEF void authentication::begin(const url& first, credentials of_request) {
  of_request_ = std::move(of_request);
  if (has_no_credentials() && !first.has_credentials()) return;
  first_ = first.origin();
  if (of_request_ || !first.has_credentials()) return;
  std::string name = percent_decode(first.username());
  std::string password = percent_decode(first.password());
  if (password.empty())
    if (const auto* entry = options_.netrc.find(first.host_for_connect(), name))
      password = entry->password;
  // If the client's credentials for this origin use Digest, the server must not learn the password.
  if (const auto configured = of_client(first_); configured && *configured)
    of_request_ = credentials(configured->kind()->of_user(name, password));
  if (!of_request_) of_request_ = credentials::basic(std::move(name), std::move(password));
}

COHTTPS_DEF result<void> authentication::choose(const url& to, const fields& headers) {
  if (has_no_credentials()) return {};
  const origin at = to.origin();
  if (at != state_.at) {
    state_.challenges = 0;
    state_.refused_token.clear();
  }
  state_.at = at;
  chosen_ = {};
  if (headers.contains("authorization")) return {};
  if (of_request_ && (at == first_ || options_.redirects_keep_credentials)) chosen_ = of_request_;
  if (!chosen_) {
    auto found = of_client(at);
    if (!found) return pass(std::move(found));
    chosen_ = *std::move(found);
  }
  if (chosen_) return {};
  // The "default" entry of a netrc is not for origins that a server chose by a redirection.
  const auto* entry = options_.netrc.find(to.host_for_connect());
  if (entry && (entry->machine || at == first_ || options_.redirects_keep_credentials))
    chosen_ = credentials::basic(entry->login, entry->password);
  return {};
}

COHTTPS_DEF task<result<void>> authentication::prepare() {
  return chosen_ ? chosen_.kind()->prepare(state_) : task<result<void>>(result<void>());
}

COHTTPS_DEF result<void> authentication::show(const unsigned_request& request) {
  return chosen_ ? chosen_.kind()->show(request, state_) : result<void>();
}

COHTTPS_DEF bool authentication::can_answer(const fields& headers) const {
  return chosen_ && chosen_.kind()->can_answer(headers, state_);
}

COHTTPS_DEF void authentication::take_challenge(const fields& headers) {
  ++state_.challenges;
  chosen_.kind()->take_challenge(headers, state_);
}

COHTTPS_DEF bool authentication::has_no_credentials() const noexcept {
  return !of_request_ && options_.credentials.empty() && options_.netrc.empty();
}

COHTTPS_DEF result<credentials> authentication::of_client(const origin& at) const {
  for (const origin_credentials& one : options_.credentials) {
    const auto place =
        configured_origin(one.origin, "credentials_origin", "client_options::credentials");
    if (!place) return std::unexpected(place.error());
    if (*place == at) return one.credentials;
  }
  return credentials();
}

}  // namespace cohttps::detail
