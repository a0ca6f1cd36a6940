// The certificates that a chain may end in, and lists of those that were revoked.
#pragma once

#include <cohttps/core/error.hpp>
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
  result<void> add_pem(std::string_view text, std::string_view source) {
    return own_.add_pem(text, source);
  }
  result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source) {
    return own_.add_der(encoded, source);
  }
  result<void> add_file(const std::string& path) { return own_.add_file(path); }
  result<void> add_directory(const std::string& path) { return own_.add_directory(path); }

  /// Adds the operating system's bundle: the first that exists of the path that Botan was built
  /// with and those of the known distributions. SSL_CERT_FILE and its like are not looked at: who
  /// controls the environment should not thereby decide whom the program trusts. The bundle is read
  /// once for all contexts of the process, and again when the file has changed.
  [[gnu::cold]] result<void> add_system() {
    static constexpr std::array paths{
#if defined(BOTAN_SYSTEM_CERT_BUNDLE)
        BOTAN_SYSTEM_CERT_BUNDLE,
#endif
        "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Arch, Gentoo, Alpine
        "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, newer
        "/etc/ssl/ca-bundle.pem",                             // openSUSE
        "/etc/ssl/cert.pem",                                  // macOS, BSD
        "/usr/local/share/certs/ca-root-nss.crt",             // FreeBSD
    };
    std::error_code ignored;
    for (const char* path : paths)
      if (std::filesystem::is_regular_file(path, ignored)) {
        auto found = root_bundle::shared(path);
        if (!found) return pass(std::move(found));
        system_ = *std::move(found);
        return {};
      }
    return fail(error_category::usage, "no_system_certificates",
                "found no certificates of the system: install them (the package is often called "
                "ca-certificates) or name a file with tls_options::root_file");
  }

  /// A list of revoked certificates, and which ones it is about.
  struct revoked_list {
    Botan::X509_CRL list;
    crl_scope scope;
  };

  /// Adds lists of revoked certificates: X509 CRL blocks of PEM, or one in DER. A list that is
  /// stale or not of its issuer makes the certificates unacceptable that it is about.
  [[gnu::cold]] result<void> add_crls(std::string_view content, std::string_view source) {
    std::size_t count = 0;
    const auto where = [&] {
      return "list " + std::to_string(count + 1) + " of revoked certificates in " +
             std::string(source);
    };
    try {
      Botan::DataSource_Memory in(root_bundle::der_of(content).data(), content.size());
      constexpr std::string_view begin = "-----BEGIN X509 CRL-----";
      auto at = content.find(begin);
      do {
        const Botan::X509_CRL list(in);
        auto scope = crl_scope::of(list);
        if (!scope)
          return fail(error_category::usage, "unsupported_crl",
                      where() +
                          " is of a kind that cannot be used alone: it has to be the whole list of "
                          "one issuer, without critical extensions that are not in RFC 5280");
        crls_.push_back({list, *std::move(scope)});
        ++count;
        if (at != std::string_view::npos) at = content.find(begin, at + 1);
      } while (at != std::string_view::npos);
      return {};
    } catch (const Botan::Exception&) {
      return fail(error_category::usage, "bad_crl",
                  where() + " is damaged: it has to be a CRL in PEM or DER");
    }
  }

  const std::vector<revoked_list>& lists() const noexcept { return crls_; }

  [[gnu::cold]] result<void> add_crl_file(const std::string& path) {
    if (const auto content = root_bundle::read(path)) return add_crls(*content, '"' + path + '"');
    return fail(error_category::usage, "unreadable_crl_file",
                "cannot read the file of revoked certificates \"" + path + '"');
  }

  /// Over all of it: the same roots and lists, given in the same order.
  [[gnu::cold]] void add_to(Botan::HashFunction& digest) const {
    const auto add = [&](std::span<const std::uint8_t> bytes) {
      digest.update_be(static_cast<std::uint64_t>(bytes.size()));
      digest.update(bytes);
    };
    digest.update_be(static_cast<std::uint64_t>(size()));
    if (system_) system_->each_encoded(add);
    own_.each_encoded(add);
    digest.update_be(static_cast<std::uint64_t>(crls_.size()));
    for (const auto& crl : crls_) add(crl.list.BER_encode());
  }

  /// How many roots there are.
  std::size_t size() const noexcept { return own_.size() + (system_ ? system_->size() : 0); }

  /// The roots that bear a name occurring in `chain`, as issuer or subject. Names are compared as
  /// encoded; where RFC 5280, 7.1 calls differently encoded names equal, only `all` finds the root.
  std::unique_ptr<Botan::Certificate_Store_In_Memory> named_by(
      const std::vector<Botan::X509_Certificate>& chain) const {
    auto found = std::make_unique<Botan::Certificate_Store_In_Memory>();
    const auto add = [&](const Botan::X509_Certificate& root) { found->add_certificate(root); };
    for (const auto& certificate : chain)
      for (const auto* name : {&certificate.raw_subject_dn(), &certificate.raw_issuer_dn()}) {
        if (system_) system_->each_named(*name, add);
        own_.each_named(*name, add);
      }
    return found;
  }

  /// Every root, parsed on the first call.
  const Botan::Certificate_Store_In_Memory& all() const {
    const std::scoped_lock lock(mutex_);
    if (!all_) {
      all_ = std::make_unique<Botan::Certificate_Store_In_Memory>();
      const auto add = [&](const Botan::X509_Certificate& root) { all_->add_certificate(root); };
      if (system_) system_->each(add);
      own_.each(add);
    }
    return *all_;
  }

 private:
  std::shared_ptr<const root_bundle> system_;  // shared with other contexts; may be null
  root_bundle own_;
  std::vector<revoked_list> crls_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Botan::Certificate_Store_In_Memory> all_;
};

}  // namespace cohttps::tls
