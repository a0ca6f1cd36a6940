// Definitions for expand_label.hpp.
#pragma once

#include <cohttps/tls/record/expand_label.hpp>

#include <algorithm>
#include <string>

namespace cohttps::tls::detail {

COHTTPS_DEF expand_label::expand_label(std::string_view hash, std::span<const std::uint8_t> secret)
    : hmac_(Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + std::string(hash) + ")")) {
  hmac_->set_key(secret);
}

COHTTPS_DEF Botan::secure_vector<std::uint8_t> expand_label::operator()(std::string_view label,
                                                                        std::size_t size) const {
  const std::string full = "tls13 " + std::string(label);
  hmac_->update_be(static_cast<std::uint16_t>(size));
  hmac_->update(static_cast<std::uint8_t>(full.size()));
  hmac_->update(full);
  hmac_->update(0);  // no context
  hmac_->update(1);  // the first block of HKDF-Expand (RFC 5869, 2.3)
  auto block = hmac_->final();
  block.resize(std::min(size, block.size()));
  return block;
}

}  // namespace cohttps::tls::detail
