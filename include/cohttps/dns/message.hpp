// DNS messages (RFC 1035, 4): queries for addresses and services, and the answers to them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/dns/name.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohttps::dns {

/// The types of records that the client knows; others are skipped.
enum class record_type : std::uint16_t {
  a = 1,       ///< an IPv4 address (RFC 1035, 3.4.1)
  cname = 5,   ///< another name for the same thing (RFC 1035, 3.3.1)
  aaaa = 28,   ///< an IPv6 address (RFC 3596)
  opt = 41,    ///< options of the message (RFC 6891)
  https = 65,  ///< where and how an origin is served (RFC 9460)
};

/// The outcome of a query, as the server states it (RFC 1035, 4.1.1; RFC 6891, 6.1.3).
enum class response_code : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,  ///< there is no such name
  not_implemented = 4,
  refused = 5,
};

/// Returns a query of class IN with recursion, with the id 0 (RFC 8484, 4.1), padded to a multiple
/// of 128 bytes (RFC 8467, 4.1), so that its length does not tell the name:
/// ```
/// header 12 | question: name, type, class | OPT: root, 41, size, 0, length | padding: 12, length,
/// 0...
/// ```
COHTTPS_DECL std::string make_query(const name& host, record_type type);

/// A record of the answer.
struct record {
  name owner;
  record_type type;
  std::uint32_t time_to_live = 0;          ///< seconds
  std::array<std::byte, 16> address = {};  ///< of A in the first four bytes, and of AAAA
  name target = {};                        ///< of CNAME
  std::vector<std::byte> data = {};        ///< of HTTPS
};

/// A response, of which every byte was read.
struct response {
  name host;           ///< from the question
  record_type type{};  ///< from the question
  response_code code{};
  std::vector<record> answers;  ///< those of class IN and a type that the client knows
  std::optional<std::uint16_t> extended_error;  ///< why it failed (RFC 8914, 4)
};

/// Parses a message, which must be a response to one question, complete and without bytes behind
/// its end. Fails with resolve "dns_message_malformed", which says where.
COHTTPS_DECL result<response> parse_response(std::span<const std::byte> message);

/// The addresses of a name; none if it has none of this type.
struct addresses {
  std::vector<std::array<std::byte, 16>> found;  ///< in the order of the server
  std::uint32_t time_to_live = 0;                ///< seconds: the least of all records that count
};

/// The longest chain of CNAME records that is followed.
inline constexpr std::size_t max_aliases = 16;

/// The name at the end of the CNAME records of a name.
struct canonical_name {
  name owner;
  std::uint32_t time_to_live = INT32_MAX;  ///< seconds: the least of the CNAME records
};

/// Follows the CNAME records of `host` in the response to a query for `type`. Errors as of
/// `addresses_of`.
COHTTPS_DECL result<canonical_name> follow_aliases(const response& answer, const name& host,
                                                   record_type type);

/// Takes the addresses out of the response to a query: those of the name itself, or of the name at
/// the end of its CNAME records. Records of other names do not count. All errors have category
/// resolve: `host_not_found`; "dns_server_failure" and "dns_refused" for what the server could or
/// would not answer; "dns_alias_loop"; "dns_wrong_answer" for the answer to another question.
COHTTPS_DECL result<addresses> addresses_of(const response& answer, const name& host,
                                            record_type type);

}  // namespace cohttps::dns

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/dns/message.ipp>
#endif
