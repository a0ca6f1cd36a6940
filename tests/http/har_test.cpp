// HAR logs: what is written, what is hidden, what answers.
#include <cohttps/adapters/har_reader.hpp>
#include <cohttps/http/har/har_matcher.hpp>
#include <cohttps/http/har/har_secrets.hpp>
#include <cohttps/http/har/har_writer.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

har_entry entry(std::string method, std::string url, std::string answer = "", int status = 200) {
  har_entry e;
  e.request.method = std::move(method);
  e.request.url = std::move(url);
  e.response.status = status;
  e.response.content.size = answer.size();
  e.response.content.bytes = std::move(answer);
  return e;
}

har_content made(std::string type, std::string bytes) {
  har_content c;
  c.media_type = std::move(type);
  c.size = bytes.size();
  c.bytes = std::move(bytes);
  return c;
}

/// The reason of the failure, or the index of the entry.
std::string outcome(result<std::size_t> r) {
  return r ? std::to_string(*r) : std::string(r.error().reason());
}

}  // namespace

TEST_CASE("an entry of a HAR log has what HAR 1.2 wants") {
  har_entry e = entry("POST", "https://example.com/a?b=c%20d&e", "caf\xc3\xa9 \"x\"\n", 302);
  e.started = std::chrono::sys_days(std::chrono::January / 2 / 2026) + 3h + 4min + 5s + 67ms;
  e.protocol = "HTTP/1.1";
  e.server_address = "192.0.2.1";
  e.connection = "7";
  e.request.headers = {{"Cookie", "a=1; b=2=3"}, {"Content-Type", "text/plain"}};
  e.request.content = made("text/plain", "hello");
  e.response.reason = "Found";
  e.response.headers = {{"Location", "/next"},
                        {"Set-Cookie", "id=9; Path=/x; Secure; HttpOnly"},
                        {"Content-Type", "text/plain"}};
  e.response.content.media_type = "text/plain";
  e.timings = {.blocked = 1ms,
               .dns = 2ms,
               .connect = 10ms,
               .ssl = 4ms,
               .send = 500us,
               .wait = 20ms,
               .receive = 1234us};
  const json j = json::parse(write_har_entry(e));
  CHECK(j["startedDateTime"] == "2026-01-02T03:04:05.067Z");
  CHECK(j["time"] == 34.734);  // ssl is a part of connect
  CHECK((j["serverIPAddress"] == "192.0.2.1" && j["connection"] == "7"));
  const json& q = j["request"];
  CHECK((q["method"] == "POST" && q["url"] == e.request.url && q["httpVersion"] == "HTTP/1.1"));
  CHECK(q["queryString"] == json::parse(R"([{"name":"b","value":"c d"},{"name":"e","value":""}])"));
  CHECK(q["cookies"] == json::parse(R"([{"name":"a","value":"1"},{"name":"b","value":"2=3"}])"));
  CHECK(q["headers"][1] == json::parse(R"({"name":"Content-Type","value":"text/plain"})"));
  CHECK(q["postData"] == json::parse(R"({"mimeType":"text/plain","text":"hello"})"));
  CHECK(q["bodySize"] == 5);
  const json& a = j["response"];
  CHECK((a["status"] == 302 && a["statusText"] == "Found" && a["redirectURL"] == "/next"));
  CHECK(a["cookies"][0] ==
        json::parse(R"({"name":"id","value":"9","path":"/x","httpOnly":true,"secure":true})"));
  CHECK((a["content"]["text"] == "caf\xc3\xa9 \"x\"\n" && a["content"]["size"] == 10));
  CHECK(j["timings"] == json::parse(R"({"blocked":1,"dns":2,"connect":10,"ssl":4,"send":0.5,
                                        "wait":20,"receive":1.234})"));
}

TEST_CASE("a HAR log is read as it was written") {
  har_log log;
  log.entries.push_back(entry("GET", "https://example.com/", std::string("\0\xff\x01", 3)));
  log.entries.push_back(entry("POST", "https://example.com/form", "text\x01"));
  log.entries.back().started = std::chrono::sys_days(std::chrono::May / 31 / 1999) + 23h + 999ms;
  log.entries.back().request.content = made("application/x-www-form-urlencoded", "a=1&b=%26");
  log.entries.push_back(entry("PUT", "https://example.com/up", ""));
  log.entries.back().request.content = made("image/png", "\x89PNG\xff");
  log.entries.push_back(entry("GET", "https://example.com/large", ""));
  log.entries.back().response.content = {"text/plain", "", 5'000'000, true, "left out"};
  log.entries.push_back(entry("GET", "https://example.com/down", "", 0));
  log.entries.back().response.failure = {"connect", "connect_refused", "no address accepted"};
  log.entries.back().response.headers = {{"X-Latin", "caf\xe9"}};
  const auto read = parse_har(write_har(log));
  REQUIRE(read);
  REQUIRE(read->entries.size() == log.entries.size());
  CHECK(read->complete);
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    const har_entry &a = log.entries[i], &b = read->entries[i];
    CHECK(a.started == b.started);
    CHECK(a.request.url == b.request.url);
    REQUIRE(a.request.content.has_value() == b.request.content.has_value());
    if (a.request.content) CHECK(a.request.content->bytes == b.request.content->bytes);
    CHECK(a.response.content.bytes == b.response.content.bytes);
    CHECK(a.response.content.size == b.response.content.size);
    CHECK(a.response.content.left_out == b.response.content.left_out);
    CHECK(a.response.failure.has_value() == b.response.failure.has_value());
  }
  CHECK(read->entries[4].response.failure->reason == "connect_refused");
  CHECK(read->entries[4].response.headers.find("x-latin") == "caf\xc3\xa9");  // JSON is UTF-8
  CHECK(write_har(*read) == write_har(*parse_har(write_har(*read))));
}

TEST_CASE("a HAR log that is cut keeps the entries before the cut") {
  har_log log;
  for (int i = 0; i < 3; ++i)
    log.entries.push_back(entry("GET", "https://example.com/" + std::to_string(i), "caf\xc3\xa9"));
  const std::string whole = write_har(log);
  const std::size_t begin = whole.find("\"entries\":[") + 11;
  const std::string one = write_har_entry(log.entries[0]);
  for (std::size_t size = begin; size < whole.size() - 1; ++size) {
    CAPTURE(size);
    const auto read = parse_har(whole.substr(0, size));
    REQUIRE(read);
    const std::size_t expected = (size + 2 - begin) / (one.size() + 2);
    CHECK(read->entries.size() >= (expected > 0 ? expected - 1 : 0));
    CHECK(read->entries.size() <= 3);
    CHECK(read->complete == (size >= whole.size() - 1));
  }
  CHECK(parse_har(whole)->complete);
  for (const char* text : {"", "{", "[]", "{}", "{\"log\":{}}", "{\"log\":{\"entries\":{}}}", "x",
                           "{\"log\":{\"entries\":[{]}}}                     ",
                           R"({"log":{"entries":[{"request":{}}]}})",
                           R"({"log":{"entries":[{"request":{"method":"GET","url":"u"}}]}})",
                           R"({"log":{"entries":[{"request":{"method":"GET","url":"u",
                               "headers":[{"name":"a b","value":""}]},
                               "response":{"status":200}}]}})",
                           R"({"log":{"entries":[{"request":{"method":"GET","url":"u"},
                               "response":{"status":1e9}}]}})",
                           R"({"log":{"entries":[{"request":{"method":"GET","url":"u"},"response":
                               {"status":200,"content":{"text":"*","encoding":"base64"}}}]}})"}) {
    CAPTURE(text);
    const auto read = parse_har(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().reason() == "har_malformed");
  }
}

TEST_CASE("a HAR log of a browser is read") {
  // Of the shape that Chromium writes: pages first, pseudo-fields, values joined by LF.
  const auto read = parse_har(
      "\xef\xbb\xbf"
      R"({"log":{"version":"1.2","pages":[{"id":"1","pageTimings":{}}],
    "entries":[{"_initiator":{"type":"other"},"cache":{},"request":{"method":"GET",
      "url":"https://example.com/","headers":[{"name":":method","value":"GET"},
      {"name":"accept","value":"*/*"}]},"response":{"status":200,"content":{"size":2,
      "mimeType":"text/plain","text":"aGk=","encoding":"base64"},
      "headers":[{"name":"set-cookie","value":"a=1\nb=2"}]},
      "startedDateTime":"2026-01-02T05:04:05.5+02:00","time":1},
     {"request":{"method":"GET","url":"https://example.com/gone"},
      "response":{"status":0,"_error":"net::ERR_CONNECTION_RESET","content":{"size":0}}}]}})");
  REQUIRE(read);
  REQUIRE(read->entries.size() == 2);
  const har_entry& e = read->entries[0];
  CHECK((e.request.headers.size() == 1 && e.response.content.bytes == "hi"));
  CHECK(e.response.headers.values("set-cookie") == std::vector<std::string_view>{"a=1", "b=2"});
  CHECK(e.started ==
        std::chrono::sys_days(std::chrono::January / 2 / 2026) + 3h + 4min + 5s + 500ms);
  CHECK(read->entries[1].response.failure->message == "net::ERR_CONNECTION_RESET");
}

TEST_CASE("secrets are hidden in a HAR log") {
  struct row {
    const char *name, *value, *shown;
  };
  for (const row& each : {
           row{"Authorization", "Bearer abc", "<hidden>"},
           row{"proxy-authorization", "Basic abc", "<hidden>"},
           row{"Cookie", "a=1; b=2", "a=<hidden>; b=<hidden>"},
           row{"Cookie", "alone", "<hidden>"},
           row{"Set-Cookie", "id=secret; Path=/; HttpOnly", "id=<hidden>; Path=/; HttpOnly"},
           row{"Set-Cookie", "secret", "<hidden>"},
           row{"X-Api-Key", "k", "<hidden>"},
           row{"X-Mine", "v", "<hidden>"},
           row{"Accept", "*/*", "*/*"},
           row{"Location", "/cb?code=1&access_token=t#token=u",
               "/cb?code=1&access_token=%3Chidden%3E#token=%3Chidden%3E"},
           row{"Location", "https://u:p@h/a//b@c", "https://h/a//b@c"},
           row{"Referer", "https://h/?mine=1&b", "https://h/?mine=%3Chidden%3E&b"},
       }) {
    har_request r;
    r.headers.append_unchecked(each.name, each.value);
    hide_secrets(r, std::vector<std::string>{"x-mine", "MINE"});
    CAPTURE(each.name, each.value);
    CHECK(r.headers[0].value == each.shown);
  }
  struct content_row {
    const char *type, *bytes, *shown;
  };
  for (const content_row& each : {
           content_row{"application/x-www-form-urlencoded", "user=a&password=b&pass%77ord2=c",
                       "user=a&password=%3Chidden%3E&pass%77ord2=%3Chidden%3E"},
           content_row{"application/json", R"({"access_token" : "a\"b", "user":"token"})",
                       R"({"access_token" : "<hidden>", "user":"token"})"},
           content_row{"application/problem+json; charset=utf-8", R"([{"mine":"1"},"mine","x"])",
                       R"([{"mine":"<hidden>"},"mine","x"])"},
           content_row{"application/json", R"({"token":{"a":"b"},"token":[1,"c"],"n":"d"})",
                       R"({"token":{"a":"b"},"token":[1,"c"],"n":"d"})"},
           content_row{"application/json", R"({"token":"unfinished\)", R"({"token":"<hidden>")"},
           content_row{"text/plain", "password=1", "password=1"},
           content_row{"", "password=1", "password=1"},
       }) {
    har_response r;
    r.content = made(each.type, each.bytes);
    hide_secrets(r, std::vector<std::string>{"mine"});
    CAPTURE(each.bytes);
    CHECK(r.content.bytes == each.shown);
  }
  har_request r{"GET", "https://h/?api_key=1&q=2"};
  hide_secrets(r);
  CHECK(r.url == "https://h/?api_key=%3Chidden%3E&q=2");
  hide_secrets(r);
  CHECK(r.url == "https://h/?api_key=%3Chidden%3E&q=2");
}

TEST_CASE("which entry of a HAR log answers a request") {
  har_log log;
  log.entries.push_back(entry("GET", "https://h/a"));
  log.entries.push_back(entry("GET", "https://h/a?x=1&y=2"));
  log.entries.push_back(entry("POST", "https://h/a"));
  log.entries[2].request.content = made("application/x-www-form-urlencoded", "a=b+c");
  log.entries.push_back(entry("GET", "https://h/a"));
  log.entries[3].request.headers = {{"Accept", "text/html"}};
  log.entries.push_back(entry("GET", "https://h:444/a#part"));
  log.entries.push_back(entry("GET", "https://h/s?token=abc"));
  log.entries.push_back(entry("GET", "data:,x"));
  log.entries.push_back(entry("GET", "https://h/stopped", "", 0));
  log.entries.back().response.failure = {"canceled", "canceled", ""};

  struct row {
    const char* what;
    std::vector<har_request> asked;
    har_rules rules;
    std::vector<std::string> answers;
  };
  const har_request a{"GET", "https://h/a"};
  const har_request html{"GET", "https://h/a", {{"accept", "text/html"}}};
  const har_request form{
      "POST", "https://h/a", {}, made("application/x-www-form-urlencoded", "a=b%20c")};
  const har_request other{"POST", "https://h/a", {}, made("text/plain", "other")};
  const auto n = "har_no_entry", u = "har_used_up";
  for (const row& each : {
           row{"in order, then the last", {a, a, a}, {}, {"0", "3", "3"}},
           row{"in order, each once", {a, a, a}, {.order = har_order::once}, {"0", "3", u}},
           row{"a field", {html, html}, {.headers = {"accept"}}, {"3", "3"}},
           row{"no field", {a, a}, {.headers = {"accept"}}, {"0", "0"}},
           row{"the host's case, the port, the fragment",
               {{"GET", "HTTPS://H:443/./a#b"}, {"GET", "https://h:444/a"}},
               {},
               {"0", "4"}},
           row{"the query",
               {{"GET", "https://h/a?x=1&y=2"}, {"GET", "https://h/a?y=2&x=1"}},
               {},
               {"1", n}},
           row{"parameters that do not matter",
               {{"GET", "https://h/a?y=2&x=7"}, {"GET", "https://h/a?y=3&x=1"}},
               {.ignored_parameters = {"x"}},
               {"1", n}},
           row{"secrets are not compared", {{"GET", "https://h/s?token=xyz"}}, {}, {"5"}},
           row{"content does not matter", {other}, {}, {"2"}},
           row{"content matters", {other, form}, {.content = true}, {n, "2"}},
           row{"what the caller stopped", {{"GET", "https://h/stopped"}}, {}, {n}},
           row{"another method", {{"PUT", "https://h/a"}}, {}, {n}},
       }) {
    har_matcher matcher(log, each.rules);
    CAPTURE(each.what);
    for (std::size_t i = 0; i < each.asked.size(); ++i)
      CHECK(outcome(matcher.match(each.asked[i])) == each.answers[i]);
  }
  har_matcher matcher(log);
  (void)matcher.match(a);
  CHECK(matcher.unused() == std::vector<std::size_t>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("the entries of a HAR log answer in the order in which they began") {
  har_log log;
  log.entries.push_back(entry("GET", "https://h/", "second"));
  log.entries.push_back(entry("GET", "https://h/", "first"));
  log.entries[0].started += 1s;
  har_matcher matcher(log);
  CHECK(outcome(matcher.match({"GET", "https://h/"})) == "1");
  CHECK(outcome(matcher.match({"GET", "https://h/"})) == "0");
}

TEST_CASE("a request without an entry: the error names the closest one") {
  har_log log;
  log.entries.push_back(entry("GET", "https://api.example/users?page=1&token=s3cret"));
  log.entries.push_back(entry("POST", "https://api.example/users"));
  log.entries.push_back(entry("GET", "https://cdn.example/logo.png"));
  struct row {
    har_request asked;
    const char* text;
  };
  for (const row& each : {
           row{{"GET", "https://api.example/users?page=2&token=other"},
               "entry 1, GET https://api.example/users, which differs in the parameter `page`"},
           row{{"GET", "https://api.example/users?token=x&page=1"},
               "entry 1, GET https://api.example/users, which differs in the order of the "
               "parameters"},
           row{{"DELETE", "https://api.example/users"},
               "entry 2, POST https://api.example/users, which differs in the method"},
           row{{"GET", "https://api.example/user"},
               "entry 1, GET https://api.example/users, which "
               "differs in the path, the parameter `page` and "
               "the parameter `token`"},
           row{{"GET", "https://other.example/logo.png"},
               "entry 3, GET https://cdn.example/logo.png, which differs in the origin"},
       }) {
    har_matcher matcher(log);
    const auto found = matcher.match(each.asked);
    REQUIRE_FALSE(found);
    CAPTURE(found.error().message());
    CHECK(found.error().message().ends_with(each.text));
    CHECK(found.error().message().find("s3cret") == std::string::npos);
  }
  har_matcher empty(har_log{});
  CHECK(empty.match({"GET", "https://h/"}).error().message().ends_with("it has no entries"));
}
