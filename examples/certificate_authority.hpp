// A certificate authority that lives as long as the program: for tests, examples and trying things
// out on localhost. It issues what is right and, on demand, whatever can be wrong.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace Botan {
class Private_Key;
class Public_Key;
}  // namespace Botan

enum class key_kind { p256, p384, p521, rsa_1024, rsa_2048, rsa_4096, ed25519 };

/// What `issue` is to put into a certificate. The default is good for a TLS server.
struct certificate_request {
  std::vector<std::string> dns = {};  ///< host names; "*.example.com" is a wildcard
  std::vector<std::string> ip = {};   ///< addresses, IPv4 or IPv6
  std::string common_name = {};       ///< by default the first of the names
  std::chrono::seconds not_before = -std::chrono::hours(1);      ///< from the authority's now
  std::chrono::seconds not_after = std::chrono::hours(24 * 90);  ///< the same
  std::vector<std::string> usages = {"1.3.6.1.5.5.7.3.1"};       ///< extended; default serverAuth
  key_kind key = key_kind::p256;
  std::shared_ptr<Botan::Private_Key> existing_key = {};  ///< instead of a new one
  std::string hash = "SHA-256";                           ///< of the signature
  std::vector<std::uint8_t> key_usage = {};               ///< in DER; empty: the usual
  bool authority = false;                                 ///< may issue others
  std::optional<std::size_t> path = {};                   ///< at most so many authorities below
  std::vector<std::string> permitted = {};  ///< name constraint: DNS names below these alone
  bool self_signed = false;       ///< signed with its own key, naming itself as the issuer
  bool must_staple = false;       ///< demands a stapled OCSP answer
  std::string ocsp_url = {};      ///< where its issuer tells whether it is revoked
  std::string crl_url = {};       ///< where its issuer publishes its list of revoked ones
  bool unknown_critical = false;  ///< has a critical extension that nobody knows
  /// Extensions of any other kind: the identifier, and the value in DER.
  std::vector<std::pair<std::string, std::vector<std::uint8_t>>> others = {};
};

/// A key and its certificate, in the forms that servers want.
struct issued_certificate {
  std::shared_ptr<Botan::Private_Key> key;
  std::string key_pem;          ///< PKCS #8
  std::string certificate_pem;  ///< this one alone
  std::string chain_pem;        ///< with the authorities up to the root, the root left out
};

class certificate_authority {
 public:
  using clock = std::chrono::system_clock;

  /// A root of its own.
  explicit certificate_authority(const std::string& name = "cohttps test root",
                                 key_kind key = key_kind::p256,
                                 clock::time_point now = clock::now())
      : certificate_authority(root_request(name, key), now) {}

  /// A root with the validity, path length and constraints of `request`.
  explicit certificate_authority(certificate_request request, clock::time_point now = clock::now());

  /// An authority that this one vouches for. Its `chain_pem`s hold its own certificate too.
  certificate_authority intermediate() const;
  certificate_authority intermediate(certificate_request request) const;

  /// Issues with the key of a certificate that is not an authority's.
  certificate_authority impostor(certificate_request request) const;

  /// Issues with the same key and names itself `name` in doing so.
  certificate_authority renamed(std::string name) const;

  /// What clients have to trust.
  const std::string& certificate_pem() const { return self_.certificate_pem; }
  /// With its key.
  const issued_certificate& self() const { return self_; }

  issued_certificate issue(const certificate_request& request) const;

 private:
  using bytes = std::vector<std::uint8_t>;
  static constexpr std::uint8_t sequence = 0x30;

  static certificate_request root_request(std::string name, key_kind key);

  static std::shared_ptr<Botan::Private_Key> make_key(key_kind kind);

  // DER (X.690), as much as a certificate takes (RFC 5280, 4.1).
  static bytes tlv(std::uint8_t tag, std::initializer_list<bytes> parts);
  static bytes text(std::string_view s) { return {s.begin(), s.end()}; }
  static bytes oid(std::string_view dotted);

  static bytes encode_name(const certificate_request& request);

  bytes encode_time(std::chrono::seconds offset) const;

  static bytes key_identifier(const Botan::Public_Key& key);

  bytes extensions(const certificate_request& request, const Botan::Public_Key& key,
                   const Botan::Public_Key& issuer) const;
  static void append(bytes& to, const bytes& what);

  clock::time_point now_;
  bytes name_;
  issued_certificate self_;
  std::string above_;       // PEM of the authorities between this one's certificates and the root
  bool fetchable_ = false;  // issues certificates that tell where the issuer's can be fetched
};
