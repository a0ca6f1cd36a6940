// The trust anchors, and the certificate revocation lists (CRLs) of the caller.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/revocation/crl_scope.hpp>
#include <cohttps/tls/verify/root_bundle.hpp>

#include <botan/build.h>
#include <botan/certstor.h>
#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Threads: const members may be called at the same time.
class trust_store {
 public:
  /// These add roots. They behave as the members of `root_bundle` with the same names.
  COHTTPS_DECL result<void> add_pem(std::string_view text, std::string_view source);
  COHTTPS_DECL result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source);
  COHTTPS_DECL result<void> add_file(const std::string& path);
  COHTTPS_DECL result<void> add_directory(const std::string& path);

  /// Adds the bundle of the operating system: the first existing file of Botan's configured path
  /// and the paths of known distributions. Ignores environment variables such as SSL_CERT_FILE,
  /// because a user who controls the environment should not control the trust anchors. All contexts
  /// of the process share the bundle. The file is read again when it has changed.
  COHTTPS_DECL [[gnu::cold]] result<void> add_system();

  /// A certificate revocation list and its scope.
  struct revoked_list {
    Botan::X509_CRL list;
    crl_scope scope;
  };

  /// Adds certificate revocation lists: X509 CRL blocks of PEM, or one list in DER. When a list has
  /// expired or has a bad signature, the certificates in its scope are refused.
  COHTTPS_DECL [[gnu::cold]] result<void> add_crls(std::string_view content,
                                                   std::string_view source);

  const std::vector<revoked_list>& lists() const noexcept { return crls_; }

  COHTTPS_DECL [[gnu::cold]] result<void> add_crl_file(const std::string& path);

  /// Adds all roots and lists to `digest`, in the order in which they were added.
  COHTTPS_DECL [[gnu::cold]] void add_to(Botan::HashFunction& digest) const;

  /// Returns the number of roots.
  COHTTPS_DECL std::size_t size() const noexcept;

  /// Returns the roots whose subject is the issuer or the subject of a certificate in `chain`.
  /// Compares the encoded names. Two different encodings can be the same name (RFC 5280, 7.1); only
  /// `all` contains a root with such a name.
  COHTTPS_DECL std::unique_ptr<Botan::Certificate_Store_In_Memory> named_by(
      const std::vector<Botan::X509_Certificate>& chain) const;

  /// Returns all roots. The first call parses them.
  COHTTPS_DECL const Botan::Certificate_Store_In_Memory& all() const;

 private:
  std::shared_ptr<const root_bundle> system_;  // shared with other contexts, or null
  root_bundle own_;
  std::vector<revoked_list> crls_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Botan::Certificate_Store_In_Memory> all_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/trust_store.ipp>
#endif
