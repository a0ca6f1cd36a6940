// Pages that link to the next one, and the details of a problem.
#include "client/support.hpp"

#include <cohttps/pages.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

std::string page(std::string_view content, std::string_view link = {}) {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size());
  if (!link.empty()) text += "\r\nLink: " + std::string(link);
  return text + "\r\n\r\n" + std::string(content);
}

/// The contents of the pages, and the reason of the error at the end.
std::string read_all(plain_host& at, const std::string& url = "http://host/list?page=1") {
  auto work = [&]() -> task<std::string> {
    client c(at.network.transport(), plain());
    request first = request::to(method::get, url);
    (void)first.headers.append("x-key", "secret");
    pages all(c, std::move(first));
    std::string text;
    while (true) {
      auto next = co_await all.try_next();
      if (!next) co_return text + std::string(next.error().reason());
      if (!*next) co_return text;
      text += (*next)->content() + ' ';
    }
  };
  return at.network.run(work());
}

}  // namespace

TEST_CASE("pages are read until one has no next one, with the fields of the first") {
  plain_host at;
  at.host.then(page("1", "</list?page=2>; rel=\"next\""))
      .then(page("2", "<?page=3>; rel=next, </list>; rel=first"))
      .then(page("3", "</list?page=2>; rel=prev"));
  CHECK(read_all(at) == "1 2 3 ");
  REQUIRE(at.host.requests.size() == 3);
  CHECK(at.host.requests[2].starts_with("GET /list?page=3 "));
  for (const auto& request : at.host.requests)
    CHECK(request.find("x-key: secret\r\n") != std::string::npos);
}

TEST_CASE("a bad link ends the pages after the page that has it") {
  struct {
    std::string_view link, reason;
  } cases[] = {{"<http://other/x>; rel=next", "page_of_other_origin"},
               {"<https://host/x>; rel=next", "page_of_other_origin"},
               {"</list?page=1>; rel=next", "page_twice"}};
  for (const auto& c : cases) {
    CAPTURE(c.link);
    plain_host at;
    at.host.then(page("1", c.link));
    CHECK(read_all(at) == "1 " + std::string(c.reason));
    CHECK(at.host.requests.size() == 1);
  }
}

TEST_CASE("a failed page can be asked for again") {
  plain_host at;
  at.host.then(page("1", "</2>; rel=next"))
      .then("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
      .then(page("2"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    pages all(c, "http://host/1");
    const auto first = co_await all.next();
    CHECK(first->text() == "1");
    const auto failed = co_await all.try_next();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().status() == 404);
    CHECK(failed.error().content() == "no");
    const auto second = co_await all.next();
    CHECK(second->text() == "2");
    const auto end = co_await all.next();
    CHECK_FALSE(end);
  };
  at.network.run(work());
}

TEST_CASE("a response gives the target of a link") {
  plain_host at;
  at.host.then(page("1", "<a/b>; rel=next"));
  const auto r = get(at.network, "http://host/x/y");
  REQUIRE(r);
  CHECK(r->link("next")->href() == "http://host/x/a/b");
  CHECK_FALSE(r->link("prev"));
}
