// A client whose certificate is renewed while it has connections, at a server that demands one.
#include "servers/client_support.hpp"

#include <string>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

tls_identity identity_of(const nginx& server, const std::string& name) {
  const auto issued = server.client_certificate(name);
  return {.certificate_pem = issued.chain_pem, .key_pem = issued.key_pem};
}

std::string who(const response& r) {
  return std::string(r.headers().find("x-client").value_or(""));
}
// The number of the connection.
std::string which(const response& r) {
  const auto number = r.headers().find("x-connection").value_or("");
  return std::string(number.substr(0, number.find('/')));
}

}  // namespace

TEST_CASE("a new identity is for new connections, and the pool's are kept") {
  auto& server = web_server();
  descriptor_balance balance;
  const auto work = [&]() -> task<void> {
    tls_context context({.system_roots = false,
                         .root_pem = server.root_pem(),
                         .identity = identity_of(server, "first")});
    client_options options;
    options.tls = context;
    client c(options);
    const auto url = server.url(site::mutual, "/small.txt");
    const auto before = co_await c.get(url);
    CHECK(before.text() == server.small);
    CHECK(who(before) == "CN=first");

    auto second = identity_of(server, "second");
    const auto exchanged = context.set_identity(second);
    REQUIRE(exchanged);
    const auto kept = co_await c.get(url);
    CHECK(which(kept) == which(before));
    CHECK(who(kept) == "CN=first");

    // While that one is busy another is made.
    {
      const auto large_url = server.url(site::mutual, "/large.bin");
      auto busy = co_await c.stream(method::get, large_url);
      const auto beside = co_await c.get(url);
      CHECK(which(beside) != which(before));
      CHECK(who(beside) == "CN=second");
      CHECK_FALSE(beside.connection().tls->resumed);
      const auto on_busy = busy.headers().find("x-client").value_or("");
      CHECK(on_busy == "CN=first");
    }
    c.close_idle();
    const auto after = co_await c.get(url);
    CHECK(who(after) == "CN=second");
    CHECK(after.connection().tls->resumed);  // the second's own session
  };
  run(work());
}
