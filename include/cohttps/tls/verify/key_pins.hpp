// Pinned keys: a server's path has to have at least one of them (RFC 7469, 2.4 and 2.6).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>

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

  /// Without pins any path matches.
  key_pins() = default;

  /// Fails with category usage (`bad_pin`) when a pin is not the Base64 of a SHA-256. `tell` is
  /// `tls_options::pin_report` and may be null.
  COHTTPS_DECL [[gnu::cold]] static result<key_pins> create(const std::vector<std::string>& pins,
                                                            report tell);

  COHTTPS_DECL bool empty() const noexcept;
  /// The function to call instead of refusing a host, or null.
  const report& tell() const noexcept { return tell_; }

  /// Whether there are no pins, or a certificate on `path` has a pinned key.
  COHTTPS_DECL bool match(const certificate_chain& path) const;

 private:
  std::set<std::vector<std::uint8_t>> digests_;
  report tell_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/key_pins.ipp>
#endif
