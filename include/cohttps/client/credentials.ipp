// Definitions for credentials.hpp.
#pragma once

#include <cohttps/client/credentials.hpp>
#include <cohttps/client/digest_authenticator.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/http/auth/basic.hpp>

#include <string_view>

namespace cohttps {

namespace detail {

COHTTPS_DEF result<void> add_authorization(const unsigned_request& request, std::string value) {
  if (!ascii::is_field_value(value))
    return fail(error_category::usage, "credentials_invalid",
                "the credentials for " + request.url.origin().text() +
                    " contain a control character, which cannot be sent");
  request.headers.append_unchecked("Authorization", value);
  return {};
}

template <class = void>
class basic_authenticator final : public authenticator {
 public:
  basic_authenticator(std::string name, std::string password)
      : name_(std::move(name)), password_(std::move(password)) {}

  result<void> show(const unsigned_request& request, authentication_state&) const override {
    if (name_.find(':') != name_.npos)
      return fail(error_category::usage, "credentials_invalid",
                  "a user name with a colon cannot be sent by Basic authentication");
    return add_authorization(request, basic_credentials(name_, password_));
  }
  credentials_text text() const override { return {"basic", name_ + ':' + password_}; }

 private:
  std::string name_;
  std::string password_;
};

template <class = void>
class bearer_authenticator final : public authenticator {
 public:
  explicit bearer_authenticator(std::string token) : token_(std::move(token)) {}

  result<void> show(const unsigned_request& request, authentication_state&) const override {
    return add_authorization(request, "Bearer " + token_);
  }
  credentials_text text() const override { return {"bearer", token_}; }

 private:
  std::string token_;
};

template <class = void>
class token_authenticator final : public authenticator {
 public:
  explicit token_authenticator(token_source source) : source_(std::move(source)) {}

  task<result<void>> prepare(authentication_state& state) const override {
    try {
      state.token = co_await source_(std::exchange(state.refused_token, {}));
    } catch (const error& e) {
      co_return std::unexpected(e);
    }
    co_return result<void>();
  }
  result<void> show(const unsigned_request& request, authentication_state& state) const override {
    return add_authorization(request, "Bearer " + state.token);
  }
  bool can_answer(const fields&, const authentication_state& state) const override {
    return state.challenges == 0;
  }
  void take_challenge(const fields&, authentication_state& state) const override {
    state.refused_token = state.token;
  }

 private:
  token_source source_;
};

template <class = void>
class signature_authenticator final : public authenticator {
 public:
  explicit signature_authenticator(request_signer signer) : signer_(std::move(signer)) {}

  result<void> show(const unsigned_request& request, authentication_state&) const override {
    return signer_(request);
  }

 private:
  request_signer signer_;
};

}  // namespace detail

COHTTPS_DEF credentials credentials::basic(std::string name, std::string password) {
  return credentials(
      std::make_shared<const detail::basic_authenticator<>>(std::move(name), std::move(password)));
}

COHTTPS_DEF credentials credentials::digest(std::string name, std::string password) {
  return credentials(
      std::make_shared<const detail::digest_authenticator<>>(std::move(name), std::move(password)));
}

COHTTPS_DEF credentials credentials::bearer(std::string token) {
  return credentials(std::make_shared<const detail::bearer_authenticator<>>(std::move(token)));
}

COHTTPS_DEF credentials credentials::bearer(token_source source) {
  return credentials(std::make_shared<const detail::token_authenticator<>>(std::move(source)));
}

COHTTPS_DEF credentials credentials::signature(request_signer signer) {
  return credentials(std::make_shared<const detail::signature_authenticator<>>(std::move(signer)));
}

}  // namespace cohttps
