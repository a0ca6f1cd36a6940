// Definitions for address_tokens.hpp.
#pragma once

#include <cohttps/quic/address_tokens.hpp>

#include <utility>

namespace cohttps::quic {

COHTTPS_DEF void address_tokens::keep(const std::string& server, std::span<const std::byte> token) {
  if (token.empty() || token.size() > largest) return;
  if (tokens_.size() >= most && !tokens_.contains(server)) tokens_.erase(tokens_.begin());
  tokens_[server].assign(token.begin(), token.end());
}

COHTTPS_DEF std::vector<std::byte> address_tokens::take(const std::string& server) {
  const auto found = tokens_.find(server);
  if (found == tokens_.end()) return {};
  auto token = std::move(found->second);
  tokens_.erase(found);
  return token;
}

}  // namespace cohttps::quic
