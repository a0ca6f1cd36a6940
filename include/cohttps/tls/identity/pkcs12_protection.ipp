// Definitions for pkcs12_protection.hpp.
#pragma once

#include <cohttps/tls/identity/pkcs12_protection.hpp>

namespace cohttps::tls {
namespace detail::pkcs12 {

COHTTPS_DEF std::unexpected<error> damaged(std::string_view what) {
  return fail(error_category::usage, "bad_pkcs12",
              "tls_identity::pkcs12 cannot be read: " + std::string(what) +
                  "; it has to be a whole PKCS #12 file (\"openssl pkcs12 -export\" makes one)");
}

COHTTPS_DEF std::unexpected<error> unsupported(std::string_view what) {
  return fail(
      error_category::usage, "pkcs12_not_supported",
      "tls_identity::pkcs12 is of a kind that is not read here: " + std::string(what) +
          "; write it anew with \"openssl pkcs12 -legacy -nodes -in old.p12 -out both.pem\" and "
          "\"openssl pkcs12 -export -in both.pem -out new.p12\", or give both.pem as "
          "certificate_pem and key_pem");
}

COHTTPS_DEF bool is(const der::element& id, std::string_view dotted) {
  return std::ranges::equal(id.whole, Botan::OID(dotted).BER_encode());
}

COHTTPS_DEF std::optional<std::size_t> small(der::bytes& in) {
  const auto found = der::next(in, der::integer);
  if (!found || found->content.empty() || found->content.size() > 4) return std::nullopt;
  const auto digits = found->content;
  if (digits[0] >= 0x80 || (digits.size() > 1 && digits[0] == 0 && digits[1] < 0x80))
    return std::nullopt;
  std::size_t value = 0;
  for (const auto digit : digits) value = value << 8 | digit;
  return value;
}

COHTTPS_DEF std::optional<der::bytes> content_of(der::bytes in, std::uint8_t tag) {
  const auto outer = der::next(in, der::context_0);
  der::bytes inside = outer ? outer->content : der::bytes();
  const auto found = der::next(inside, tag);
  if (!found || !inside.empty() || !in.empty()) return std::nullopt;
  return found->content;
}

COHTTPS_DEF bool is_plain(der::bytes parameters) {
  if (parameters.empty()) return true;
  const auto found = der::next(parameters, null);
  return found && found->content.empty() && parameters.empty();
}

COHTTPS_DEF result<void> protection::check_mac(der::bytes in, der::bytes authenticated) {
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
  // Some programs encode the empty passphrase with a NUL at its end, and others without it.
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

COHTTPS_DEF auto protection::decrypt(const der::element& how, der::bytes encrypted)
    -> result<octets> {
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
  if (!iv || iv->content.size() != 16 || !in.empty()) return damaged("its encryption is malformed");

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
  std::string_view hash = "SHA-1";  // the default
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
  if (plain.empty() || plain.size() % 16 != 0)
    return damaged("its encrypted content is incomplete");
  mode->finish(plain);
  return plain;
}

COHTTPS_DEF bool protection::afford(std::optional<std::size_t> iterations) {
  if (!iterations || *iterations == 0 || *iterations > iterations_left_) return false;
  iterations_left_ -= *iterations;
  return true;
}

COHTTPS_DEF auto protection::mac_key(const algorithm& hash, der::bytes salt, std::size_t iterations,
                                     bool ended) const -> octets {
  const octets password = bmp_passphrase(ended);
  octets input(hash.size, 3);  // the diversifier for a MAC key (appendix B.3)
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

COHTTPS_DEF auto protection::bmp_passphrase(bool ended) const -> octets {
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

}  // namespace detail::pkcs12
}  // namespace cohttps::tls
