// Credentials for Digest (RFC 7616).
#pragma once

#include <cohttps/client/authenticator.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/auth/challenge.hpp>
#include <cohttps/http/auth/digest.hpp>
#include <cohttps/tls/hash.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// Adds an Authorization field. Fails with usage "credentials_invalid" if `value` contains a
/// control character.
COHTTPS_DECL result<void> add_authorization(const unsigned_request& request, std::string value);

/// Keeps the last Digest challenge for each origin and user, so that the next request answers it at
/// once.
class known_digests {
 public:
  COHTTPS_DECL digest* find(const origin& at, std::string_view user) noexcept;
  COHTTPS_DECL void learn(const origin& at, std::string_view user, digest challenge);

 private:
  static constexpr std::size_t most = 64;
  struct entry {
    origin at;
    std::string user;
    digest answered;
  };
  std::vector<entry> entries_;
};

template <class = void>
class digest_authenticator final : public authenticator {
 public:
  digest_authenticator(std::string name, std::string password)
      : name_(std::move(name)), password_(std::move(password)) {}

  result<void> show(const unsigned_request& request, authentication_state& state) const override;
  bool can_answer(const fields& headers, const authentication_state& state) const override;
  void take_challenge(const fields& headers, authentication_state& state) const override;
  std::shared_ptr<const authenticator> of_user(std::string name,
                                               std::string password) const override;
  credentials_text text() const override { return {"digest", name_ + ':' + password_}; }

 private:
  static known_digests& known(authentication_state& state);

  std::string name_;
  std::string password_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/digest_authenticator.ipp>
#endif
