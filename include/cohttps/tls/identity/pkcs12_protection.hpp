// The passphrase protection of a PKCS #12 file: the MAC of the whole content, and the encryption of
// its parts (RFC 7292, appendix B, and RFC 8018, 6.2).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/der.hpp>
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

/// The most key derivation iterations for one file. It bounds the work for untrusted files.
inline constexpr std::size_t maximum_pkcs12_iterations = 4'000'000;

namespace detail::pkcs12 {

inline constexpr std::uint8_t object = 0x06, null = 0x05;

COHTTPS_DECL [[gnu::cold]] std::unexpected<error> damaged(std::string_view what);
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> unsupported(std::string_view what);

COHTTPS_DECL bool is(const der::element& id, std::string_view dotted);
// Takes an INTEGER from 0 to 2^31 - 1 from the front of `in`.
COHTTPS_DECL std::optional<std::size_t> small(der::bytes& in);

// Returns the content of the element with `tag` in [0] EXPLICIT. It has to be the only element in
// [0], and [0] the only element of `in`.
COHTTPS_DECL std::optional<der::bytes> content_of(der::bytes in, std::uint8_t tag);

// Whether an algorithm has no parameters, or the parameter NULL.
COHTTPS_DECL bool is_plain(der::bytes parameters);

class protection {
 public:
  using octets = Botan::secure_vector<std::uint8_t>;

  /// Does not copy the passphrase, which has to outlive this object.
  explicit protection(std::string_view passphrase) : passphrase_(passphrase) {}

  /// MacData: an HMAC. Its key is derived from the passphrase as in appendix B.
  COHTTPS_DECL result<void> check_mac(der::bytes in, der::bytes authenticated);

  /// PBES2 (RFC 8018, 6.2) with PBKDF2 and AES-CBC.
  COHTTPS_DECL result<octets> decrypt(const der::element& how, der::bytes encrypted);

 private:
  static constexpr std::string_view pbes2 = "1.2.840.113549.1.5.13";
  static constexpr std::string_view pbkdf2 = "1.2.840.113549.1.5.12";

  struct algorithm {
    std::string_view id;
    std::string_view name;  // Botan's name
    std::size_t size;       // bytes: the block of a hash, the key of a cipher
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

  // Counts the iterations. False when they are missing, zero, or above the limit.
  COHTTPS_DECL bool afford(std::optional<std::size_t> iterations);

  // Appendix B.2. The key is as long as the hash, so steps 6.B and 6.C are not needed. `ended`:
  // with a NUL at the end of the passphrase.
  COHTTPS_DECL octets mac_key(const algorithm& hash, der::bytes salt, std::size_t iterations,
                              bool ended) const;

  // The passphrase as UTF-16 in network order (appendix B.1). A passphrase that is not UTF-8 is
  // read as Latin-1, as in OpenSSL.
  COHTTPS_DECL octets bmp_passphrase(bool ended) const;

  std::string_view passphrase_;
  std::size_t iterations_left_ = maximum_pkcs12_iterations;
};

}  // namespace detail::pkcs12
}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/identity/pkcs12_protection.ipp>
#endif
