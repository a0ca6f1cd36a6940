// HTTPS records (RFC 9460): where an origin is served, and with which protocols.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/dns/message.hpp>
#include <cohttps/dns/name.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::dns {

/// One record.
struct https_record {
  std::uint16_t priority = 0;          ///< 0: an alias (2.4.2); else lower numbers come first
  name target = {};                    ///< the root: the owner of the record
  std::vector<std::string> alpn = {};  ///< the protocols, "http/1.1" among them if it is implied
  std::uint16_t port = 0;              ///< 0: that of the origin
  bool compatible = true;              ///< false: a mandatory key is one that the client ignores
};

/// Reads the data of a record:
/// ```
/// priority 2 | target: name | key 2, length 2, value | key 2, length 2, value ...
/// ```
/// Returns nothing if it is malformed (2.2, 7, 8). The client knows the keys mandatory, alpn,
/// no-default-alpn and port. It checks the form of the addresses, and does not use them.
COHTTPS_DECL std::optional<https_record> read_https_record(std::span<const std::byte> data);

/// The records of one name.
struct https_records {
  name owner;  ///< the name at the end of the CNAME records
  std::vector<https_record> found;
  std::uint32_t time_to_live = 0;  ///< seconds: the least of all records that count
};

/// Takes the records out of the response to a query. One that is malformed makes all of them
/// unusable (2.2): resolve "dns_message_malformed". The other errors are those of `addresses_of`.
COHTTPS_DECL result<https_records> https_records_of(const response& answer, const name& host);

/// Returns the name of the query for an origin (2.3, 9.1): the host itself for port 443, else
/// "_8443._https.host".
COHTTPS_DECL std::string https_query_name(std::string_view host, std::uint16_t port);

/// A host and a port.
struct service {
  std::string host;
  std::uint16_t port = 0;  ///< 0: that of the origin

  friend bool operator==(const service&, const service&) = default;
};

/// The meaning of the records of a name for one protocol. At most one of the members is set.
struct service_choice {
  std::optional<service> at = {};  ///< where the protocol is spoken
  std::optional<name> alias = {};  ///< the name whose records are to be asked for
};

/// Chooses the record of the lowest priority that the client understands and that has `protocol`.
/// An alias comes before all other records (2.4.1).
COHTTPS_DECL service_choice choose_service(const https_records& records, std::string_view protocol);

}  // namespace cohttps::dns

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/dns/https_record.ipp>
#endif
