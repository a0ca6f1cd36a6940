// Tokens of servers, which prove the client's address at a later connection (RFC 9000, 8.1.3).
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace cohttps::quic {

/// The newest token of each server. `server` names the origin and the address.
class address_tokens {
 public:
  COHTTPS_DECL void keep(const std::string& server, std::span<const std::byte> token);
  /// Returns the token and forgets it, because it is used once. Returns nothing if there is none.
  COHTTPS_DECL std::vector<std::byte> take(const std::string& server);

 private:
  static constexpr std::size_t most = 1000;     // servers
  static constexpr std::size_t largest = 1000;  // bytes of a token, so that a packet has room

  std::map<std::string, std::vector<std::byte>, std::less<>> tokens_;
};

}  // namespace cohttps::quic

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/quic/address_tokens.ipp>
#endif
