// Definitions for credentials.hpp.
#pragma once

#include <cohttps/client/credentials.hpp>

namespace cohttps {

COHTTPS_DEF credentials credentials::basic(std::string name, std::string password) {
  return credentials(user{std::move(name), std::move(password), false});
}

COHTTPS_DEF credentials credentials::digest(std::string name, std::string password) {
  return credentials(user{std::move(name), std::move(password), true});
}

COHTTPS_DEF credentials credentials::bearer(std::string token) {
  return credentials(std::move(token));
}

COHTTPS_DEF credentials credentials::bearer(token_source source) {
  return credentials(std::move(source));
}

COHTTPS_DEF credentials credentials::signature(request_signer signer) {
  return credentials(std::move(signer));
}

}  // namespace cohttps
