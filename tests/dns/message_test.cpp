// DNS queries and the answers to them.
#include "dns/messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::string_literals;
using dns::record_type;

namespace {

/// The last bytes of the addresses and the time that holds for them, or the reason of the failure.
std::string look_up(std::string_view message, std::string_view host = "www.example",
                    record_type type = record_type::a) {
  const auto parsed = dns::parse_response(as_message(message));
  if (!parsed) return std::string(parsed.error().reason());
  const auto found = dns::addresses_of(*parsed, dns::name::parse(host).value(), type);
  if (!found) return std::string(found.error().reason());
  std::string out;
  for (const auto& address : found->found)
    out += std::to_string(std::to_integer<int>(address[type == record_type::a ? 3 : 15])) + " ";
  return out + "for " + std::to_string(found->time_to_live);
}

const std::string host = pointer(12);
const std::string v6(15, '\x20');

std::string a(std::string_view owner, std::size_t ttl, std::string_view address = address_1) {
  return record_of(owner, record_type::a, ttl, address);
}
std::string cname(std::string_view owner, std::size_t ttl, std::string_view target) {
  return record_of(owner, record_type::cname, ttl, target);
}
std::string opt(std::string_view options, std::size_t high_code = 0) {
  return record_of("\0"s, record_type::opt, high_code << 24, options, 1232);
}

}  // namespace

TEST_CASE("a query asks one question, and is padded to a multiple of 128 bytes") {
  const auto name = dns::name::parse("www.example").value();
  const std::string query = dns::make_query(name, record_type::aaaa);
  CHECK(query.size() == 128);
  CHECK(query.substr(0, 12) == "\0\0\1\0\0\1\0\0\0\0\0\1"s);
  CHECK(query.substr(12, 17) == "\3www\7example\0\0\x1c\0\1"s);
  const std::size_t padding = 128 - 29 - 15;
  CHECK(query.substr(29, 15) ==
        "\0\0\x29\x04\xd0\0\0\0\0"s + two(padding + 4) + two(12) + two(padding));
  CHECK(query.substr(44) == std::string(padding, '\0'));
  for (std::size_t size = 1; size <= 253; ++size) {
    std::string text(size, 'a');
    for (std::size_t i = 60; i + 1 < size; i += 60) text[i] = '.';
    const auto made = dns::make_query(dns::name::parse(text).value(), record_type::a);
    CHECK(made.size() % 128 == 0);
    CHECK(made.size() <= size + 2 + 12 + 4 + 15 + 127);
    CHECK_FALSE(dns::parse_response(as_message(made)));  // it is no response
  }
}

TEST_CASE("the addresses of a name, in the order of the server, for the least time") {
  CHECK(look_up(dns_answer{.answers = {a(host, 300), a(host, 60, address_2)}}.bytes()) ==
        "1 2 for 60");
  CHECK(look_up(dns_answer{.type = record_type::aaaa,
                           .answers = {record_of(host, record_type::aaaa, 5, v6 + "\x07")}}
                    .bytes(),
                "www.example", record_type::aaaa) == "7 for 5");
  CHECK(
      look_up(dns_answer{.name = "WWW.Example", .answers = {a(wire("www.EXAMPLE"), 1)}}.bytes()) ==
      "1 for 1");
  CHECK(look_up(dns_answer{}.bytes()) == "for 2147483647");  // none of this type
  CHECK(look_up(dns_answer{.answers = {a(host, 0x80000001)}}.bytes()) == "1 for 0");
}

TEST_CASE("CNAME records lead to the addresses, in any order, and count for the time") {
  const auto chain =
      std::vector{cname(host, 60, wire("b.example")),
                  cname(wire("b.example"), 20, wire("c.example")), a(wire("c.example"), 300)};
  CHECK(look_up(dns_answer{.answers = chain}.bytes()) == "1 for 20");
  CHECK(look_up(dns_answer{.answers = {chain[2], chain[1], chain[0]}}.bytes()) == "1 for 20");
  CHECK(look_up(dns_answer{.answers = {chain[0], chain[1]}}.bytes()) == "for 20");
  // The target may be compressed: it ends in the name of the question.
  CHECK(look_up(
            dns_answer{.answers = {cname(host, 9, "\1x" + pointer(16)), a("\1x" + pointer(16), 9)}}
                .bytes()) == "1 for 9");
}

TEST_CASE("records that do not belong to the name do not count") {
  CHECK(look_up(
            dns_answer{.answers = {a(wire("evil.example"), 1), a(host, 60, address_2)}}.bytes()) ==
        "2 for 60");
  CHECK(look_up(dns_answer{.answers = {cname(host, 60, wire("b.example")), a(host, 60)}}.bytes()) ==
        "for 60");
  CHECK(look_up(dns_answer{.authorities = {a(host, 60)}, .additional = {a(host, 60)}}.bytes()) ==
        "for 2147483647");
  CHECK(look_up(dns_answer{.answers = {record_of(host, record_type::a, 60, "ab", 3)}}.bytes()) ==
        "for 2147483647");  // of another class, and of any form
  CHECK(look_up(dns_answer{.answers = {record_of(host, record_type(16), 60, "\3txt"), a(host, 60)},
                           .additional = {opt(two(12) + two(3) + "\0\0\0"s)}}
                    .bytes()) == "1 for 60");
}

TEST_CASE("CNAME records that lead nowhere, or around, end") {
  CHECK(look_up(dns_answer{.answers = {cname(host, 1, host)}}.bytes()) == "dns_alias_loop");
  CHECK(look_up(dns_answer{.answers = {cname(host, 1, wire("b")), cname(wire("b"), 1, host)}}
                    .bytes()) == "dns_alias_loop");
  std::vector<std::string> records;
  std::string owner = host;
  for (std::size_t i = 0; i < dns::max_aliases; ++i) {
    const std::string target = wire("x" + std::to_string(i));
    records.push_back(cname(owner, 7, target));
    owner = target;
  }
  records.push_back(a(owner, 7));
  CHECK(look_up(dns_answer{.answers = records}.bytes()) == "1 for 7");
  records.insert(records.end() - 1, cname(owner, 7, wire("more")));
  CHECK(look_up(dns_answer{.answers = records}.bytes()) == "dns_alias_loop");
}

TEST_CASE("what the server refuses or could not do is an error that says so") {
  const struct {
    std::size_t code;
    std::string_view reason;
  } cases[] = {{3, "host_not_found"},     {2, "dns_server_failure"}, {5, "dns_refused"},
               {1, "dns_server_failure"}, {4, "dns_server_failure"}, {9, "dns_server_failure"}};
  for (const auto& c : cases) {
    CAPTURE(c.code);
    CHECK(look_up(dns_answer{.flags = 0x8180 | c.code}.bytes()) == c.reason);
  }
  // The upper bits of the code are in the OPT record: BADVERS is 16.
  CHECK(look_up(dns_answer{.additional = {opt("", 1)}}.bytes()) == "dns_server_failure");
  const auto bogus =
      dns_answer{.flags = 0x8182, .additional = {opt(two(15) + two(4) + two(6) + "no")}};
  const std::string bytes = bogus.bytes();
  const auto parsed = dns::parse_response(as_message(bytes));
  REQUIRE(parsed);
  CHECK(parsed->extended_error == 6);
  const auto refused = dns::addresses_of(*parsed, parsed->host, parsed->type);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("extended error 6 of RFC 8914") != std::string::npos);
  CHECK(refused.error().category() == error_category::resolve);
}

TEST_CASE("an answer to another question is refused") {
  const std::string good = dns_answer{.answers = {a(host, 1)}}.bytes();
  CHECK(look_up(good, "other.example") == "dns_wrong_answer");
  CHECK(look_up(good, "www.example", record_type::aaaa) == "dns_wrong_answer");
}

TEST_CASE("messages that are no complete response are malformed") {
  const std::string good = dns_answer{.answers = {a(host, 1)}}.bytes();
  const auto with = [&](std::size_t at, std::string_view bytes) {
    std::string changed = good;
    changed.replace(at, bytes.size(), bytes);
    return look_up(changed);
  };
  REQUIRE(look_up(good) == "1 for 1");
  CHECK(with(0, "\0\1"s) == "dns_message_malformed");      // another id
  CHECK(with(2, "\1\0"s) == "dns_message_malformed");      // a query
  CHECK(with(2, "\x89\x80"s) == "dns_message_malformed");  // another operation
  CHECK(with(2, "\x83\x80"s) == "dns_message_malformed");  // truncated
  CHECK(with(4, "\0\0"s) == "dns_message_malformed");      // no question
  CHECK(with(4, "\0\2"s) == "dns_message_malformed");
  CHECK(with(6, "\0\2"s) == "dns_message_malformed");  // a record that is not there
  CHECK(with(6, "\xff\xff"s) == "dns_message_malformed");
  CHECK(with(8, "\0\1"s) == "dns_message_malformed");
  CHECK(with(6, "\0\0"s) == "dns_message_malformed");  // bytes behind the end
  CHECK(look_up(good + "x") == "dns_message_malformed");
  CHECK(with(27, "\0\3"s) == "dns_message_malformed");  // a question of another class
  CHECK(look_up(dns_answer{.answers = {a(host, 1, "abc")}}.bytes()) == "dns_message_malformed");
  CHECK(look_up(dns_answer{.answers = {a(host, 1, "abcde")}}.bytes()) == "dns_message_malformed");
  CHECK(
      look_up(dns_answer{.answers = {record_of(host, record_type::aaaa, 1, address_1)}}.bytes()) ==
      "dns_message_malformed");
  CHECK(look_up(dns_answer{.answers = {cname(host, 1, wire("b") + "x")}}.bytes()) ==
        "dns_message_malformed");
  CHECK(look_up(dns_answer{.answers = {cname(host, 1, "\1")}}.bytes()) == "dns_message_malformed");
  for (const std::string& options : {"\0"s, two(15) + two(3) + "ab", two(12) + two(0) + "\0"s}) {
    CAPTURE(options);
    CHECK(look_up(dns_answer{.additional = {opt(options)}}.bytes()) == "dns_message_malformed");
  }
  const auto wrong =
      dns::parse_response(as_message(std::string_view(good).substr(0, good.size() - 1)));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().position() == 29);
  CHECK(wrong.error().message().find("record 1 of 1") != std::string::npos);
}

TEST_CASE("every truncation of a message is malformed") {
  const std::string whole =
      dns_answer{.answers = {cname(host, 60, wire("b.example")), a(wire("b.example"), 300),
                             record_of(host, record_type::aaaa, 1, v6 + "\1")},
                 .authorities = {record_of(wire("example"), record_type(6), 60, "soa")},
                 .additional = {opt(two(15) + two(2) + two(1) + two(12) + two(2) + two(0))}}
          .bytes();
  REQUIRE(look_up(whole) == "1 for 60");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    // A copy of its own, so that a sanitizer sees what is read behind the end.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(look_up(std::string_view(part.data(), size)) == "dns_message_malformed");
  }
}

TEST_CASE("every byte may have any value") {
  const std::string whole =
      dns_answer{.answers = {cname(host, 60, "\1b" + pointer(16)), a("\1b" + pointer(16), 300)},
                 .additional = {opt(two(15) + two(2) + two(1))}}
          .bytes();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      std::string changed = whole;
      changed[at] = static_cast<char>(value);
      const std::vector<char> copy(changed.begin(), changed.end());
      (void)look_up(std::string_view(copy.data(), copy.size()));
    }
  SUCCEED();
}
