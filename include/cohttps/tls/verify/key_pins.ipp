// Definitions for key_pins.hpp.
#pragma once

#include <cohttps/tls/verify/key_pins.hpp>

namespace cohttps::tls {

COHTTPS_DEF result<key_pins> key_pins::create(const std::vector<std::string>& pins, report tell) {
  key_pins made;
  made.tell_ = std::move(tell);
  for (const auto& pin : pins) {
    std::string_view text(pin);
    if (text.starts_with("sha256/")) text.remove_prefix(7);
    std::vector<std::uint8_t> digest;
    try {
      const auto decoded = Botan::base64_decode(text, false);
      digest.assign(decoded.begin(), decoded.end());
    } catch (const Botan::Exception&) {
    }
    if (digest.size() != 32)
      return fail(error_category::usage, "bad_pin",
                  "the pin \"" + ascii::printable(pin, 80) +
                      "\" has to be the SHA-256 of a SubjectPublicKeyInfo in Base64");
    made.digests_.insert(std::move(digest));
  }
  return made;
}

COHTTPS_DEF bool key_pins::empty() const noexcept { return digests_.empty(); }

COHTTPS_DEF bool key_pins::match(const certificate_chain& path) const {
  return empty() || std::ranges::any_of(path, [&](const auto& one) {
           const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
           sha256->update(one.subject_public_key_info());
           return digests_.contains(sha256->final_stdvec());
         });
}

}  // namespace cohttps::tls
