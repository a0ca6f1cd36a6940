// How a PKCS #12 file is protected by its passphrase: the MAC over all of it, and the encryption of
// its parts (RFC 7292, appendix B, and RFC 8018, 6.2).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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

COHTTPS_DECL [[gnu::cold]] std::unexpected<error> damaged(std::string_view what);
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> unsupported(std::string_view what);

COHTTPS_DECL bool is(const der::element& id, std::string_view dotted);
// A number that is not negative and fits into 31 bits.
COHTTPS_DECL std::optional<std::size_t> small(der::bytes& in);

// What is inside of [0] EXPLICIT, alone there and the last of `in`.
COHTTPS_DECL std::optional<der::bytes> content_of(der::bytes in, std::uint8_t tag);

// No parameters, or NULL.
COHTTPS_DECL bool is_plain(der::bytes parameters);

class protection {
 public:
  using octets = Botan::secure_vector<std::uint8_t>;

  /// The passphrase is not copied.
  explicit protection(std::string_view passphrase) : passphrase_(passphrase) {}

  /// MacData: an HMAC, with a key that is made of the passphrase in a way of its own (appendix B).
  COHTTPS_DECL result<void> check_mac(der::bytes in, der::bytes authenticated);

  /// PBES2 (RFC 8018, 6.2) with PBKDF2 and AES-CBC.
  COHTTPS_DECL result<octets> decrypt(const der::element& how, der::bytes encrypted);

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

  COHTTPS_DECL bool afford(std::optional<std::size_t> iterations);

  // Appendix B.2 for as many octets as the hash has, so that its steps 6.B and 6.C fall away.
  COHTTPS_DECL octets mac_key(const algorithm& hash, der::bytes salt, std::size_t iterations,
                              bool ended) const;

  // UTF-16 in network order (appendix B.1); what is not UTF-8 is taken for Latin-1, as OpenSSL
  // does.
  COHTTPS_DECL octets bmp_passphrase(bool ended) const;

  std::string_view passphrase_;
  std::size_t iterations_left_ = maximum_pkcs12_iterations;
};

}  // namespace detail::pkcs12
}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/pkcs12_protection.ipp>
#endif
