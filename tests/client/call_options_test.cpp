// Options of a call: the base of its URL, its query, its limits of time; and the errors of
// responses that are not 2xx.
#include "client/support.hpp"

#include <cohttps/url/query.hpp>

#include <filesystem>
#include <unistd.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct problem {
  std::string text;
};

/// Content that comes in one piece from a source.
class repeated_source final : public content_source {
 public:
  explicit repeated_source(std::string text) : text_(std::move(text)) {}
  std::optional<std::uint64_t> length() const noexcept override { return text_.size(); }
  task<result<std::span<const std::byte>>> next() override {
    if (std::exchange(given_, true)) co_return std::span<const std::byte>();
    co_return std::as_bytes(std::span(text_));
  }
  bool can_rewind() const noexcept override { return true; }
  bool rewind() noexcept override { return given_ = false, true; }

 private:
  std::string text_;
  bool given_ = false;
};

std::string target_of(std::string_view request) {
  const auto begin = request.find(' ') + 1;
  return std::string(request.substr(begin, request.find(' ', begin) - begin));
}

}  // namespace

template <>
struct cohttps::representation<problem> {
  static constexpr std::string_view media_type = "application/problem+json";
  static problem read(std::string_view bytes) {
    if (bytes.empty()) throw std::runtime_error("empty");
    return {std::string(bytes)};
  }
};

TEST_CASE("the URL of a call is relative to the client's base") {
  struct {
    std::string base, url, target;
  } cases[] = {
      {"http://host/v1/", "users", "/v1/users"},     {"http://host/v1/", "/users", "/users"},
      {"http://host/v1", "users", "/users"},         {"http://host/v1/", "", "/v1/"},
      {"http://host/v1/", "?page=2", "/v1/?page=2"}, {"http://host/v1/", "../x", "/x"},
      {"http://other/", "http://host/z", "/z"},      {"http://other/", "//host/z", "/z"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.base, c.url);
    plain_host at;
    at.host.then(plain_response("x"));
    client_options options = plain();
    options.base_url = c.base;
    const auto r = get(at.network, c.url, options);
    REQUIRE(r);
    CHECK(target_of(at.host.requests.at(0)) == c.target);
  }
}

TEST_CASE("a base that is no URL fails each call, and its error names the option") {
  memory_network network;
  client_options options = plain();
  options.base_url = "example.com";
  const auto r = get(network, "users", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "url_relative_without_base");
  CHECK(std::string(r.error().what()).starts_with("client_options::base_url: "));
}

TEST_CASE("pairs of a call follow the query of its URL, encoded") {
  plain_host at;
  for (int i = 0; i < 4; ++i) at.host.then(plain_response("x"));
  REQUIRE(
      get(at.network, "http://host/a", plain(), {.query = {{"q", "a b&c=\xc3\xa4"}, {"n", ""}}}));
  CHECK(target_of(at.host.requests.at(0)) == "/a?q=a+b%26c%3D%C3%A4&n=");
  REQUIRE(get(at.network, "http://host/a?x=1#f", plain(), {.query = {{"y", "2"}}}));
  CHECK(target_of(at.host.requests.at(1)) == "/a?x=1&y=2");
  const query kept{{"y", "3"}, {"y", "4"}};
  REQUIRE(get(at.network, "http://host/a", plain(), {.query = kept}));
  CHECK(target_of(at.host.requests.at(2)) == "/a?y=3&y=4");
  REQUIRE(get(at.network, "http://host/a", plain(), {.query = query()}));
  CHECK(target_of(at.host.requests.at(3)) == "/a");
  const std::string endless(2 << 20, 'x');
  const auto r = get(at.network, "http://host/a", plain(), {.query = {{"q", endless}}});
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "url_too_long");
}

TEST_CASE("fields of a call come from a map or from pairs too") {
  plain_host at;
  at.host.then(plain_response("x")).then(plain_response("x"));
  const std::map<std::string, std::string> map{{"X-B", "2"}, {"X-A", " 1 "}};
  REQUIRE(get(at.network, "http://host/", plain(), {.headers = map}));
  CHECK(at.host.requests.at(0).find("X-A: 1\r\nX-B: 2\r\n") != std::string::npos);
  const std::vector<std::pair<std::string_view, std::string_view>> pairs{{"x-c", "3\r\nx-d: 4"}};
  const auto refused = get(at.network, "http://host/", plain(), {.headers = pairs});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::usage);
}

TEST_CASE("the limits of a call replace those of its client, phase by phase") {
  for (const auto where : {phase::resolve, phase::connect, phase::handshake, phase::receive_head,
                           phase::receive_body}) {
    CAPTURE(to_string(where));
    memory_network network;
    scripted_host host;
    host.then(where == phase::receive_body ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" : "",
              after::hang);
    network.listen("localhost", 80, host.plain());
    network.listen("localhost", 443, [](memory_stream s) -> task<void> {
      std::byte in[1000];
      while (true) {  // reads, says nothing
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
      }
    });
    if (where == phase::resolve) network.resolve_delay = 1h;
    if (where == phase::connect) network.connect_delay = 1h;
    client_options options = plain();
    options.tls = context_trusting();
    const auto started = network.loop().now();
    const auto r = get(
        network, where == phase::handshake ? "https://localhost/" : "http://localhost/", options,
        {.timeouts = timeouts{.connect = 2s, .tls = 3s, .first_byte = 4s, .idle = 5s}});
    REQUIRE_FALSE(r);
    CHECK(r.error().phase() == where);
    const auto expected = where <= phase::connect        ? 2s
                          : where == phase::handshake    ? 3s
                          : where == phase::receive_head ? 4s
                                                         : 5s;
    CHECK(network.loop().now() - started == expected);
  }
}

TEST_CASE("an error of a status has the status and the content of the response") {
  plain_host at;
  const std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
  const auto r = (at.host.then(answer), get(at.network, "http://host/secret?q=1"));
  REQUIRE(r);
  try {
    r->require_success();
    FAIL();
  } catch (const error& e) {
    CHECK(e.status() == 404);
    CHECK(e.content() == "none");
    CHECK(std::string(e.what()) == "http://host: the server answered 404 Not Found");
  }
  const auto converted = r->try_as<problem>();
  REQUIRE_FALSE(converted);
  CHECK(converted.error().status() == 404);
  CHECK(r->as<problem>(any_status).text == "none");

  const auto other = error(error_category::usage, "x", "y");
  CHECK(other.status() == 0);
  CHECK(other.content().empty());
}

TEST_CASE("a call converts a response of any status where it is asked to") {
  plain_host at;
  at.host.then("HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 3\r\n\r\nbad");
  at.host.then("HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 0\r\n\r\n");
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const problem found = co_await c.get("http://host/").as<problem>(any_status);
    CHECK(found.text == "bad");
    const auto empty = co_await c.try_get("http://host/").as<problem>(any_status);
    REQUIRE_FALSE(empty);
    CHECK(empty.error().reason() == "representation_malformed");
  };
  at.network.run(work());
}

TEST_CASE("an error of a download has the status, and the first 64 KiB of the content") {
  plain_host at;
  const std::string content(100'000, 'x');
  at.host.then("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100000\r\n\r\n" + content);
  at.host.then("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhal", after::close);
  const std::string path =
      std::filesystem::temp_directory_path() / ("cohttps-call-" + std::to_string(::getpid()));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto failed = co_await c.try_download("http://host/", path);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().reason() == "unsuccessful_status");
    CHECK(failed.error().status() == 500);
    CHECK(failed.error().content() == content.substr(0, error::max_content));
    failed = co_await c.try_download("http://host/", path);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().status() == 403);
    CHECK(failed.error().content() == "hal");
  };
  at.network.run(work());
  CHECK(at.network.open_streams == 0);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
}

TEST_CASE("errors name the path of the URL where the client asks for it, and never the query") {
  memory_network network;
  client_options options = plain();
  const auto origin_only = get(network, "http://host/a/b?q=1", options);
  options.path_in_errors = true;
  const auto with_path = get(network, "http://host/a/b?q=1", options);
  REQUIRE_FALSE(origin_only);
  REQUIRE_FALSE(with_path);
  CHECK(origin_only.error().subject() == "http://host");
  CHECK(with_path.error().subject() == "http://host/a/b");
}

TEST_CASE("each call has a form that returns its error") {
  memory_network network;
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    const std::string url = "http://nobody/";
    std::vector<result<response>> all;  // one by one: GCC 12 destroys lists of awaits twice
    all.push_back(co_await c.try_get(url));
    all.push_back(co_await c.try_head(url));
    all.push_back(co_await c.try_post(url));
    all.push_back(co_await c.try_put(url));
    all.push_back(co_await c.try_patch(url, "x"));
    all.push_back(co_await c.try_options(url));
    all.push_back(co_await c.try_delete(url));
    all.push_back(co_await c.try_send(method::get, url));
    for (const auto& each : all) {
      REQUIRE_FALSE(each);
      CHECK(each.error().category() == error_category::resolve);
    }
    const auto streamed = co_await c.try_stream(method::get, url);
    CHECK_FALSE(streamed);
    const auto downloaded = co_await c.try_download(url, "/nonexistent/x");
    CHECK_FALSE(downloaded);
    const auto switched = co_await c.try_upgrade(url, "chat");
    CHECK_FALSE(switched);
    const auto connected = co_await c.try_connect(url);
    CHECK_FALSE(connected);
  };
  network.run(work());
}

TEST_CASE("a stream without a response says so") {
  response_stream none;
  CHECK(none.status() == 0);
  upgraded no_protocol;
  CHECK_THROWS_AS(no_protocol.headers(), error);
}

TEST_CASE("a call reads no faster than its rate, and its idle limit does not count the waits") {
  plain_host at;
  const std::string content(100'000, 'x');
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + content);
  const auto started = at.network.loop().now();
  const auto r = get(at.network, "http://host/", plain(),
                     {.timeouts = timeouts{.idle = 1s}, .max_rate = 1000});
  REQUIRE(r);
  CHECK(r->content() == content);
  const auto took = at.network.loop().now() - started;
  CHECK(took > 80s);
  CHECK(took <= 101s);
}

TEST_CASE("a call sends no faster than its rate") {
  for (const bool from_source : {false, true}) {
    CAPTURE(from_source);
    plain_host at;
    at.host.then(plain_response("x"));
    const std::string text(50'000, 'y');
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), plain());
      auto body = from_source ? content(std::make_unique<repeated_source>(text)) : content(text);
      const auto r = co_await c.post("http://host/", std::move(body), {.max_rate = 5000});
      CHECK(r.status() == 200);
    };
    const auto started = at.network.loop().now();
    at.network.run(work());
    const auto took = at.network.loop().now() - started;
    CHECK(took > 9s);
    CHECK(took <= 11s);
    CHECK(at.host.requests.at(0).ends_with(text));
  }
}

TEST_CASE("the limit of a whole call and its stop end a wait for the rate") {
  plain_host at;
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x');
  at.host.then(answer);
  const auto late = get(at.network, "http://host/", plain(), {.timeout = 20s, .max_rate = 1000});
  REQUIRE_FALSE(late);
  CHECK(late.error().category() == error_category::timeout);
  CHECK(at.network.open_streams == 0);
}
