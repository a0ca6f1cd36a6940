#include <cohttps/url/url.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

/// The host of "https://<host>/" in ASCII, or the reason of the error in angle brackets.
std::string host_of(std::string_view host) {
  const auto parsed = url::parse("https://" + std::string(host) + "/");
  return parsed ? std::string(parsed->host()) : '<' + std::string(parsed.error().reason()) + '>';
}

std::string utf8(const char8_t* text) { return reinterpret_cast<const char*>(text); }

struct row {
  const char8_t* host;
  std::string_view expected;
};

}  // namespace

#ifdef COHTTPS_HAS_IDN2

#include <cohttps/url/bidi.hpp>
#include <cohttps/url/punycode.hpp>
#include <cohttps/url/utf8.hpp>

TEST_CASE("names beyond ASCII are mapped, normalised and written in Punycode") {
  constexpr row table[] = {
      {u8"bücher.example", "xn--bcher-kva.example"},
      {u8"B\u00dcCHER.EXAMPLE", "xn--bcher-kva.example"},
      {u8"bu\u0308cher.example", "xn--bcher-kva.example"},
      {u8"b%C3%BCcher.example", "xn--bcher-kva.example"},
      {u8"日本語。ＪＰ", "xn--wgv71a119e.jp"},
      {u8"a\uff0eb\uff61c\u3002d", "a.b.c.d"},
      {u8"ＧＯ.com", "go.com"},
      {u8"a\u00adb", "ab"},
      {u8"\u2060\u200ba", "a"},
      // Symbols are valid in UTS #46, unlike in IDNA2008.
      {u8"☕.example", "xn--53h.example"},
      {u8"\U0001f4a9.la", "xn--ls8h.la"},
      // Nontransitional: the deviation characters stay.
      {u8"faß.example", "xn--fa-hia.example"},
      {u8"FA\u1e9e.example", "xn--fa-hia.example"},
      {u8"βόλος.com", "xn--nxasmm1c.com"},
      {u8"ΒΌΛΟΣ.com", "xn--nxasmq6b.com"},
      // CheckHyphens is false.
      {u8"-é-", "xn-----bja"},
      {u8"ab--é", "xn--ab---epa"},
      {u8"-.é", "-.xn--9ca"},
      {u8"a－é", "xn--a--cja"},
      // VerifyDnsLength is false: empty labels may be anywhere.
      {u8"é..b", "xn--9ca..b"},
      {u8".é.", ".xn--9ca."},
      // UseSTD3ASCIIRules is false; what a URL forbids is forbidden all the same.
      {u8"a_b.é", "a_b.xn--9ca"},
      {u8"≠", "xn--1ch"},
      {u8"=\u0338", "xn--1ch"},
      {u8"<\u0338", "xn--gdh"},
      {u8"a<é", "<url_host_forbidden_character>"},
      {u8"a b.é", "<url_host_forbidden_character>"},
      {u8"\uff05\uff14\uff11.com", "<url_host_forbidden_character>"},
      {u8"a\u3000b", "<url_host_forbidden_character>"},
      // Joiners by RFC 5892, Appendix A.
      {u8"क्\u200dष", "xn--11b2ezcw70k"},
      {u8"a\u200db", "<url_host_idna>"},
      {u8"a\u200cb", "<url_host_idna>"},
      {u8"\u200da", "<url_host_idna>"},
      {u8"بي\u200dبي", "<url_host_idna>"},
      {u8"بي\u200cبي", "xn--ngba5hb2804a"},
      // Disallowed, and marks in front.
      {u8"\ufdd0zyx.com", "<url_host_idna>"},
      {u8"⒈com", "<url_host_idna>"},
      {u8"\ufffd", "<url_host_idna>"},
      {u8"\u0301a", "<url_host_idna>"},
      {u8"a.\u0301é", "<url_host_idna>"},
      // What the tables of libidn2 do not have yet.
      {u8"\u10a0é", "xn--9ca786t"},
      {u8"\u115fé", "xn--9ca"},
      {u8"\u04c0", "xn--s5a"},
      // Nothing left.
      {u8"\u00ad", "<url_host_missing>"},
      {u8"%C2%AD", "<url_host_missing>"},
      // A number that was not ASCII.
      {u8"１.２.３.４", "1.2.3.4"},
      {u8"①②⑦.1", "127.0.0.1"},
      {u8"a.２", "<url_host_ipv4>"},
  };
  for (const auto& [host, expected] : table) {
    INFO(utf8(host));
    CHECK(host_of(utf8(host)) == expected);
  }
}

TEST_CASE("xn-- labels beside labels beyond ASCII have to encode a valid label") {
  constexpr row table[] = {
      {u8"xn--9ca.é", "xn--9ca.xn--9ca"},
      {u8"XN--9CA.é", "xn--9ca.xn--9ca"},
      {u8"ｘｎ--9ca", "xn--9ca"},
      {u8"xn--zca.é", "xn--zca.xn--9ca"},
      {u8"xn--.é", "<url_host_idna>"},
      {u8"xn--a.é", "<url_host_idna>"},
      {u8"xn--a-.é", "<url_host_idna>"},
      {u8"xn---9ca.é", "<url_host_idna>"},
      {u8"xn--é", "<url_host_idna>"},
      {u8"xn--a-é.b", "<url_host_idna>"},
      {u8"xn--99999999.é", "<url_host_idna>"},
      // decodes to fullwidth letters, an upper case letter, an unnormalised one, and "xn--é"
      {u8"xn--8i7caa.é", "<url_host_idna>"},
      {u8"xn--5ca9a.É", "xn--5ca9a.xn--9ca"},
      {u8"xn--mba.é", "<url_host_idna>"},
      {u8"xn--xn---epa.é", "<url_host_idna>"},
  };
  for (const auto& [host, expected] : table) {
    INFO(utf8(host));
    CHECK(host_of(utf8(host)) == expected);
  }
}

TEST_CASE("right-to-left names obey the Bidi rule, in every label") {
  constexpr row table[] = {
      {u8"אב.example", "xn--4dbc.example"},
      {u8"א1", "xn--1-zhc"},
      {u8"אa", "<url_host_idna>"},
      {u8"aא", "<url_host_idna>"},
      {u8"1א", "<url_host_idna>"},
      {u8"א1\u0661", "<url_host_idna>"},
      {u8"א-", "<url_host_idna>"},
      {u8"א\u05b0", "xn--7cb7d"},
      {u8"א.1a", "<url_host_idna>"},
      {u8"a-.א", "<url_host_idna>"},
      {u8"a1.א", "a1.xn--4db"},
      {u8"..א", "..xn--4db"},
      {u8"1a.é", "1a.xn--9ca"},
  };
  for (const auto& [host, expected] : table) {
    INFO(utf8(host));
    CHECK(host_of(utf8(host)) == expected);
  }
}

TEST_CASE("labels longer than the DNS allows are mapped all the same") {
  const std::string long_ascii(100, 'A');
  CHECK(host_of(long_ascii + ".ß") == std::string(100, 'a') + ".xn--zca");
  CHECK(host_of(long_ascii + "é") == "xn--" + std::string(100, 'a') + "-4zi");

  // Wherever the label is cut, nothing that composes is torn apart.
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::u32string label(shift, U'a');
    std::string text(shift, 'A');
    for (int i = 0; i < 30; ++i) {
      label += U"\u00e9\uac01\u0323";
      text += utf8(u8"E\u0301\u1100\u1161\u11a8\u0323");
    }
    CHECK(host_of(text) == "xn--" + detail::punycode::encode(label));
  }

  std::string many;
  for (int i = 0; i < 100; ++i) many += utf8(u8"é.");
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "xn--9ca.";
  CHECK(host_of(many) == expected);

  std::string beyond;
  while (beyond.size() <= 4096) beyond += utf8(u8"é");
  CHECK(host_of(beyond) == "<url_host_too_long>");
}

TEST_CASE("a host that is not UTF-8 is refused") {
  for (std::string_view bad :
       {"\xff", "a\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "%ff", "%C3", "a\xc3(", "\xe2\x82"}) {
    INFO(bad);
    CHECK(host_of(bad) == "<url_host_idna>");
  }
}

TEST_CASE("Punycode encodes the samples of RFC 3492, 7.1, and decodes them") {
  struct {
    std::u32string_view label;
    std::string_view encoded;
  } const table[] = {
      {U"\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587", "ihqwcrb4cv8a8dqg056pqjye"},
      {U"\u0644\u064a\u0647\u0645\u0627\u0628\u062a\u0643\u0644\u0645\u0648\u0634\u0639\u0631\u0628"
       U"\u064a\u061f",
       "egbpdaj6bu4bxfgehfvwxn"},
      {U"Pro\u010dprost\u011bnemluv\u00ed\u010desky", "Proprostnemluvesky-uyb24dma41a"},
      {U"\u305d\u306e\u30b9\u30d4\u30fc\u30c9\u3067", "d9juau41awczczp"},
      {U"3\u5e74B\u7d44\u91d1\u516b\u5148\u751f", "3B-ww4c5e180e575a65lsy2b"},
      {U"-> $1.00 <-", "-> $1.00 <--"},
      {U"\U0010ffff", "dn32g"},
  };
  for (const auto& [label, encoded] : table) {
    INFO(encoded);
    CHECK(detail::punycode::encode(label) == encoded);
    CHECK(detail::punycode::decode(encoded) == label);
  }
  for (std::string_view bad : {"-a", "a!", "z", "99999999", "\x80-abc", "zzzzzzzzzzzzzzzzzzzzzzzz"})
    CHECK_FALSE(detail::punycode::decode(bad));
}

#else

TEST_CASE("without libidn2 a name beyond ASCII is refused, and others work") {
  CHECK(host_of(utf8(u8"bücher.example")) == "<idna_unavailable>");
  CHECK(host_of("b%C3%BCcher.example") == "<idna_unavailable>");
  CHECK(host_of("xn--bcher-kva.EXAMPLE") == "xn--bcher-kva.example");
  const auto refused = url::parse(utf8(u8"https://bücher.example"));
  CHECK(refused.error().message().find("libidn2") != std::string::npos);
}

#endif
