#include <cohttps/http/auth/digest.hpp>
#include <cohttps/tls/hash.hpp>

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

std::optional<digest> chosen(std::string_view challenges,
                             const digest_hashes& hashes = tls::hashes()) {
  return digest::choose(parse_challenges(challenges), hashes);
}

std::string answer(std::string_view challenges, const digest_request& what) {
  auto one = chosen(challenges);
  if (!one) return "(none)";
  const auto value = one->answer(what);
  return value ? *value : '<' + std::string(value.error().reason()) + '>';
}

/// The parameter of an answer, as the other side reads it.
std::string parameter(std::string_view answer, std::string_view name) {
  const auto parsed = parse_challenges(answer);
  REQUIRE_FALSE(parsed.empty());
  return std::string(parsed.front().find(name).value_or("(none)"));
}

const digest_request simple{
    .username = "u", .password = "p", .method = "GET", .target = "/", .content = {}, .cnonce = "c"};

void need_md5() {
  if (!tls::hashes().md5) SKIP("this Botan was built without MD5");
}
void need_sha512_256() {
  if (!tls::hashes().sha512_256) SKIP("this Botan was built without SHA-512-256");
}

// RFC 7616, 3.9.1
constexpr std::string_view mufasa =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
constexpr std::string_view mufasa_md5 =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
const digest_request mufasa_request{.username = "Mufasa",
                                    .password = "Circle of Life",
                                    .method = "GET",
                                    .target = "/dir/index.html",
                                    .content = {},
                                    .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};

}  // namespace

TEST_CASE("a session keeps the client's nonce that its key was made with") {
  for (const bool session : {false, true}) {
    const auto offered = parse_challenges("Digest realm=r, nonce=n, qop=auth, algorithm=MD5" +
                                          std::string(session ? "-sess" : ""));
    auto d = digest::choose(offered, tls::hashes());
    REQUIRE(d);
    const auto first = d->answer({"u", "p", "GET", "/", "", "one"});
    const auto second = d->answer({"u", "p", "GET", "/", "", "two"});
    CHECK(first->find("cnonce=\"one\"") != std::string::npos);
    CHECK(second->find(session ? "cnonce=\"one\"" : "cnonce=\"two\"") != std::string::npos);
    CHECK(second->find("nc=00000002") != std::string::npos);
    const auto h = tls::hashes().md5;
    const std::string a1 = session ? h("u:r:p") + ":n:one" : "u:r:p";
    const std::string expected =
        h(h(a1) + (session ? ":n:00000002:one" : ":n:00000002:two") + ":auth:" + h("GET:/"));
    CHECK(second->find("response=\"" + expected + '"') != std::string::npos);
  }
}

TEST_CASE("the example of RFC 7616 with SHA-256") {
  CHECK(answer(mufasa, mufasa_request) ==
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
        "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
        "algorithm=SHA-256, qop=auth, nc=00000001, "
        "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
        "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
}

TEST_CASE("the examples of RFC 7616 and RFC 2617 with MD5") {
  need_md5();
  CHECK(parameter(answer(mufasa_md5, mufasa_request), "response") ==
        "8ca523f5e9506fed4657c9700eebdbec");

  digest_request old = mufasa_request;
  old.password = "Circle Of Life";
  old.cnonce = "0a4f113b";
  const std::string challenge =
      "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
      "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
  const std::string with = answer(challenge + ", qop=\"auth,auth-int\"", old);
  CHECK(parameter(with, "response") == "6629fae49393a05397450978507c4ef1");
  CHECK(parameter(with, "algorithm") == "(none)");
  // Without qop it is RFC 2069.
  const std::string without = answer(challenge, old);
  CHECK(parameter(without, "response") == "670fd8c2df070c60b045671b8b24ff02");
  for (const std::string_view absent : {"qop", "nc", "cnonce"})
    CHECK(parameter(without, absent) == "(none)");
}

TEST_CASE("the example of RFC 7616 with SHA-512-256 and a hashed name, as errata 4897 has it") {
  need_sha512_256();
  const std::string value = answer(
      "Digest realm=\"api@example.org\", qop=auth, algorithm=SHA-512-256, "
      "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
      "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
      {.username = "J\xc3\xa4s\xc3\xb8n Doe",
       .password = "Secret, or not?",
       .method = "GET",
       .target = "/doe.json",
       .content = {},
       .cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"});
  CHECK(parameter(value, "username") ==
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
  CHECK(parameter(value, "response") ==
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
  CHECK(parameter(value, "userhash") == "true");
}

TEST_CASE("responses by the forms that a challenge can have") {
  struct row {
    std::string_view parameters, response;
  };
  const row table[] = {
      {"algorithm=SHA-256-sess, qop=auth",
       "ea348c3992b38a8ab656b8bcd3589ab596820515773c2a4605013c6216e0f070"},
      {"algorithm=\"sha-256-SESS\", qop=AUTH",
       "ea348c3992b38a8ab656b8bcd3589ab596820515773c2a4605013c6216e0f070"},
      {"algorithm=SHA-256-sess",
       "25aa860fbe5cad83773523931d57bd2a083749b6e9198e7b654ac1bad5a29cf3"},
  };
  for (const auto& [parameters, response] : table) {
    INFO(parameters);
    const auto value = answer("Digest realm=r, nonce=n, " + std::string(parameters), simple);
    CHECK(parameter(value, "response") == response);
    CHECK(parameter(value, "cnonce") == "c");
  }
}

TEST_CASE("auth-int covers the content, and is taken only where auth is not offered") {
  digest_request post = simple;
  post.method = "POST";
  post.content = "body";
  auto one = chosen("Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth-int");
  REQUIRE(one);
  CHECK(one->covers_content());
  const auto value = one->answer(post);
  REQUIRE(value);
  CHECK(parameter(*value, "qop") == "auth-int");
  CHECK(parameter(*value, "response") ==
        "43b1a8fe9d4be60caae4a780af09efafa9fb967679119e3c93645484c4266e46");
  CHECK_FALSE(chosen("Digest realm=r, nonce=n, algorithm=SHA-256, qop=\"auth-int,auth\"")
                  ->covers_content());
}

TEST_CASE("quotes and backslashes are escaped in the field and not in the hash") {
  digest_request who = simple;
  who.username = "a\"b";
  const auto value =
      answer("Digest realm=\"x\\\"y\", nonce=n, algorithm=SHA-256, qop=auth, opaque=\"\\\\\"", who);
  CHECK(value.find("username=\"a\\\"b\", realm=\"x\\\"y\"") != std::string::npos);
  CHECK(parameter(value, "opaque") == "\\");
  CHECK(parameter(value, "response") ==
        "d882947915674d9c7dc6973833ba79c96d698cd4523473a3bba17d4b3f87a5f1");
}

TEST_CASE("a quality of protection that is not known is ignored (RFC 7616, 3.3)") {
  const std::string some = "Digest realm=r, nonce=n, algorithm=SHA-256";
  const std::string without = answer(some, simple);
  for (const std::string_view qop : {"\"\"", "\"foo\"", "foo", "\", ,\"", "'auth'"})
    CHECK(answer(some + ", qop=" + std::string(qop), simple) == without);
  for (const std::string_view qop : {"\"foo, auth\"", "\"auth,foo\""})
    CHECK(parameter(answer(some + ", qop=" + std::string(qop), simple), "qop") == "auth");
}

TEST_CASE("a realm that is missing is an empty one") {
  CHECK(answer("Digest nonce=n, algorithm=SHA-256", simple) ==
        answer("Digest realm=\"\", nonce=n, algorithm=SHA-256", simple));
}

TEST_CASE("a name beyond ASCII is sent as it is where the server does not say charset=UTF-8") {
  digest_request who = simple;
  who.username = "J\xc3\xa4s\xc3\xb8n Doe";
  for (const std::string_view charset : {"", ", charset=ISO-8859-1"}) {
    const auto value =
        answer("Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth" + std::string(charset), who);
    CHECK(value.starts_with("Digest username=\"J\xc3\xa4s\xc3\xb8n Doe\", "));
    CHECK(parameter(value, "response") ==
          "124220ea6576fa99e9934c0320bb2bf30f9dd88afafb8d4bc97cf71b533eb243");
  }
}

TEST_CASE("a name beyond ASCII is sent in the extended notation to who reads UTF-8") {
  digest_request who = simple;
  who.username = "J\xc3\xa4s\xc3\xb8n Doe";
  const auto value =
      answer("Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth, charset=utf-8", who);
  CHECK(value.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "));
  CHECK(parameter(value, "username") == "(none)");
  CHECK(parameter(value, "response") ==
        "124220ea6576fa99e9934c0320bb2bf30f9dd88afafb8d4bc97cf71b533eb243");
}

TEST_CASE("the uses of a nonce are counted") {
  auto one = chosen("Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth");
  REQUIRE(one);
  std::set<std::string> responses;
  for (const std::string_view nc : {"00000001", "00000002", "00000003"}) {
    const auto value = one->answer(simple);
    REQUIRE(value);
    CHECK(parameter(*value, "nc") == nc);
    responses.insert(parameter(*value, "response"));
  }
  CHECK(responses.size() == 3);
}

TEST_CASE("the strongest challenge that can be answered is chosen") {
  const auto shout = [](std::string_view) { return std::string("0"); };
  const digest_hashes all{shout, shout, shout}, none{}, sha256{nullptr, shout, nullptr};
  const std::string md5 = "Digest realm=md5, nonce=n, qop=auth, algorithm=MD5, ";
  const std::string sha = "Digest realm=sha, nonce=n, qop=auth, algorithm=SHA-256, ";
  const std::string sha2 = "Digest realm=second, nonce=n, qop=auth, algorithm=SHA-256-sess, ";
  const std::string sha512 = "Digest realm=sha512, nonce=n, qop=auth, algorithm=SHA-512-256, ";
  const std::string unnamed = "Digest realm=unnamed, nonce=n, qop=auth, ";
  const std::string basic = "Basic realm=basic, ";
  const std::string other = "Digest realm=x, nonce=n, qop=auth, algorithm=SHA-1, ";
  const std::string quality = "Digest realm=x, nonce=n, qop=auth-conf, algorithm=SHA-512-256, ";
  const std::string no_nonce = "Digest realm=x, algorithm=SHA-512-256, ";
  struct row {
    std::string offered;
    const digest_hashes& hashes;
    std::string_view realm;
  };
  const row table[] = {
      {md5 + sha + sha512, all, "sha512"},
      {sha512 + sha + md5, all, "sha512"},
      {md5 + sha + sha512, sha256, "sha"},
      {sha + sha2, all, "sha"},
      {sha2 + sha, all, "second"},
      {unnamed, all, "unnamed"},
      {unnamed, sha256, "(none)"},
      {basic + md5 + other, all, "md5"},
      {md5 + quality, all, "x"},
      {no_nonce + md5, all, "md5"},
      {other + no_nonce + basic, all, "(none)"},
      {md5 + sha + sha512, none, "(none)"},
      {"", all, "(none)"},
  };
  for (const auto& [offered, hashes, realm] : table) {
    INFO(offered);
    const auto one = chosen(offered, hashes);
    CHECK((one ? one->realm() : "(none)") == realm);
  }
}

TEST_CASE("stale is read") {
  const std::string some = "Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth";
  CHECK_FALSE(chosen(some)->stale());
  CHECK(chosen(some + ", stale=TRUE")->stale());
  CHECK(chosen(some + ", stale=\"true\"")->stale());
  CHECK_FALSE(chosen(some + ", stale=false")->stale());
}

TEST_CASE("what cannot stand in a field is refused") {
  const std::string some = "Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth";
  digest_request what = simple;
  what.username = "u\r\nX: y";
  CHECK(answer(some, what) == "<digest_invalid>");
  what = simple;
  what.cnonce = "";
  CHECK(answer(some, what) == "<digest_invalid>");
  what.cnonce = "a\nb";
  CHECK(answer(some, what) == "<digest_invalid>");
}

TEST_CASE("what is wrong with challenges that cannot be answered") {
  const auto why = [](std::string_view challenges) {
    return digest::why_unanswerable(parse_challenges(challenges), tls::hashes());
  };
  CHECK(why("Basic realm=x").empty());
  CHECK(why("Digest realm=x, nonce=y, algorithm=SHA-256").empty());
  CHECK(why("Digest realm=x") == "a Digest challenge has no nonce");
  CHECK(why("Digest realm=x, nonce=y, algorithm=SHA-1") ==
        "the Digest algorithm SHA-1 is not supported");
  CHECK(why("Digest realm=x, Digest nonce=y, algorithm=SHA-1") ==
        "a Digest challenge has no nonce; the Digest algorithm SHA-1 is not supported");
}
