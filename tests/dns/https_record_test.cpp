// HTTPS records: the vectors of RFC 9460, appendix D, what is malformed, and the choice between
// records.
#include "dns/messages.hpp"

#include <cohttps/dns/https_record.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::string_literals;
using dns::record_type;

namespace {

/// "priority target alpn,... port", or "malformed".
std::string read(std::string_view data) {
  const auto record = dns::read_https_record(as_message(data));
  if (!record) return "malformed";
  std::string out = std::to_string(record->priority) + ' ' + record->target.host().value_or(".");
  for (const auto& each : record->alpn) out += ' ' + each;
  if (record->port != 0) out += " port " + std::to_string(record->port);
  return out + (record->compatible ? "" : " incompatible");
}

std::string key(std::size_t number, std::string_view value) {
  return two(number) + two(value.size()) + std::string(value);
}
std::string protocols(std::initializer_list<std::string_view> names) {
  std::string value;
  for (const auto name : names) value += static_cast<char>(name.size()) + std::string(name);
  return key(1, value);
}
std::string service(std::size_t priority, std::string_view target, std::string_view parameters) {
  return two(priority) + (target.empty() ? "\0"s : wire(target)) + std::string(parameters);
}
std::string https(std::string_view owner, std::size_t ttl, std::string_view data) {
  return record_of(owner, record_type::https, ttl, data);
}

/// The records of a response for www.example, as `choose_service` understands them for "h3".
std::string choose(std::vector<std::string> answers) {
  const dns_answer answer{.type = record_type::https, .answers = std::move(answers)};
  const std::string message = answer.bytes();
  const auto parsed = dns::parse_response(as_message(message));
  if (!parsed) return std::string(parsed.error().reason());
  const auto records = dns::https_records_of(*parsed, dns::name::parse("www.example").value());
  if (!records) return std::string(records.error().reason());
  const auto choice = dns::choose_service(*records, "h3");
  if (choice.alias) return "alias " + choice.alias->host().value_or("?");
  if (!choice.at) return "none";
  return choice.at->host + ':' + std::to_string(choice.at->port) + " for " +
         std::to_string(records->time_to_live);
}

const std::string foo_com = wire("foo.example.com"), foo_org = wire("foo.example.org");
const std::string host = pointer(12);

}  // namespace

TEST_CASE("HTTPS records: the vectors of RFC 9460, appendix D") {
  CHECK(read("\0\0"s + foo_com) == "0 foo.example.com");
  CHECK(read("\0\1\0"s) == "1 . http/1.1");
  CHECK(read("\0\x10"s + foo_com + "\0\3\0\2\0\x35"s) == "16 foo.example.com http/1.1 port 53");
  CHECK(read("\0\1"s + foo_com + "\2\x9b\0\5hello"s) == "1 foo.example.com http/1.1");
  CHECK(read("\0\1"s + foo_com + "\2\x9b\0\x09hello\xd2qoo"s) == "1 foo.example.com http/1.1");
  CHECK(read("\0\1"s + foo_com + "\0\6\0\x20"s + std::string(32, '\1')) ==
        "1 foo.example.com http/1.1");
  CHECK(read("\0\x10"s + foo_org + "\0\0\0\4\0\1\0\4\0\1\0\x09\2h2\5h3-19\0\4\0\4\xc0\0\2\1"s) ==
        "16 foo.example.org h2 h3-19 http/1.1 incompatible");
  CHECK(read("\0\x10"s + foo_org + "\0\1\0\x0c\10f\\oo,bar\2h2"s) ==
        "16 foo.example.org f\\oo,bar h2 http/1.1");
}

TEST_CASE("HTTPS records: the parameters that a client knows") {
  CHECK(read(service(1, "", protocols({"h3", "h2"}))) == "1 . h3 h2 http/1.1");
  CHECK(read(service(1, "", protocols({"h3", "http/1.1"}))) == "1 . h3 http/1.1");
  CHECK(read(service(1, "", protocols({"h3"}) + key(2, ""))) == "1 . h3");
  CHECK(read(service(9, "a.example", protocols({"h3"}) + key(3, two(8443)))) ==
        "9 a.example h3 http/1.1 port 8443");
  CHECK(read(service(1, "", key(0, two(1) + two(3)) + protocols({"h3"}) + key(3, two(1)))) ==
        "1 . h3 http/1.1 port 1");
  // A mandatory key that the client ignores, known to it or not, makes a record useless.
  CHECK(read(service(1, "", key(0, two(5)) + protocols({"h3"}) + key(5, "ech"))) ==
        "1 . h3 http/1.1 incompatible");
  CHECK(read(service(1, "", key(0, two(999)) + protocols({"h3"}) + key(999, ""))) ==
        "1 . h3 http/1.1 incompatible");
  CHECK(read(service(1, "", protocols({"h3"}) + key(65535, "x"))) == "1 . h3 http/1.1");
  // The parameters of an alias mean nothing.
  CHECK(read(service(0, "a.example", "rubbish")) == "0 a.example");
}

TEST_CASE("HTTPS records: what is malformed") {
  const std::string h3 = protocols({"h3"});
  const std::pair<const char*, std::string> all[] = {
      {"nothing", ""},
      {"no target", two(1)},
      {"half a target", two(1) + "\3ab"},
      {"a compressed target", two(1) + pointer(0)},
      {"half a key", service(1, "", "\0"s)},
      {"half a length", service(1, "", "\0\1\0"s)},
      {"half a value", service(1, "", "\0\3\0\2\0"s)},
      {"keys out of order", service(1, "", key(3, two(1)) + h3)},
      {"a key twice", service(1, "", h3 + h3)},
      {"no protocols", service(1, "", key(1, ""))},
      {"an empty protocol", service(1, "", key(1, "\2h3\0"s))},
      {"a protocol that ends early", service(1, "", key(1, "\2h3\3h"s))},
      {"no default and no protocols", service(1, "", key(2, ""))},
      {"no default with a value", service(1, "", h3 + key(2, "x"))},
      {"a short port", service(1, "", key(3, "x"))},
      {"a long port", service(1, "", key(3, "xyz"))},
      {"port 0", service(1, "", key(3, two(0)))},
      {"an empty IPv4 hint", service(1, "", key(4, ""))},
      {"half an IPv4 hint", service(1, "", key(4, "12345"))},
      {"an empty IPv6 hint", service(1, "", key(6, ""))},
      {"half an IPv6 hint", service(1, "", key(6, "1234"))},
      {"an empty mandatory", service(1, "", key(0, "") + h3)},
      {"half a mandatory", service(1, "", key(0, "\0\1\0"s) + h3)},
      {"mandatory names itself", service(1, "", key(0, two(0)) + h3)},
      {"mandatory out of order", service(1, "", key(0, two(3) + two(1)) + h3 + key(3, two(1)))},
      {"mandatory twice the same", service(1, "", key(0, two(1) + two(1)) + h3)},
      {"a mandatory key that is not there", service(1, "", key(0, two(3)) + h3)},
  };
  for (const auto& [what, data] : all) {
    CAPTURE(what);
    CHECK(read(data) == "malformed");
  }
  // One of them makes all records of a name useless (RFC 9460, 2.2).
  CHECK(choose({https(host, 60, service(1, "", h3)),
                https(host, 60, service(2, "", key(3, "")))}) == "dns_message_malformed");
}

TEST_CASE("HTTPS records: every prefix of a record is read or refused") {
  const std::string whole = service(1, "a.example",
                                    key(0, two(1)) + protocols({"h3", "h2"}) + key(2, "") +
                                        key(3, two(8443)) + key(4, "1234") + key(7, "x"));
  CHECK(read(whole) == "1 a.example h3 h2 port 8443");
  std::size_t complete = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    complete += read(std::string_view(whole).substr(0, size)) != "malformed";
  CHECK(complete == 5);  // behind the target, alpn, no-default-alpn, port and ipv4hint
}

TEST_CASE("HTTPS records: the choice of a place for HTTP/3") {
  const std::string h3 = protocols({"h3"}), h2 = protocols({"h2"});
  CHECK(choose({}) == "none");
  CHECK(choose({https(host, 60, service(1, "", h3))}) == "www.example:0 for 60");
  CHECK(choose({https(host, 60, service(1, "", h2))}) == "none");
  CHECK(choose({https(host, 60, service(1, "b.example", h3 + key(3, two(8443))))}) ==
        "b.example:8443 for 60");
  // The lowest number comes first, and the time is the least of all.
  CHECK(choose({https(host, 90, service(2, "b.example", h3)),
                https(host, 60, service(1, "a.example", h3)),
                https(host, 70, service(3, "c.example", h3))}) == "a.example:0 for 60");
  CHECK(choose({https(host, 60, service(1, "a.example", h2)),
                https(host, 60, service(2, "b.example", h3))}) == "b.example:0 for 60");
  CHECK(choose({https(host, 60, service(1, "a.example", key(0, two(5)) + h3 + key(5, ""))),
                https(host, 60, service(2, "b.example", h3))}) == "b.example:0 for 60");
  // CNAME records, an alias, and the absence of a service.
  CHECK(choose({record_of(host, record_type::cname, 30, wire("cdn.example")),
                https(wire("cdn.example"), 60, service(1, "", h3))}) == "cdn.example:0 for 30");
  CHECK(choose({https(host, 60, service(0, "cdn.example", ""))}) == "alias cdn.example");
  CHECK(choose({https(host, 60, service(1, "a.example", h3)),
                https(host, 60, service(0, "cdn.example", ""))}) == "alias cdn.example");
  CHECK(choose({https(host, 60, service(0, "", ""))}) == "none");
  // A record of another name, and a target that no URL can have.
  CHECK(choose({https(wire("other.example"), 60, service(1, "", h3))}) == "none");
  CHECK(choose({https(host, 60, two(1) + "\3a.b\0"s + h3)}) == "none");
}

TEST_CASE("HTTPS records: the name of the query has the port, unless it is 443") {
  CHECK(dns::https_query_name("www.example", 443) == "www.example");
  CHECK(dns::https_query_name("www.example", 8443) == "_8443._https.www.example");
}
