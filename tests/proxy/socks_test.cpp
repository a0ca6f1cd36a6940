#include <cohttps/proxy/socks.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace std::literals;

namespace {

result<socks::handshake> begun(std::string_view via, std::string_view host,
                               std::span<const std::byte> address = {}) {
  const auto parsed = proxy::parse(via);
  if (!parsed) FAIL(parsed.error().what());
  return socks::handshake::create(*parsed, host, 443, address);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    const auto u = static_cast<unsigned char>(c);
    out += digits[u >> 4];
    out += digits[u & 15];
  }
  return out;
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What the client says, " < " what is left of a reply after each, and how it ends.
std::string conversation(socks::handshake h, const std::vector<std::string_view>& replies,
                         std::size_t piece = SIZE_MAX) {
  std::string out;
  buffer in;
  std::size_t next = 0;
  while (true) {
    if (!h.outgoing().empty()) {
      out += hex(text(h.outgoing())) + ' ';
      while (!h.outgoing().empty()) h.sent(std::min(piece, h.outgoing().size()));
    }
    if (h.done()) return out + "done" + (in.empty() ? "" : " +" + hex(in.text()));
    if (next == replies.size()) return out + "waits";
    for (std::string_view rest = replies[next++]; !rest.empty();) {
      in.append(rest.substr(0, piece));
      rest.remove_prefix(std::min(piece, rest.size()));
      if (auto taken = h.receive(in); !taken)
        return out + '<' + std::string(taken.error().reason()) + '>';
      if (h.done() && !rest.empty()) {
        in.append(rest);
        break;
      }
    }
  }
}

std::string failure(std::string_view via, const std::vector<std::string_view>& replies) {
  const std::string said = conversation(*begun(via, "h"), replies);
  return said.substr(said.find('<'));
}

constexpr std::array<std::byte, 4> v4{std::byte{192}, std::byte{0}, std::byte{2}, std::byte{1}};
constexpr std::array<std::byte, 16> v6{std::byte{0x20}, std::byte{1}, std::byte{0xd},
                                       std::byte{0xb8}};

}  // namespace

TEST_CASE("SOCKS handshakes that succeed") {
  struct row {
    std::string_view via, host;
    std::span<const std::byte> address;
    std::vector<std::string_view> replies;
    std::string_view expected;
  };
  constexpr auto granted_4 = "\0\x5a\1\2\3\4\5\6"sv;
  constexpr auto granted_5 = "\5\0\0\1\1\2\3\4\5\6"sv;
  const row table[] = {
      {"socks4://p", "h", v4, {granted_4}, "040101bbc000020100 done"},
      {"socks4://me@p", "h", v4, {granted_4}, "040101bbc00002016d6500 done"},
      {"socks4://p", "192.0.2.1", {}, {granted_4}, "040101bbc000020100 done"},
      {"socks4a://p",
       "h",
       {},
       {granted_4},
       "040101bb0000000100"
       "6800 done"},
      {"socks4a://me@p", "a.b", {}, {granted_4}, "040101bb000000016d6500612e6200 done"},
      {"socks4a://p",
       "h",
       v4,
       {granted_4},
       "040101bb0000000100"
       "6800 done"},
      {"socks4a://p", "192.0.2.1", {}, {granted_4}, "040101bbc000020100 done"},
      {"socks4a://p",
       "h",
       {},
       {"\0\x5a\1\2\3\4\5\6xy"sv},
       "040101bb0000000100"
       "6800 done +7879"},
      {"socks5://p", "h", v4, {"\5\0"sv, granted_5}, "050100 05010001c000020101bb done"},
      {"socks5://p",
       "h",
       v6,
       {"\5\0"sv, granted_5},
       "050100 0501000420010db800000000000000000000000001bb done"},
      {"socks5h://p", "h", v4, {"\5\0"sv, granted_5}, "050100 05010003016801bb done"},
      {"socks5h://p",
       "[::1]",
       {},
       {"\5\0"sv, granted_5},
       "050100 050100040000000000000000000000000000000101bb done"},
      {"socks5h://p", "127.0.0.1", {}, {"\5\0"sv, granted_5}, "050100 050100017f00000101bb done"},
      {"socks5h://p",
       "1.2.3.com",
       {},
       {"\5\0"sv, granted_5},
       "050100 0501000309312e322e332e636f6d01bb done"},
      {"socks5h://u:pw@p", "h", {}, {"\5\0"sv, granted_5}, "05020002 05010003016801bb done"},
      {"socks5h://u:pw@p",
       "h",
       {},
       {"\5\2"sv, "\1\0"sv, granted_5},
       "05020002 010175027077 05010003016801bb done"},
      {"socks5h://u@p",
       "h",
       {},
       {"\5\2"sv, "\1\0"sv, granted_5},
       "05020002 01017500 05010003016801bb done"},
      // the bound address of the last reply: a name, an empty name, IPv6
      {"socks5h://p", "h", {}, {"\5\0"sv, "\5\0\0\3\2ab\0\1"sv}, "050100 05010003016801bb done"},
      {"socks5h://p", "h", {}, {"\5\0"sv, "\5\0\0\3\0\0\1"sv}, "050100 05010003016801bb done"},
      {"socks5h://p",
       "h",
       {},
       {"\5\0"sv, "\5\0\0\4aaaabbbbccccdddd\0\1z"sv},
       "050100 05010003016801bb done +7a"},
      // incomplete
      {"socks5h://p", "h", {}, {"\5"sv}, "050100 waits"},
      {"socks5h://p", "h", {}, {"\5\0"sv, "\5\0\0\1\1\2\3\4\5"sv}, "050100 05010003016801bb waits"},
      {"socks4a://p",
       "h",
       {},
       {"\0\x5a\1\2\3\4\5"sv},
       "040101bb0000000100"
       "6800 waits"},
  };
  for (const auto& [via, host, address, replies, expected] : table)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
      INFO(via << ' ' << host << ' ' << piece);
      CHECK(conversation(*begun(via, host, address), replies, piece) == expected);
    }
}

TEST_CASE("the longest lengths fit, longer ones are refused before they are narrowed") {
  const std::string host(255, 'h'), user(255, 'u'), password(255, 'p');
  const auto h = begun("socks5h://" + user + ":" + password + "@p", host);
  REQUIRE(h);
  const std::string said = conversation(*h, {"\5\2"sv, "\1\0"sv, "\5\0\0\1aaaabb"sv});
  CHECK(said == "05020002 01ff" + hex(user) + "ff" + hex(password) + " 05010003ff" + hex(host) +
                    "01bb done");
  std::string longest = "\5\0\0\3\xff"s + std::string(255, 'b') + "\0\1"s;
  CHECK(conversation(*begun("socks5h://p", "h"), {"\5\0"sv, longest}).ends_with("01bb done"));

  for (const std::string_view via : {"socks5h://p", "socks4a://p"})
    for (const std::size_t size : {0u, 256u, 257u, 511u, 65536u, 65537u}) {
      const auto refused = begun(via, std::string(size, 'h'));
      REQUIRE(!refused);
      CHECK(refused.error().reason() == "socks_host_too_long");
    }
  CHECK(begun("socks4a://p", "a\0b"sv).error().reason() == "socks_host_too_long");
  CHECK(begun("socks5://p", "h").error().reason() == "socks_no_address");
  CHECK(begun("socks4://p", "h").error().reason() == "socks_no_address");
  CHECK(begun("socks4://p", "h", v6).error().reason() == "socks_no_ipv6");
  CHECK(begun("socks4a://p", "[::1]").error().reason() == "socks_no_ipv6");
  CHECK(begun("socks5://p", "h", std::span(v6).first(5)).error().reason() == "socks_no_address");
}

TEST_CASE("refusals of SOCKS5 proxies") {
  struct row {
    char code;
    std::string_view reason;
  };
  const row table[] = {{1, "<socks_general_failure>"},     {2, "<socks_not_allowed>"},
                       {3, "<socks_network_unreachable>"}, {4, "<socks_host_unreachable>"},
                       {5, "<socks_connection_refused>"},  {6, "<socks_ttl_expired>"},
                       {7, "<socks_command_unsupported>"}, {8, "<socks_address_unsupported>"},
                       {9, "<socks_unknown_reply>"},       {'\xff', "<socks_unknown_reply>"}};
  for (const auto& [code, reason] : table) {
    const std::string reply{'\5', code};  // some close behind these two bytes
    CHECK(failure("socks5h://p", {"\5\0"sv, reply}) == reason);
  }
  CHECK(failure("socks5h://p", {"\5\xff"sv}) == "<proxy_authentication_required>");
  CHECK(failure("socks5h://u:p@p", {"\5\xff"sv}) == "<proxy_authentication_failed>");
  CHECK(failure("socks5h://u:p@p", {"\5\2"sv, "\1\1"sv}) == "<proxy_authentication_failed>");
  CHECK(failure("socks5h://u:p@p", {"\5\2"sv, "\1\xff"sv}) == "<proxy_authentication_failed>");
}

TEST_CASE("refusals of SOCKS4 proxies") {
  CHECK(failure("socks4a://p", {"\0\x5b"sv}) == "<socks_refused>");
  CHECK(failure("socks4a://p", {"\0\x5c"sv}) == "<proxy_authentication_failed>");
  CHECK(failure("socks4a://p", {"\0\x5d"sv}) == "<proxy_authentication_failed>");
  CHECK(failure("socks4a://p", {"\0\0"sv}) == "<socks_unknown_reply>");
}

TEST_CASE("what is not SOCKS is refused at its first byte") {
  CHECK(failure("socks5h://p", {"HTTP/1.1 400 Bad Request"sv}) == "<socks_malformed>");
  CHECK(failure("socks4a://p", {"HTTP/1.1 400 Bad Request"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\4"sv}) == "<socks_malformed>");
  CHECK(failure("socks4a://p", {"\4"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\5\1"sv}) == "<socks_malformed>");  // GSSAPI, not offered
  CHECK(failure("socks5h://p", {"\5\2"sv}) == "<socks_malformed>");  // a password, not offered
  CHECK(failure("socks5h://u:p@p", {"\5\3"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://u:p@p", {"\5\2"sv, "\5\0"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\5\0"sv, "\0"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\5\0"sv, "\5\0\1"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\5\0"sv, "\5\0\0\0x"sv}) == "<socks_malformed>");
  CHECK(failure("socks5h://p", {"\5\0"sv, "\5\0\0\2x"sv}) == "<socks_malformed>");
}

TEST_CASE("errors of SOCKS name the proxy and no credentials") {
  buffer in;
  in.append("\5\2"sv);
  auto h = *begun("socks5h://alice:s3cret@p:1", "h");
  h.sent(h.outgoing().size());
  REQUIRE(h.receive(in));
  CHECK(in.empty());
  h.sent(h.outgoing().size());
  in.append("\1\1"sv);
  const auto refused = h.receive(in);
  REQUIRE(!refused);
  CHECK(refused.error().category() == error_category::policy);
  CHECK(refused.error().message() == "the proxy socks5h://p:1 refused the user name or password");
}

TEST_CASE("bytes sent early are left for the caller to see") {
  buffer in;
  in.append("\5\0\5\0\0\1aaaabb"sv);
  auto h = *begun("socks5h://p", "h");
  REQUIRE(h.receive(in));
  CHECK(in.size() == 12);  // nothing was asked yet
  h.sent(h.outgoing().size());
  REQUIRE(h.receive(in));
  CHECK_FALSE(h.outgoing().empty());
  CHECK(in.size() == 10);  // the reply to a request that has not been sent
}
