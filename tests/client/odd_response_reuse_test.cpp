// Whether a connection carries another request after a response that was repaired.
#include "client/support.hpp"

#include <string>

using namespace cohttps;
using namespace cohttps::testing;

TEST_CASE("a connection is used again after what is certain alone") {
  const auto counted = [](std::string fields) {
    return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 5\r\n\r\nhello";
  };
  const auto chunked = [](std::string fields, std::string body = "5\r\nhello\r\n0\r\n\r\n") {
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
  };
  const struct {
    std::string name, response;
    bool reuse;
  } rows[] = {
      {"nothing odd", counted(""), true},
      {"the same length twice", counted("Content-Length: 5\r\n"), true},
      {"a list of one length", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", true},
      {"a folded value", counted("X-A: one;\r\n two\r\n"), true},
      {"LF alone", counted("X-A: one\n"), false},
      {"a line that is no field", counted("PHP Warning:  cannot load\r\n"), false},
      {"white space before a colon", counted("Server : x\r\n"), false},
      {"chunks beside a length", chunked("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
       false},
      {"chunked twice", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       false},
      {"identity", counted("Transfer-Encoding: identity\r\n"), false},
      {"padding behind a size",
       chunked("Transfer-Encoding: chunked\r\n", "5  \r\nhello\r\n0 \r\n\r\n"), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    plain_host at;
    at.host.then(row.response).then(plain_response("second"));
    const auto work = [&]() -> task<void> {
      client c(at.network.transport(), plain());
      auto first = co_await c.get("http://host/");
      CHECK(first.text() == "hello");
      auto second = co_await c.get("http://host/");
      CHECK(second.text() == "second");
    };
    at.network.run(work());
    CHECK(at.host.connections == (row.reuse ? 1u : 2u));
  }
}
