// Name constraints: the names for which an authority may issue certificates (RFC 5280, 4.2.1.10,
// 6.1.3 and 6.1.4). Botan's check would refuse a whole certificate because of one name that it
// cannot parse.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/der.hpp>
#include <cohttps/tls/verify/explain.hpp>
#include <cohttps/tls/verify/host_name.hpp>

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

/// The forms of a GeneralName (RFC 5280, 4.2.1.6) that `place` can compare. The values are their
/// tags. For names of other forms `place` returns `unclear`.
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

/// The relation of a name to a subtree of names.
enum class placement : std::uint8_t {
  inside,
  outside,
  unclear,  ///< malformed, of another form, or a wildcard that also covers names inside
};

namespace detail {

/// The subtree "example.com" contains that name and its subdomains, ".example.com" contains only
/// the subdomains, and "" contains all names.
COHTTPS_DECL placement place_dns(std::string_view name, std::string_view subtree);

/// The subtree "example.com" is one host, and ".example.com" contains all hosts below it.
COHTTPS_DECL placement place_host(std::string_view host, std::string_view subtree);

/// The subtree "user@example.com" is one mailbox. Other subtrees are hosts, as in `place_host`.
COHTTPS_DECL placement place_email(std::string_view name, std::string_view subtree);

/// Compares the host of `uri`, as in `place_host`.
COHTTPS_DECL placement place_uri(std::string_view uri, std::string_view subtree);

/// `subnet` is an address and then a mask. The mask has to be a prefix.
COHTTPS_DECL placement place_address(der::bytes address, der::bytes subnet);

/// A distinguished name is inside `subtree` when its first RDNs are those of `subtree`.
COHTTPS_DECL placement place_directory(der::bytes name, der::bytes subtree);

}  // namespace detail

/// Returns the relation of `name` to `subtree`, which has the same form.
COHTTPS_DECL placement place(const general_name& name, const general_name& subtree);

struct name_constraints {
  std::vector<general_name> permitted, excluded;

  /// Reads the value of the extension. Nothing when it is malformed.
  COHTTPS_DECL static std::optional<name_constraints> read(der::bytes value);

  /// Returns the first of `names` that is not allowed, or null.
  COHTTPS_DECL const general_name* first_forbidden(const std::vector<general_name>& names) const;

 private:
  /// Takes the optional element with the tag `tag` from the front of `from`. False when it is
  /// malformed.
  COHTTPS_DECL static bool read_subtrees(der::bytes& from, std::uint8_t tag,
                                         std::vector<general_name>& list);
};

namespace detail {

/// Returns the names that name constraints apply to: the subject and the alternative names. Nothing
/// when the alternative names are malformed.
COHTTPS_DECL std::optional<std::vector<general_name>> constrained_names(
    const Botan::X509_Certificate& certificate);

/// Describes `name` in a message: "localhost in" or "the subject of". The description of the
/// certificate follows it.
COHTTPS_DECL std::string describe(const general_name& name,
                                  const Botan::X509_Certificate& certificate);

}  // namespace detail

/// Checks that the name constraints of each authority on `path` allow the names in the certificates
/// below it. `path` begins with the peer's own certificate. The names of other self-issued
/// certificates are not checked (RFC 5280, 6.1.3 (b)). Fails with category certificate.
COHTTPS_DECL result<void> check_name_constraints(const certificate_chain& path);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/name_constraints.ipp>
#endif
