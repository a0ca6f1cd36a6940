// Keys of which a server's path has to have one (RFC 7469, 2.4 and 2.6).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>

#include <botan/base64.h>
#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

class key_pins {
 public:
  using report = std::function<void(std::string_view host)>;

  /// No pins: any path will do.
  key_pins() = default;

  /// Fails, with category usage, on what is not the Base64 of a SHA-256.
  [[gnu::cold]] static result<key_pins> create(const std::vector<std::string>& pins, report tell) {
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

  bool empty() const noexcept { return digests_.empty(); }
  /// Told instead of refusing; may be null.
  const report& tell() const noexcept { return tell_; }

  bool match(const certificate_chain& path) const {
    return empty() || std::ranges::any_of(path, [&](const auto& one) {
             const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
             sha256->update(one.subject_public_key_info());
             return digests_.contains(sha256->final_stdvec());
           });
  }

 private:
  std::set<std::vector<std::uint8_t>> digests_;
  report tell_;
};

}  // namespace cohttps::tls
