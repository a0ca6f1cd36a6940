#include <cohttps/connect/proxy_rules.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;

namespace {

std::string through(const proxy_rules& rules, std::string_view to) {
  const proxy* p = rules.for_url(*url::parse(to));
  return p ? p->text() : "direct";
}

using variables = std::map<std::string, std::string>;

result<proxy_rules> rules_of(const variables& set) {
  return proxy_rules::from_environment([&](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("no proxy unless told so") {
  CHECK(through({}, "https://e/") == "direct");
  CHECK(proxy_rules().for_url(*url::parse("http://e/")) == nullptr);
}

TEST_CASE("rules say which proxy") {
  const proxy one = *proxy::parse("one"), two = *proxy::parse("socks5h://two");
  CHECK(through(proxy_rules::all(one), "http://e/") == "http://one:1080");
  CHECK(through(proxy_rules::all(one), "https://e/") == "http://one:1080");
  CHECK(through(proxy_rules::by_scheme(one, two), "http://e/") == "http://one:1080");
  CHECK(through(proxy_rules::by_scheme(one, two), "https://e/") == "socks5h://two:1080");
  CHECK(through(proxy_rules::by_scheme(one, {}), "https://e/") == "direct");

  const auto bypassing =
      proxy_rules::all(one).bypass("localhost,127.0.0.0/8,.example.com,*.x,[::1],host:8080");
  for (const std::string_view to :
       {"http://localhost/", "https://127.1.2.3/", "https://www.example.com/", "http://y.x/",
        "http://[::1]:99/", "http://host:8080/"})
    CHECK(through(bypassing, to) == "direct");
  CHECK(through(bypassing, "http://host/") == "http://one:1080");
  const auto more = bypassing.bypass("host");
  CHECK(through(more, "http://host/") == "direct");
  CHECK(through(more, "http://localhost/") == "direct");
  CHECK(through(proxy_rules::all(one).bypass("b:c, host"), "http://host/") == "direct");
}

TEST_CASE("the environment, with curl's meaning") {
  struct row {
    variables set;
    std::string_view http, https;
  };
  const std::vector<row> table = {
      {{}, "direct", "direct"},
      {{{"http_proxy", "a:1"}}, "http://a:1", "direct"},
      {{{"HTTP_PROXY", "a:1"}}, "direct", "direct"},  // CVE-2016-5385
      {{{"HTTP_PROXY", "a:1"}, {"all_proxy", "b:1"}}, "http://b:1", "http://b:1"},
      {{{"https_proxy", "a:1"}}, "direct", "http://a:1"},
      {{{"HTTPS_PROXY", "a:1"}}, "direct", "http://a:1"},
      {{{"https_proxy", "a:1"}, {"HTTPS_PROXY", "b:1"}}, "direct", "http://a:1"},
      {{{"https_proxy", ""}, {"HTTPS_PROXY", "b:1"}}, "direct", "http://b:1"},
      {{{"ALL_PROXY", "socks5://a"}}, "socks5://a:1080", "socks5://a:1080"},
      {{{"all_proxy", "a:1"}, {"ALL_PROXY", "b:1"}}, "http://a:1", "http://a:1"},
      {{{"all_proxy", "a:1"}, {"http_proxy", "b:1"}}, "http://b:1", "http://a:1"},
      {{{"all_proxy", "a:1"}, {"no_proxy", "e"}}, "direct", "direct"},
      {{{"all_proxy", "a:1"}, {"NO_PROXY", "*"}}, "direct", "direct"},
      {{{"all_proxy", "a:1"}, {"no_proxy", "f"}, {"NO_PROXY", "e"}}, "http://a:1", "http://a:1"},
      {{{"all_proxy", "a:1"}, {"no_proxy", ""}, {"NO_PROXY", "e:443"}}, "http://a:1", "direct"},
      {{{"no_proxy", "not:a:list"}}, "direct", "direct"},
  };
  for (const auto& [set, http, https] : table) {
    std::string shown;
    for (const auto& [name, value] : set) shown += name + "=" + value + " ";
    INFO(shown);
    const auto rules = rules_of(set);
    if (!rules) FAIL(rules.error().what());
    CHECK(through(*rules, "http://e/") == http);
    CHECK(through(*rules, "https://e/") == https);
  }
}

TEST_CASE("white space around a variable's value means nothing") {
  const auto rules = rules_of({{"http_proxy", " http://h:3128 \n"}, {"https_proxy", "g:1/path"}});
  REQUIRE(rules);
  CHECK(through(*rules, "http://e/") == "http://h:3128");
  CHECK(through(*rules, "https://e/") == "http://g:1");
}

TEST_CASE("rules with Digest have proxies with Digest") {
  const auto rules = proxy_rules::all(*proxy::parse("u:p@h")).with_digest();
  for (const std::string_view to : {"http://e/", "https://e/"})
    CHECK(rules.for_url(*url::parse(to))->only_digest());
  CHECK(through(proxy_rules().with_digest(), "http://e/") == "direct");
}

TEST_CASE("a malformed variable is named, its value is not") {
  for (const std::string name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const auto rules = rules_of({{name, "alice:s3cret@h:x"}});
    REQUIRE(!rules);
    CHECK(rules.error().category() == error_category::usage);
    CHECK(rules.error().reason() == "proxy_port_invalid");
    CHECK(rules.error().message().find(name + ":") != std::string::npos);
    CHECK(rules.error().message().find("s3cret") == std::string::npos);
    CHECK(rules.error().message().find("alice") == std::string::npos);
  }
  // A list with an entry that nobody understands has others.
  for (const std::string name : {"no_proxy", "NO_PROXY"}) {
    const auto rules = rules_of({{"all_proxy", "h"}, {name, "e, 10.0.0.0/99; f:x, g"}});
    REQUIRE(rules);
    CHECK(through(*rules, "http://g/") == "direct");
    CHECK(through(*rules, "http://10.0.0.1/") != "direct");
  }
}
