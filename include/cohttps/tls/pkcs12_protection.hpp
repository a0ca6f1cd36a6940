// How a PKCS #12 file is protected by its passphrase: the MAC over all of it, and the encryption of
// its parts (RFC 7292, appendix B, and RFC 8018, 6.2).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/der.hpp>
#include <cohttps/url/utf8.hpp>

#include <botan/asn1_obj.h>
#include <botan/cipher_mode.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/pwdhash.h>
#include <botan/secmem.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::tls {

/// Bound on what is worked at for a file that may be anybody's, for all of its keys together.
inline constexpr std::size_t maximum_pkcs12_iterations = 4'000'000;

namespace detail::pkcs12 {

inline constexpr std::uint8_t object = 0x06, null = 0x05;

[[gnu::cold]] inline std::unexpected<error> damaged(std::string_view what) {
  return fail(error_category::usage, "bad_pkcs12",
              "tls_identity::pkcs12 cannot be read: " + std::string(what) +
                  "; it has to be a whole PKCS #12 file (\"openssl pkcs12 -export\" makes one)");
}
[[gnu::cold]] inline std::unexpected<error> unsupported(std::string_view what) {
  return fail(
      error_category::usage, "pkcs12_not_supported",
      "tls_identity::pkcs12 is of a kind that is not read here: " + std::string(what) +
          "; write it anew with \"openssl pkcs12 -legacy -nodes -in old.p12 -out both.pem\" and "
          "\"openssl pkcs12 -export -in both.pem -out new.p12\", or give both.pem as "
          "certificate_pem and key_pem");
}

inline bool is(const der::element& id, std::string_view dotted) {
  return std::ranges::equal(id.whole, Botan::OID(dotted).BER_encode());
}
// A number that is not negative and fits into 31 bits.
inline std::optional<std::size_t> small(der::bytes& in) {
  const auto found = der::next(in, der::integer);
  if (!found || found->content.empty() || found->content.size() > 4) return std::nullopt;
  const auto digits = found->content;
  if (digits[0] >= 0x80 || (digits.size() > 1 && digits[0] == 0 && digits[1] < 0x80))
    return std::nullopt;
  std::size_t value = 0;
  for (const auto digit : digits) value = value << 8 | digit;
  return value;
}

// What is inside of [0] EXPLICIT, alone there and the last of `in`.
inline std::optional<der::bytes> content_of(der::bytes in, std::uint8_t tag) {
  const auto outer = der::next(in, der::context_0);
  der::bytes inside = outer ? outer->content : der::bytes();
  const auto found = der::next(inside, tag);
  if (!found || !inside.empty() || !in.empty()) return std::nullopt;
  return found->content;
}

// No parameters, or NULL.
inline bool is_plain(der::bytes parameters) {
  if (parameters.empty()) return true;
  const auto found = der::next(parameters, null);
  return found && found->content.empty() && parameters.empty();
}

class protection {
 public:
  using octets = Botan::secure_vector<std::uint8_t>;

  /// The passphrase is not copied.
  explicit protection(std::string_view passphrase) : passphrase_(passphrase) {}

  /// MacData: an HMAC, with a key that is made of the passphrase in a way of its own (appendix B).
  result<void> check_mac(der::bytes in, der::bytes authenticated) {
    const auto info = der::next(in, der::sequence);
    const auto salt = der::next(in, der::octet_string);
    auto iterations = std::optional<std::size_t>(1);
    if (!in.empty()) iterations = small(in);
    der::bytes inside = info ? info->content : der::bytes();
    const auto how = der::next(inside, der::sequence);
    const auto expected = der::next(inside, der::octet_string);
    if (!how || !expected || !salt || !inside.empty() || !in.empty())
      return damaged("its MAC is malformed");
    inside = how->content;
    const auto id = der::next(inside, object);
    const auto* hash = id ? find(hashes, *id) : nullptr;
    if (!hash) return unsupported("its MAC is not an HMAC of SHA-1 or SHA-2");
    if (!is_plain(inside)) return damaged("its MAC is malformed");
    if (!afford(iterations)) return damaged("it wants more work than is sensible");
    const auto mac =
        Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + std::string(hash->name) + ')');
    // The empty passphrase is written in two ways, with the NUL at its end and without one.
    for (const bool ended : {true, false}) {
      if (!ended && !passphrase_.empty()) break;
      mac->set_key(mac_key(*hash, salt->content, *iterations, ended));
      mac->update(authenticated);
      if (mac->verify_mac(expected->content)) return {};
    }
    return fail(error_category::usage, "bad_pkcs12_passphrase",
                "tls_identity::pkcs12 was made with another passphrase than "
                "tls_identity::passphrase, or was changed since");
  }

  /// PBES2 (RFC 8018, 6.2) with PBKDF2 and AES-CBC.
  result<octets> decrypt(const der::element& how, der::bytes encrypted) {
    der::bytes in = how.content;
    const auto scheme = der::next(in, object);
    const auto parameters = der::next(in, der::sequence);
    if (!scheme || !is(*scheme, pbes2))
      return unsupported("it is encrypted in an old way (such as with RC2 or 3DES)");
    der::bytes inside = parameters ? parameters->content : der::bytes();
    const auto derivation = der::next(inside, der::sequence);
    const auto encryption = der::next(inside, der::sequence);
    if (!derivation || !encryption || !inside.empty() || !in.empty())
      return damaged("its encryption is malformed");

    in = encryption->content;
    const auto cipher_id = der::next(in, object);
    const auto* cipher = cipher_id ? find(ciphers, *cipher_id) : nullptr;
    const auto iv = der::next(in, der::octet_string);
    if (!cipher) return unsupported("it is not encrypted with AES-CBC");
    if (!iv || iv->content.size() != 16 || !in.empty())
      return damaged("its encryption is malformed");

    in = derivation->content;
    const auto derivation_id = der::next(in, object);
    if (!derivation_id || !is(*derivation_id, pbkdf2))
      return unsupported("its keys are not made with PBKDF2");
    const auto pbkdf2_parameters = der::next(in, der::sequence);
    inside = pbkdf2_parameters ? pbkdf2_parameters->content : der::bytes();
    const auto salt = der::next(inside, der::octet_string);
    const auto iterations = small(inside);
    if (!inside.empty() && inside[0] == der::integer && small(inside) != cipher->size)
      return damaged("its encryption is malformed");
    const auto function = der::next(inside, der::sequence);
    if (!salt || !inside.empty() || !in.empty()) return damaged("its encryption is malformed");
    std::string_view hash = "SHA-1";  // where none is named
    if (function) {
      inside = function->content;
      const auto id = der::next(inside, object);
      const auto* named = id ? find(functions, *id) : nullptr;
      if (!named || !is_plain(inside))
        return unsupported("its keys are not made with an HMAC of SHA-1 or SHA-2");
      hash = named->name;
    }
    if (!afford(iterations)) return damaged("it wants more work than is sensible");

    octets key(cipher->size);
    Botan::PasswordHashFamily::create_or_throw("PBKDF2(" + std::string(hash) + ')')
        ->from_params(*iterations)
        ->derive_key(key.data(), key.size(), passphrase_.data(), passphrase_.size(),
                     salt->content.data(), salt->content.size());
    const auto mode =
        Botan::Cipher_Mode::create_or_throw(cipher->name, Botan::Cipher_Dir::Decryption);
    mode->set_key(key);
    mode->start(iv->content);
    octets plain(encrypted.begin(), encrypted.end());
    if (plain.empty() || plain.size() % 16 != 0) return damaged("something of it is cut off");
    mode->finish(plain);
    return plain;
  }

 private:
  static constexpr std::string_view pbes2 = "1.2.840.113549.1.5.13";
  static constexpr std::string_view pbkdf2 = "1.2.840.113549.1.5.12";

  struct algorithm {
    std::string_view id;
    std::string_view name;  // Botan's
    std::size_t size;       // of a block of a hash, of the key of a cipher
  };
  static constexpr algorithm hashes[] = {{"1.3.14.3.2.26", "SHA-1", 64},
                                         {"2.16.840.1.101.3.4.2.1", "SHA-256", 64},
                                         {"2.16.840.1.101.3.4.2.2", "SHA-384", 128},
                                         {"2.16.840.1.101.3.4.2.3", "SHA-512", 128}};
  static constexpr algorithm functions[] = {{"1.2.840.113549.2.7", "SHA-1", 64},
                                            {"1.2.840.113549.2.9", "SHA-256", 64},
                                            {"1.2.840.113549.2.10", "SHA-384", 128},
                                            {"1.2.840.113549.2.11", "SHA-512", 128}};
  static constexpr algorithm ciphers[] = {{"2.16.840.1.101.3.4.1.2", "AES-128/CBC/PKCS7", 16},
                                          {"2.16.840.1.101.3.4.1.22", "AES-192/CBC/PKCS7", 24},
                                          {"2.16.840.1.101.3.4.1.42", "AES-256/CBC/PKCS7", 32}};

  template <std::size_t N>
  static const algorithm* find(const algorithm (&all)[N], const der::element& id) {
    const auto found = std::ranges::find_if(all, [&](const auto& one) { return is(id, one.id); });
    return found == std::end(all) ? nullptr : found;
  }

  bool afford(std::optional<std::size_t> iterations) {
    if (!iterations || *iterations == 0 || *iterations > iterations_left_) return false;
    iterations_left_ -= *iterations;
    return true;
  }

  // Appendix B.2 for as many octets as the hash has, so that its steps 6.B and 6.C fall away.
  octets mac_key(const algorithm& hash, der::bytes salt, std::size_t iterations, bool ended) const {
    const octets password = bmp_passphrase(ended);
    octets input(hash.size, 3);  // the diversifier: a key for a MAC
    const auto fill = [&](auto text) {
      const std::size_t end = input.size() + (text.size() + hash.size - 1) / hash.size * hash.size;
      for (std::size_t i = 0; input.size() < end; ++i) input.push_back(text[i % text.size()]);
    };
    fill(salt);
    fill(std::span<const std::uint8_t>(password));
    const auto function = Botan::HashFunction::create_or_throw(hash.name);
    octets key(function->output_length());
    for (std::size_t i = 0; i < iterations; ++i) {
      function->update(input);
      function->final(key);
      if (i == 0) input.resize(key.size());
      std::ranges::copy(key, input.begin());
    }
    return key;
  }

  // UTF-16 in network order (appendix B.1); what is not UTF-8 is taken for Latin-1, as OpenSSL
  // does.
  octets bmp_passphrase(bool ended) const {
    octets out;
    out.reserve(2 * passphrase_.size() + 2);
    const auto put = [&](char32_t unit) {
      out.push_back(static_cast<std::uint8_t>(unit >> 8));
      out.push_back(static_cast<std::uint8_t>(unit));
    };
    if (auto points = cohttps::detail::decode_utf8(passphrase_)) {
      for (const char32_t c : *points) {
        if (c >= 0x10000) put(0xd800 + ((c - 0x10000) >> 10));
        put(c < 0x10000 ? c : 0xdc00 + ((c - 0x10000) & 0x3ff));
      }
      cohttps::detail::wipe(std::as_writable_bytes(std::span(*points)));
    } else {
      for (const char c : passphrase_) put(static_cast<unsigned char>(c));
    }
    if (ended) put(0);
    return out;
  }

  std::string_view passphrase_;
  std::size_t iterations_left_ = maximum_pkcs12_iterations;
};

}  // namespace detail::pkcs12
}  // namespace cohttps::tls
