// Definitions for authentication.hpp.
#pragma once

#include <cohttps/client/authentication.hpp>

namespace cohttps {

COHTTPS_DEF digest* known_digests::find(const origin& at, std::string_view user) noexcept {
  for (entry& e : entries_)
    if (e.at == at && e.user == user) return &e.answered;
  return nullptr;
}

COHTTPS_DEF void known_digests::learn(const origin& at, std::string_view user, digest challenge) {
  if (digest* old = find(at, user)) {
    *old = std::move(challenge);
    return;
  }
  if (entries_.size() == most) entries_.erase(entries_.begin());
  entries_.push_back({at, std::string(user), std::move(challenge)});
}

COHTTPS_DEF void authentication::begin(const url& first, cohttps::credentials of_request) {
  own_ = std::move(of_request);
  if (nothing_to_say() && !first.has_credentials()) return;
  first_ = first.origin();
  if (own_ || !first.has_credentials()) return;
  std::string name = percent_decode(first.username());
  std::string password = percent_decode(first.password());
  if (password.empty())
    if (const auto* entry = options_.netrc.find(first.host_for_connect(), name))
      password = entry->password;
  // Where the client's options ask for Digest, the server is not to learn the password.
  const auto configured = of_client(first_);
  const auto* user = configured ? configured->as<credentials::user>() : nullptr;
  own_ = user && user->digest ? credentials::digest(std::move(name), std::move(password))
                              : credentials::basic(std::move(name), std::move(password));
}

COHTTPS_DEF result<void> authentication::choose(const url& to, const fields& headers) {
  if (nothing_to_say()) return {};
  const origin at = to.origin();
  if (at != at_) {
    challenges_ = 0;
    refused_.clear();
  }
  at_ = at;
  chosen_ = {};
  if (headers.contains("authorization")) return {};
  if (own_ && (at_ == first_ || options_.redirects_keep_credentials)) chosen_ = own_;
  if (!chosen_) {
    auto found = of_client(at_);
    if (!found) return pass(std::move(found));
    chosen_ = *std::move(found);
  }
  if (chosen_) return {};
  // Where a server may lead a request, its "default" would be for everybody.
  const auto* entry = options_.netrc.find(to.host_for_connect());
  if (entry && (entry->machine || at_ == first_ || options_.redirects_keep_credentials))
    chosen_ = credentials::basic(entry->login, entry->password);
  return {};
}

COHTTPS_DEF task<result<void>> authentication::prepare() {
  if (const auto* source = chosen_.as<token_source>()) return ask(*source);
  return result<void>();
}

COHTTPS_DEF result<void> authentication::show(const method& verb, const url& to,
                                              std::string_view target, fields& headers,
                                              std::optional<std::span<const std::byte>> content) {
  std::string value;
  if (const auto* user = chosen_.as<credentials::user>()) {
    auto shown = show_user(*user, verb, target, content);
    if (!shown) return pass(std::move(shown));
    value = *std::move(shown);
  } else if (const auto* token = chosen_.as<std::string>()) {
    value = "Bearer " + *token;
  } else if (chosen_.as<token_source>()) {
    value = "Bearer " + token_;
  } else if (const auto* signer = chosen_.as<request_signer>()) {
    return (*signer)({verb, to, headers, content});
  }
  if (value.empty()) return {};
  if (!ascii::is_field_value(value))
    return fail(
        error_category::usage, "credentials_invalid",
        "the credentials for " + at_.text() + " hold a control character, which cannot be sent");
  headers.append_unchecked("Authorization", value);
  return {};
}

COHTTPS_DEF bool authentication::can_answer(const fields& headers) const {
  if (chosen_.as<token_source>()) return challenges_ == 0;
  const auto* user = chosen_.as<credentials::user>();
  if (!user || !user->digest) return false;
  const auto answerable =
      digest::choose(parse_challenges(headers, "www-authenticate"), tls::hashes());
  // One answer, and another when only its nonce had become too old.
  return answerable && challenges_ < 2 && (challenges_ == 0 || answerable->stale());
}

COHTTPS_DEF void authentication::take_challenge(const fields& headers) {
  ++challenges_;
  if (chosen_.as<token_source>()) {
    refused_ = token_;
    return;
  }
  auto answerable = digest::choose(parse_challenges(headers, "www-authenticate"), tls::hashes());
  known_.learn(at_, chosen_.as<credentials::user>()->name, *std::move(answerable));
}

COHTTPS_DEF bool authentication::nothing_to_say() const noexcept {
  return !own_ && options_.credentials.empty() && options_.netrc.empty();
}

COHTTPS_DEF task<result<void>> authentication::ask(const token_source& source) {
  try {
    std::string refused = std::exchange(refused_, {});
    token_ = co_await source(std::move(refused));
  } catch (const error& e) {
    co_return std::unexpected(e);
  }
  co_return result<void>();
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

COHTTPS_DEF result<std::string> authentication::show_user(
    const credentials::user& user, const method& verb, std::string_view target,
    std::optional<std::span<const std::byte>> content) {
  if (!user.digest) {
    if (user.name.find(':') != user.name.npos)
      return fail(error_category::usage, "credentials_invalid",
                  "a user name with a colon cannot be sent by Basic authentication");
    return basic_credentials(user.name, user.password);
  }
  digest* known = known_.find(at_, user.name);
  if (!known) return std::string();
  if (known->covers_content() && !content)
    return fail(error_category::usage, "digest_content_not_in_memory",
                "the server wants a Digest over the content, which is not in memory");
  const auto bytes = content.value_or(std::span<const std::byte>());
  const std::string cnonce = tls::random_text();
  return known->answer({user.name,
                        user.password,
                        verb.text(),
                        target,
                        {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                        cnonce});
}

}  // namespace cohttps
