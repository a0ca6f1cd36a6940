// Name constraints: the names for which an authority may issue certificates (RFC 5280, 4.2.1.10 and
// 6.1.4). Botan's own check would refuse the whole certificate for one name that it cannot parse.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/der.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/host_name.hpp>

#include <botan/asn1_obj.h>
#include <botan/ber_dec.h>
#include <botan/der_enc.h>
#include <botan/exceptn.h>
#include <botan/pkix_types.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// The forms of a GeneralName (RFC 5280, 4.2.1.6) that can be compared, by their tags. The place of
/// a name of another form is `unclear`.
enum class name_form : std::uint8_t {
  email = 0x81,
  dns = 0x82,
  directory = 0xa4,
  uri = 0x86,
  address = 0x87,
};

struct general_name {
  name_form form;
  std::vector<std::uint8_t> value;

  COHTTPS_DECL std::string_view text() const noexcept;
};

/// Where a name lies, seen from a subtree of names.
enum class placement : std::uint8_t {
  inside,
  outside,
  unclear,  ///< the name or the subtree cannot be read, or the name is a wildcard that reaches
            ///< inside
};

namespace detail {

/// "example.com" covers that name and its subdomains, ".example.com" only subdomains, "" all names.
COHTTPS_DECL placement place_dns(std::string_view name, std::string_view subtree);

/// "example.com" is one host, ".example.com" all below it.
COHTTPS_DECL placement place_host(std::string_view host, std::string_view subtree);

/// "user@example.com" is one mailbox, others are hosts as above.
COHTTPS_DECL placement place_email(std::string_view name, std::string_view subtree);

COHTTPS_DECL placement place_uri(std::string_view uri, std::string_view subtree);

/// An address, and a mask that leaves a prefix of it.
COHTTPS_DECL placement place_address(der::bytes address, der::bytes subnet);

/// A distinguished name is inside of those that it begins with.
COHTTPS_DECL placement place_directory(der::bytes name, der::bytes subtree);

}  // namespace detail

/// Where `name` lies, seen from `subtree`, a constraint of the same form.
COHTTPS_DECL placement place(const general_name& name, const general_name& subtree);

struct name_constraints {
  std::vector<general_name> permitted, excluded;

  /// Nothing when the extension's value is malformed.
  COHTTPS_DECL static std::optional<name_constraints> read(der::bytes value);

  /// The first of `names` that is not allowed, or null.
  COHTTPS_DECL const general_name* first_forbidden(const std::vector<general_name>& names) const;

 private:
  /// Takes the optional element with this tag from `from`. False when it is malformed.
  COHTTPS_DECL static bool read_subtrees(der::bytes& from, std::uint8_t tag,
                                         std::vector<general_name>& list);
};

namespace detail {

/// What name constraints are about: the subject and the alternative names. Nothing when those are
/// malformed.
COHTTPS_DECL std::optional<std::vector<general_name>> constrained_names(
    const Botan::X509_Certificate& certificate);

/// "localhost in", "the subject of": the certificate itself comes behind it.
COHTTPS_DECL std::string describe(const general_name& name,
                                  const Botan::X509_Certificate& certificate);

}  // namespace detail

/// Whether the name constraints of each authority on `path`, which begins with the peer's own
/// certificate, allow the names below it. Those of authorities that issued themselves a new
/// certificate do not count (RFC 5280, 6.1.4 (b)).
COHTTPS_DECL result<void> check_name_constraints(const certificate_chain& path);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/name_constraints.ipp>
#endif
