// A request as a command of curl: what it says, what it hides, and that a shell reads it as meant.
#include <cohttps/client.hpp>
#include <cohttps/client/multipart_form.hpp>
#include <cohttps/client/to_curl.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

request asked(const method& verb, std::string_view where, content body = {}, fields headers = {}) {
  return {verb, url::parse(where), std::move(headers), std::move(body)};
}

/// What curl would get from a shell, word by word.
std::vector<std::string> words(const std::string& command) {
  const std::string script = "curl() { printf '%s\\0' \"$@\"; }\n" + command;
  const std::string file = "/tmp/cohttps-to-curl-" + std::to_string(::getpid());
  std::FILE* out = std::fopen(file.c_str(), "wb");
  REQUIRE(out);
  std::fwrite(script.data(), 1, script.size(), out);
  std::fclose(out);
  std::FILE* shell = ::popen(("bash " + file).c_str(), "r");
  REQUIRE(shell);
  std::vector<std::string> all;
  std::string word;
  for (int c; (c = std::fgetc(shell)) != EOF;) {
    if (c != 0) {
      word += static_cast<char>(c);
      continue;
    }
    all.push_back(word);
    word.clear();
  }
  CHECK(::pclose(shell) == 0);
  std::remove(file.c_str());
  return all;
}

}  // namespace

TEST_CASE("to_curl says what is sent") {
  struct {
    request r;
    std::string command;
  } cases[] = {
      {asked(method::get, "https://example.com/a?b=c"),
       "curl --location 'https://example.com/a?b=c'"},
      {asked(method::head, "https://example.com/"),
       "curl --head --location 'https://example.com/'"},
      {asked(method::delete_, "https://example.com/"),
       "curl --request 'DELETE' --location 'https://example.com/'"},
      {asked(method::get, "https://[::1]/?[{a}]"),
       "curl --location --globoff 'https://[::1]/?[{a}]'"},
      {asked(method::post, "https://example.com/", content::form({{"a", "b c"}})),
       "curl --location 'https://example.com/' --header 'content-type: "
       "application/x-www-form-urlencoded' --data-raw 'a=b+c'"},
      {asked(method::put, "https://example.com/", content("@it's")),
       "curl --request 'PUT' --location 'https://example.com/' --header 'content-type:' --data-raw "
       "'@it'\\''s'"},
      {asked(method::put, "https://example.com/", content::file("/etc/hostname", "text/plain")),
       "curl --request 'PUT' --location 'https://example.com/' --header 'content-type: text/plain' "
       "--data-binary '@/etc/hostname'"},
      {asked(method::post, "https://example.com/", content(std::string("a\0b", 3)),
             {{"content-type", "x/y"}}),
       "curl --location 'https://example.com/' --header 'content-type: x/y' --data-binary @-  # "
       "the "
       "content, 3 bytes"},
      {asked(method::post, "https://example.com/",
             multipart_form::with_boundary("b").add("n", "v")),
       "curl --location 'https://example.com/' --header 'content-type: multipart/form-data; "
       "boundary=b' --data-binary @-  # the content, 59 bytes"},
      {asked(method::get, "https://example.com/", {}, {{"accept", "x/y"}, {"x-empty", ""}}),
       "curl --location 'https://example.com/' --header 'accept: x/y' --header 'x-empty;'"},
  };
  for (auto& c : cases) CHECK(to_curl(c.r) == c.command);

  auto limited = asked(method::get, "https://example.com/");
  limited.timeout = 1500us;
  limited.max_redirects = 0;
  CHECK(to_curl(limited) == "curl --max-time 0.002 'https://example.com/'");
  limited.timeout = 90s;
  limited.max_redirects = 3;
  CHECK(to_curl(limited) ==
        "curl --location --max-redirs 3 --max-time 90.000 'https://example.com/'");
  CHECK(to_curl(asked(method::get, "https://")).starts_with("# no request: "));
}

TEST_CASE("to_curl hides what gives access, unless it is asked for") {
  const fields secrets{{"Authorization", "Basic c2VjcmV0"},
                       {"Proxy-Authorization", "Basic c2VjcmV0"},
                       {"Cookie", "id=c2VjcmV0"},
                       {"X-API-Key", "c2VjcmV0"},
                       {"X-Auth-Token", "c2VjcmV0"},
                       {"X-Auth", "c2VjcmV0"},
                       {"apikey", "c2VjcmV0"},
                       {"Ocp-Apim-Subscription-Key", "c2VjcmV0"},
                       {"X-Session-Id", "c2VjcmV0"}};
  const auto r = asked(method::get, "https://name:c2VjcmV0@example.com/", {}, secrets);
  const auto command = to_curl(r);
  CHECK(command.find("c2VjcmV0") == std::string::npos);
  CHECK(command.find("name") == std::string::npos);
  CHECK(
      command.starts_with("curl --location --user '<hidden>' 'https://example.com/' --header "
                          "'Authorization: <hidden>'"));
  const auto shown = to_curl(r, curl_secrets::shown);
  CHECK(shown.find("'https://name:c2VjcmV0@example.com/'") != std::string::npos);
  CHECK(shown.find("'Cookie: id=c2VjcmV0'") != std::string::npos);
}

TEST_CASE("to_curl shows how credentials are shown") {
  const struct {
    credentials who;
    std::string hidden, shown;
  } cases[] = {
      {credentials::basic("me", "c2VjcmV0"), "--user '<hidden>' 'https://h/'",
       "--user 'me:c2VjcmV0' 'https://h/'"},
      {credentials::digest("me", "c2VjcmV0"), "--digest --user '<hidden>' 'https://h/'",
       "--digest --user 'me:c2VjcmV0' 'https://h/'"},
      {credentials::bearer("c2VjcmV0"), "'https://h/' --oauth2-bearer '<hidden>'",
       "'https://h/' --oauth2-bearer 'c2VjcmV0'"},
  };
  for (const auto& c : cases) {
    auto r = asked(method::get, "https://h/");
    r.credentials = c.who;
    CHECK(to_curl(r) == "curl --location " + c.hidden);
    CHECK(to_curl(r, curl_secrets::shown) == "curl --location " + c.shown);
  }
}

TEST_CASE("a shell reads any text as it was meant") {
  const std::string texts[] = {"",
                               "$HOME `id` $(id) \"x\"",
                               "it's",
                               "\\",
                               "a\nb\t",
                               "\x1b[2J\x07\x7f'\\ \x01"
                               "f",
                               "caf\xc3\xa9",
                               "\xc2\x9b"
                               "31m",
                               "\xff\xfe"
                               "0",
                               "-n --help",
                               "!event; rm # & | > <"};
  for (const auto& text : texts) {
    CAPTURE(text);
    const auto command =
        to_curl(asked(method::post, "https://h/", content(text + "."), {{"content-type", "x/y"}}));
    for (const char c : command)
      CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'));
    CHECK(command.find("\xc2\x9b") == std::string::npos);
    const auto got = words(command);
    REQUIRE(got.size() == 6);
    CHECK(got.back() == text + ".");
  }
}
