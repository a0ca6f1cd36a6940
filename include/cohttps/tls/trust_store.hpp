// The certificates that a chain may end in. A system's bundle holds about 150 and takes 10 ms to
// parse; a chain needs one. So the bundle is only skimmed for subjects, and a root is parsed when a
// chain names it.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/der.hpp>

#include <botan/base64.h>
#include <botan/build.h>
#include <botan/certstor.h>
#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/pkix_types.h>
#include <botan/secmem.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Threads: const members may be called at the same time.
class trust_store {
 public:
  /// Adds each CERTIFICATE block of PEM text (RFC 7468); text between blocks is ignored, as bundles
  /// carry comments. `source` names it in errors. No block at all is an error, and so is a damaged
  /// one.
  [[gnu::cold]] result<void> add_pem(std::string_view text, std::string_view source) {
    constexpr std::string_view begin = pem_begin;
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    std::size_t count = 0;
    for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin)) {
      text.remove_prefix(at + begin.size());
      const auto length = text.find(end);
      ++count;
      if (length == std::string_view::npos || !add_block(text.substr(0, length)))
        return fail(error_category::usage, "bad_certificate_file",
                    "certificate " + std::to_string(count) + " in " + std::string(source) +
                        " is damaged: it has to be a PEM block of an X.509 certificate");
      text.remove_prefix(length + end.size());
    }
    if (count == 0)
      return fail(error_category::usage, "no_certificates",
                  "there is no certificate in " + std::string(source) +
                      ": it has to hold PEM blocks that start with " + std::string(begin));
    return {};
  }

  /// Adds one certificate in DER.
  result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source) {
    if (add_encoded(encoded)) return {};
    return fail(error_category::usage, "bad_certificate_file",
                std::string(source) + " is damaged: it has to be an X.509 certificate in DER");
  }

  /// Adds the content of a file: PEM, or one certificate in DER.
  [[gnu::cold]] result<void> add_file(const std::string& path) {
    const auto text = read(path);
    if (!text)
      return fail(error_category::usage, "unreadable_certificate_file",
                  "cannot read the certificate file \"" + path +
                      "\": give the path of a readable file of certificates");
    if (is_der(*text)) return add_der(der_of(*text), '"' + path + '"');
    return add_pem(*text, '"' + path + '"');
  }

  /// Adds what certificates there are in the files of a folder, but not of those below it. Files
  /// that hold none are passed over; a folder in which there is none is an error.
  [[gnu::cold]] result<void> add_directory(const std::string& path) {
    std::error_code failed;
    std::vector<std::string> files;
    for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
         at.increment(failed))
      if (std::error_code ignored; at->is_regular_file(ignored))
        files.push_back(at->path().string());
    if (failed)
      return fail(error_category::usage, "unreadable_certificate_directory",
                  "cannot read the folder of certificates \"" + path + "\": " + failed.message());
    std::ranges::sort(files);
    std::size_t holding = 0;
    for (const auto& file : files) {
      const auto text = read(file);
      if (!text || !(is_der(*text) || text->find(pem_begin) != std::string::npos)) continue;
      ++holding;
      if (auto added = is_der(*text) ? add_der(der_of(*text), '"' + file + '"')
                                     : add_pem(*text, '"' + file + '"');
          !added)
        return added;
    }
    if (holding > 0) return {};
    return fail(error_category::usage, "no_certificates",
                "there is no certificate in the folder \"" + path + '"');
  }

  /// Adds the operating system's bundle: the first that exists of the path that Botan was built
  /// with and those of the known distributions. SSL_CERT_FILE and its like are not looked at: who
  /// controls the environment should not thereby decide whom the program trusts.
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
      if (std::filesystem::is_regular_file(path, ignored)) return add_file(path);
    return fail(error_category::usage, "no_system_certificates",
                "found no certificates of the system: install them (the package is often called "
                "ca-certificates) or name a file with tls_options::root_file");
  }

  /// Adds lists of revoked certificates: X509 CRL blocks of PEM, or one in DER. A list that is
  /// stale or not of its issuer makes the certificates of that issuer unacceptable.
  [[gnu::cold]] result<void> add_crls(std::string_view content, std::string_view source) {
    std::size_t count = 0;
    try {
      Botan::DataSource_Memory in(der_of(content).data(), content.size());
      constexpr std::string_view begin = "-----BEGIN X509 CRL-----";
      if (content.find(begin) == std::string_view::npos) {
        crls_.emplace_back(in);
        return {};
      }
      for (auto at = content.find(begin); at != std::string_view::npos;
           at = content.find(begin, at + 1), ++count)
        crls_.emplace_back(in);
      return {};
    } catch (const Botan::Exception&) {
      return fail(error_category::usage, "bad_crl",
                  "list " + std::to_string(count + 1) + " of revoked certificates in " +
                      std::string(source) + " is damaged: it has to be a CRL in PEM or DER");
    }
  }

  [[gnu::cold]] result<void> add_crl_file(const std::string& path) {
    if (const auto content = read(path)) return add_crls(*content, '"' + path + '"');
    return fail(error_category::usage, "unreadable_crl_file",
                "cannot read the file of revoked certificates \"" + path + '"');
  }

  /// Over all of it: the same roots and lists, given in the same order.
  [[gnu::cold]] void add_to(Botan::HashFunction& digest) const {
    const auto add = [&](std::span<const std::uint8_t> bytes) {
      digest.update_be(static_cast<std::uint64_t>(bytes.size()));
      digest.update(bytes);
    };
    digest.update_be(static_cast<std::uint64_t>(entries_.size()));
    for (const auto& each : entries_) add(each.encoded());
    digest.update_be(static_cast<std::uint64_t>(crls_.size()));
    for (const auto& crl : crls_) add(crl.BER_encode());
  }

  /// How many roots there are.
  std::size_t size() const noexcept { return entries_.size(); }

  /// The roots that bear a name occurring in `chain`, as issuer or subject. Names are compared as
  /// encoded; where RFC 5280, 7.1 calls differently encoded names equal, only `all` finds the root.
  std::unique_ptr<Botan::Certificate_Store_In_Memory> named_by(
      const std::vector<Botan::X509_Certificate>& chain) const {
    auto found = std::make_unique<Botan::Certificate_Store_In_Memory>();
    const std::scoped_lock lock(mutex_);
    for (const auto& certificate : chain) {
      add_named(*found, certificate.raw_subject_dn());
      add_named(*found, certificate.raw_issuer_dn());
    }
    for (const auto& crl : crls_) found->add_crl(crl);
    return found;
  }

  /// Every root, parsed on the first call.
  const Botan::Certificate_Store_In_Memory& all() const {
    const std::scoped_lock lock(mutex_);
    if (!all_) {
      all_ = std::make_unique<Botan::Certificate_Store_In_Memory>();
      for (const auto& each : entries_)
        if (const auto* root = each.parsed()) all_->add_certificate(*root);
      for (const auto& crl : crls_) all_->add_crl(crl);
    }
    return *all_;
  }

 private:
  class entry {
   public:
    explicit entry(std::vector<std::uint8_t> encoded) : der_(std::move(encoded)) {}

    std::span<const std::uint8_t> encoded() const noexcept { return der_; }

    /// Null when it cannot be parsed: then it is trusted for nothing.
    const Botan::X509_Certificate* parsed() const {
      if (!certificate_ && !damaged_) try {
          certificate_.emplace(der_);
        } catch (const Botan::Exception&) {
          damaged_ = true;
        }
      return certificate_ ? &*certificate_ : nullptr;
    }

   private:
    std::vector<std::uint8_t> der_;
    mutable std::optional<Botan::X509_Certificate> certificate_;
    mutable bool damaged_ = false;
  };

  static std::string key(std::span<const std::uint8_t> name) {
    return {reinterpret_cast<const char*>(name.data()), name.size()};
  }

  static constexpr std::string_view pem_begin = "-----BEGIN CERTIFICATE-----";

  static std::optional<std::string> read(const std::string& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, ignored)) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static std::span<const std::uint8_t> der_of(std::string_view content) {
    return {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()};
  }
  static bool is_der(std::string_view content) {
    return der::subject_of(der_of(content)).has_value();
  }

  bool add_block(std::string_view base64) {
    try {
      return add_encoded(Botan::base64_decode(base64.data(), base64.size()));
    } catch (const Botan::Exception&) {
      return false;
    }
  }

  bool add_encoded(std::span<const std::uint8_t> encoded) {
    const auto subject = der::subject_of(encoded);
    if (!subject) return false;
    by_subject_.emplace(key(*subject), entries_.size());
    entries_.emplace_back(std::vector<std::uint8_t>(encoded.begin(), encoded.end()));
    return true;
  }

  void add_named(Botan::Certificate_Store_In_Memory& to,
                 const std::vector<std::uint8_t>& name) const {
    const auto [first, last] = by_subject_.equal_range(key(name));
    for (auto it = first; it != last; ++it)
      if (const auto* root = entries_[it->second].parsed()) to.add_certificate(*root);
  }

  std::vector<entry> entries_;
  std::vector<Botan::X509_CRL> crls_;
  std::unordered_multimap<std::string, std::size_t> by_subject_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Botan::Certificate_Store_In_Memory> all_;
};

}  // namespace cohttps::tls
