// Reads a key and its certificates from a PKCS #12 file (RFC 7292), in the form that current
// programs write. No released version of Botan can read it.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/der.hpp>

#include <botan/build.h>
#include <botan/pk_keys.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(BOTAN_HAS_PKCS5_PBES2)
#include <cohttps/tls/identity/pkcs12_protection.hpp>

#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/pkcs8.h>

#include <algorithm>
#include <exception>
#endif

namespace cohttps::tls {

/// The content of a PKCS #12 file.
struct pkcs12_content {
  std::shared_ptr<Botan::Private_Key> key;
  certificate_chain chain;  ///< the certificate of the key first, then its issuers
};

/// The largest file, in bytes, and the most certificates. They bound the work for untrusted files.
inline constexpr std::size_t maximum_pkcs12 = std::size_t{1} << 20;
inline constexpr std::size_t maximum_pkcs12_certificates = 32;

#if defined(BOTAN_HAS_PKCS5_PBES2)
namespace detail::pkcs12 {

template <class = void>
class reader {
 public:
  using octets = protection::octets;

  explicit reader(std::string_view passphrase) : protection_(passphrase) {}

  // PFX (section 4). The content is parsed only after its MAC has been verified.
  result<pkcs12_content> read(der::bytes file) {
    const auto outer = der::next(file, der::sequence);
    if (!outer || !file.empty()) return damaged("it is not one element of DER");
    der::bytes in = outer->content;
    const auto version = small(in);
    const auto safe = der::next(in, der::sequence);
    const auto mac = der::next(in, der::sequence);
    if (version != 3 || !safe) return damaged("it is not a PFX of version 3");
    der::bytes inside = safe->content;
    const auto kind = der::next(inside, object);
    const auto signed_with_mac = content_of(inside, der::octet_string);
    if (!kind || !is(*kind, data)) return unsupported("it is not protected by a passphrase");
    if (!signed_with_mac) return damaged("it has no content");
    if (!mac) return unsupported("it has no MAC, so that anybody could have changed it");
    if (!in.empty()) return damaged("something follows the MAC");
    if (auto right = protection_.check_mac(mac->content, *signed_with_mac); !right)
      return pass(std::move(right));
    if (auto taken = read_safe(*signed_with_mac); !taken) return pass(std::move(taken));
    return concluded();
  }

 private:
  static constexpr std::uint8_t set = 0x31;
  static constexpr std::string_view data = "1.2.840.113549.1.7.1";
  static constexpr std::string_view encrypted_data = "1.2.840.113549.1.7.6";
  static constexpr std::string_view key_bag = "1.2.840.113549.1.12.10.1.1";
  static constexpr std::string_view shrouded_key_bag = "1.2.840.113549.1.12.10.1.2";
  static constexpr std::string_view certificate_bag = "1.2.840.113549.1.12.10.1.3";
  static constexpr std::string_view x509_certificate = "1.2.840.113549.1.9.22.1";

  // AuthenticatedSafe: a list of parts. Each part is encrypted or plain.
  result<void> read_safe(der::bytes in) {
    const auto parts = der::next(in, der::sequence);
    if (!parts || !in.empty()) return damaged("its content is malformed");
    for (in = parts->content; !in.empty();) {
      const auto part = der::next(in, der::sequence);
      der::bytes inside = part ? part->content : der::bytes();
      const auto kind = der::next(inside, object);
      if (!kind) return damaged("its content is malformed");
      if (is(*kind, data)) {
        const auto plain = content_of(inside, der::octet_string);
        if (!plain) return damaged("its content is malformed");
        if (auto taken = read_bags(*plain); !taken) return taken;
      } else if (is(*kind, encrypted_data)) {
        auto plain = decrypt_part(inside);
        if (!plain) return pass(std::move(plain));
        if (auto taken = read_bags(*plain); !taken) return taken;
      } else {
        return unsupported("it is encrypted with a public key");
      }
    }
    return {};
  }

  // EncryptedData (RFC 5652, 8) inside [0].
  result<octets> decrypt_part(der::bytes in) {
    const auto content = content_of(in, der::sequence);
    in = content ? *content : der::bytes();
    const auto version = small(in);
    const auto info = der::next(in, der::sequence);
    der::bytes inside = info ? info->content : der::bytes();
    const auto kind = der::next(inside, object);
    const auto how = der::next(inside, der::sequence);
    const auto encrypted = der::next(inside, 0x80);
    if (version != 0 || !kind || !is(*kind, data) || !how || !encrypted || !inside.empty() ||
        !in.empty())
      return damaged("its content is malformed");
    return protection_.decrypt(*how, encrypted->content);
  }

  // SafeContents (4.2): keys and certificates. Other kinds of bags are ignored.
  result<void> read_bags(der::bytes in) {
    const auto bags = der::next(in, der::sequence);
    if (!bags || !in.empty()) return damaged("its content is malformed");
    for (in = bags->content; !in.empty();) {
      const auto bag = der::next(in, der::sequence);
      der::bytes inside = bag ? bag->content : der::bytes();
      const auto kind = der::next(inside, object);
      const auto value = der::next(inside, der::context_0);
      if (!kind || !value || (!inside.empty() && !der::next(inside, set)) || !inside.empty())
        return damaged("its content is malformed");
      auto taken = result<void>();
      if (is(*kind, key_bag)) taken = take_key(value->content);
      if (is(*kind, shrouded_key_bag)) taken = take_shrouded_key(value->content);
      if (is(*kind, certificate_bag)) taken = take_certificate(value->content);
      if (!taken) return taken;
    }
    return {};
  }

  result<void> take_shrouded_key(der::bytes in) {
    const auto info = der::next(in, der::sequence);
    der::bytes inside = info ? info->content : der::bytes();
    const auto how = der::next(inside, der::sequence);
    const auto encrypted = der::next(inside, der::octet_string);
    if (!how || !encrypted || !inside.empty() || !in.empty())
      return damaged("its key is malformed");
    auto plain = protection_.decrypt(*how, encrypted->content);
    if (!plain) return pass(std::move(plain));
    return take_key(*plain);
  }

  result<void> take_key(der::bytes in) {
    if (key_) return unsupported("it holds more than one key");
    Botan::DataSource_Memory source(octets(in.begin(), in.end()));
    key_ = Botan::PKCS8::load_key(source);
    return {};
  }

  result<void> take_certificate(der::bytes in) {
    const auto bag = der::next(in, der::sequence);
    der::bytes inside = bag ? bag->content : der::bytes();
    const auto kind = der::next(inside, object);
    const auto value = content_of(inside, der::octet_string);
    if (!kind || !value || !in.empty()) return damaged("a certificate of it is malformed");
    if (!is(*kind, x509_certificate)) return {};
    if (certificates_.size() == maximum_pkcs12_certificates)
      return damaged("it holds more certificates than a client can use");
    certificates_.emplace_back(value->data(), value->size());
    return {};
  }

  // Sorts the certificates, which may have any order in the file.
  result<pkcs12_content> concluded() {
    if (!key_) return damaged("it holds no key");
    pkcs12_content made{std::move(key_), {}};
    const auto own = made.key->subject_public_key();
    auto next = std::ranges::find_if(
        certificates_, [&](const auto& one) { return one.subject_public_key_info() == own; });
    if (next == certificates_.end()) return damaged("it holds no certificate of its key");
    while (next != certificates_.end()) {
      made.chain.push_back(*next);
      certificates_.erase(next);
      const auto& last = made.chain.back();
      next = std::ranges::find_if(certificates_, [&](const auto& one) {
        return !last.is_self_signed() && one.raw_subject_dn() == last.raw_issuer_dn();
      });
    }
    return made;
  }

  protection protection_;
  std::shared_ptr<Botan::Private_Key> key_;
  certificate_chain certificates_;
};

}  // namespace detail::pkcs12

/// Fails with category usage: `bad_pkcs12`, `bad_pkcs12_passphrase`, or `pkcs12_not_supported` with
/// the commands that convert the file. The errors contain no part of the key or the passphrase.
template <class = void>
[[gnu::cold]] result<pkcs12_content> read_pkcs12(std::span<const std::uint8_t> file,
                                                 std::string_view passphrase) {
  const auto damaged = [](std::string_view what) {
    return fail(error_category::usage, "bad_pkcs12",
                "tls_identity::pkcs12 cannot be read: " + std::string(what));
  };
  if (file.size() > maximum_pkcs12) return damaged("it is larger than 1 MiB");
  try {
    return detail::pkcs12::reader<>(passphrase).read(file);
  } catch (const Botan::Lookup_Error&) {
    return fail(error_category::usage, "pkcs12_not_supported",
                "tls_identity::pkcs12 needs an algorithm that this build of Botan does not have");
  } catch (const std::exception&) {
    return damaged("a key or a certificate in it is malformed, or has another passphrase");
  }
}

#else

template <class = void>
[[gnu::cold]] result<pkcs12_content> read_pkcs12(std::span<const std::uint8_t>, std::string_view) {
  return fail(
      error_category::usage, "pkcs12_not_supported",
      "tls_identity::pkcs12 cannot be read, as this Botan was built without PBES2; make PEM "
      "of it (\"openssl pkcs12 -nodes\") and give certificate_pem and key_pem");
}

#endif

}  // namespace cohttps::tls
