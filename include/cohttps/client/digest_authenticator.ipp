// Definitions for digest_authenticator.hpp.
#pragma once

#include <cohttps/client/digest_authenticator.hpp>

namespace cohttps::detail {

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

template <class T>
result<void> digest_authenticator<T>::show(const unsigned_request& request,
                                           authentication_state& state) const {
  digest* challenge = known(state).find(state.at, name_);
  if (!challenge) return {};
  if (challenge->covers_content() && !request.content)
    return fail(error_category::usage, "digest_content_not_in_memory",
                "the server wants a Digest over the content, which is not in memory");
  const auto bytes = request.content.value_or(std::span<const std::byte>());
  const std::string cnonce = tls::random_text();
  auto value = challenge->answer({name_,
                                  password_,
                                  request.method.text(),
                                  request.url.target(),
                                  {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                  cnonce});
  if (!value) return pass(std::move(value));
  return add_authorization(request, *std::move(value));
}

template <class T>
bool digest_authenticator<T>::can_answer(const fields& headers,
                                         const authentication_state& state) const {
  const auto answerable =
      digest::choose(parse_challenges(headers, "www-authenticate"), tls::hashes());
  // The client answers one challenge, and a second one if the server says that only the nonce was
  // too old (`stale`).
  return answerable && state.challenges < 2 && (state.challenges == 0 || answerable->stale());
}

template <class T>
void digest_authenticator<T>::take_challenge(const fields& headers,
                                             authentication_state& state) const {
  auto answerable = digest::choose(parse_challenges(headers, "www-authenticate"), tls::hashes());
  known(state).learn(state.at, name_, *std::move(answerable));
}

template <class T>
std::shared_ptr<const authenticator> digest_authenticator<T>::of_user(std::string name,
                                                                      std::string password) const {
  return std::make_shared<const digest_authenticator>(std::move(name), std::move(password));
}

template <class T>
known_digests& digest_authenticator<T>::known(authentication_state& state) {
  std::shared_ptr<void>& memory = *state.memory;
  if (!memory) memory = std::make_shared<known_digests>();
  return *static_cast<known_digests*>(memory.get());
}

}  // namespace cohttps::detail
