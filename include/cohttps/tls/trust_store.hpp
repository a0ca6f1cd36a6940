// The certificates that a chain may end in, and lists of those that were revoked.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/crl_scope.hpp>
#include <cohttps/tls/root_bundle.hpp>

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
  /// As the members of `root_bundle`.
  COHTTPS_DECL result<void> add_pem(std::string_view text, std::string_view source);
  COHTTPS_DECL result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source);
  COHTTPS_DECL result<void> add_file(const std::string& path);
  COHTTPS_DECL result<void> add_directory(const std::string& path);

  /// Adds the operating system's bundle: the first that exists of the path that Botan was built
  /// with and those of the known distributions. SSL_CERT_FILE and its like are not looked at: who
  /// controls the environment should not thereby decide whom the program trusts. The bundle is read
  /// once for all contexts of the process, and again when the file has changed.
  COHTTPS_DECL [[gnu::cold]] result<void> add_system();

  /// A list of revoked certificates, and which ones it is about.
  struct revoked_list {
    Botan::X509_CRL list;
    crl_scope scope;
  };

  /// Adds lists of revoked certificates: X509 CRL blocks of PEM, or one in DER. A list that is
  /// stale or not of its issuer makes the certificates unacceptable that it is about.
  COHTTPS_DECL [[gnu::cold]] result<void> add_crls(std::string_view content,
                                                   std::string_view source);

  const std::vector<revoked_list>& lists() const noexcept { return crls_; }

  COHTTPS_DECL [[gnu::cold]] result<void> add_crl_file(const std::string& path);

  /// Over all of it: the same roots and lists, given in the same order.
  COHTTPS_DECL [[gnu::cold]] void add_to(Botan::HashFunction& digest) const;

  /// How many roots there are.
  COHTTPS_DECL std::size_t size() const noexcept;

  /// The roots that bear a name occurring in `chain`, as issuer or subject. Names are compared as
  /// encoded; where RFC 5280, 7.1 calls differently encoded names equal, only `all` finds the root.
  COHTTPS_DECL std::unique_ptr<Botan::Certificate_Store_In_Memory> named_by(
      const std::vector<Botan::X509_Certificate>& chain) const;

  /// Every root, parsed on the first call.
  COHTTPS_DECL const Botan::Certificate_Store_In_Memory& all() const;

 private:
  std::shared_ptr<const root_bundle> system_;  // shared with other contexts; may be null
  root_bundle own_;
  std::vector<revoked_list> crls_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Botan::Certificate_Store_In_Memory> all_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/trust_store.ipp>
#endif
