// Definitions for trust_store.hpp.
#pragma once

#include <cohttps/tls/verify/trust_store.hpp>

namespace cohttps::tls {

COHTTPS_DEF result<void> trust_store::add_pem(std::string_view text, std::string_view source) {
  return own_.add_pem(text, source);
}

COHTTPS_DEF result<void> trust_store::add_der(std::span<const std::uint8_t> encoded,
                                              std::string_view source) {
  return own_.add_der(encoded, source);
}

COHTTPS_DEF result<void> trust_store::add_file(const std::string& path) {
  return own_.add_file(path);
}

COHTTPS_DEF result<void> trust_store::add_directory(const std::string& path) {
  return own_.add_directory(path);
}

COHTTPS_DEF result<void> trust_store::add_system() {
  static constexpr std::array paths{
#if defined(BOTAN_SYSTEM_CERT_BUNDLE)
      BOTAN_SYSTEM_CERT_BUNDLE,
#endif
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Arch, Gentoo, Alpine
      "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // newer Fedora, RHEL
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

COHTTPS_DEF result<void> trust_store::add_crls(std::string_view content, std::string_view source) {
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

COHTTPS_DEF result<void> trust_store::add_crl_file(const std::string& path) {
  if (const auto content = root_bundle::read(path)) return add_crls(*content, '"' + path + '"');
  return fail(error_category::usage, "unreadable_crl_file",
              "cannot read the file of revoked certificates \"" + path + '"');
}

COHTTPS_DEF void trust_store::add_to(Botan::HashFunction& digest) const {
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

COHTTPS_DEF std::size_t trust_store::size() const noexcept {
  return own_.size() + (system_ ? system_->size() : 0);
}

COHTTPS_DEF std::unique_ptr<Botan::Certificate_Store_In_Memory> trust_store::named_by(
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

COHTTPS_DEF const Botan::Certificate_Store_In_Memory& trust_store::all() const {
  const std::scoped_lock lock(mutex_);
  if (!all_) {
    all_ = std::make_unique<Botan::Certificate_Store_In_Memory>();
    const auto add = [&](const Botan::X509_Certificate& root) { all_->add_certificate(root); };
    if (system_) system_->each(add);
    own_.each(add);
  }
  return *all_;
}

}  // namespace cohttps::tls
