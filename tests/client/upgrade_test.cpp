// Another protocol after 101 (Switching Protocols).
#include "client/support.hpp"

#include <cohttps/task/when_all.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

const std::string switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Switches and says "hello" in one go, then sends everything back.
memory_network::server echo(std::string answer, std::string& request) {
  return [=, &request](memory_stream s) -> task<void> {
    std::byte in[512];
    while (request.find("\r\n\r\n") == request.npos) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      request += text_of(std::span(in).first(*got));
    }
    std::string out = answer;
    auto sent = co_await s.write_some(std::as_bytes(std::span(out)), {});
    while (sent) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      sent = co_await s.write_some(std::span(in).first(*got), {});
    }
  };
}

task<std::string> read_exactly(upgraded& from, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    auto part = co_await from.read();
    if (part.empty()) break;
    out += text_of(part);
  }
  co_return out;
}

}  // namespace

TEST_CASE("bytes go both ways at once after a switch") {
  for_each_read_size([](memory_network& network) {
    std::string request;
    network.listen("host", 80, echo(switching + "hello", request));
    auto work = [&]() -> task<void> {
      client c(network.transport(), plain());
      auto raw = co_await c.upgrade("http://host/chat", "echo");
      CHECK(raw.headers().find("upgrade") == "echo");
      auto hello = co_await read_exactly(raw, 5);
      CHECK(hello == "hello");
      const std::string much(100'000, 'x');
      auto [nothing, back] = co_await when_all(raw.write(much), read_exactly(raw, much.size()));
      (void)nothing;
      CHECK(back == much);
    };
    network.run(work());
    CHECK(request.starts_with("GET /chat HTTP/1.1\r\n"));
    CHECK(request.find("\r\nConnection: Upgrade\r\n") != request.npos);
    CHECK(request.find("\r\nUpgrade: echo\r\n") != request.npos);
    CHECK(network.open_streams == 0);
  });
}

TEST_CASE("a server that does not switch, or switches to something else") {
  struct {
    std::string answer, reason;
  } cases[] = {
      {plain_response("no"), "not_upgraded"},
      {plain_response("no", "426 Upgrade Required"), "not_upgraded"},
      {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
       "unasked_upgrade"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "unasked_upgrade"},
  };
  for (auto& c : cases) {
    CAPTURE(c.answer);
    memory_network network;
    std::string request;
    network.listen("host", 80, echo(c.answer, request));
    auto work = [&]() -> task<std::string> {
      client over(network.transport(), plain());
      try {
        auto raw = co_await over.upgrade("http://host/", "echo");
      } catch (const error& e) {
        co_return std::string(e.reason());
      }
      co_return "";
    };
    CHECK(network.run(work()) == c.reason);
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("a switch that nobody asked for") {
  plain_host at;
  at.host.then(switching);
  auto r = get(at.network, "http://host/");
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "unasked_upgrade");
  CHECK(r.error().category() == error_category::protocol);
}

TEST_CASE("a switched connection that fails or is stopped while both ways are in use") {
  for_each_fault([](memory_network& network, stop_token stop) -> result<int> {
    network.read_limit = 1024;
    std::string request;
    network.listen("host", 80, echo(switching, request));
    auto work = [&]() -> task<result<int>> {
      client c(network.transport(), plain());
      try {
        request_options how{.stop = stop};
        auto raw = co_await c.upgrade("http://host/", "echo", how);
        const std::string much(5'000, 'x');
        auto [nothing, back] = co_await when_all(raw.write(much), read_exactly(raw, much.size()));
        (void)nothing;
        if (back != much) co_return fail(error_category::peer_closed, "short", "cut short");
      } catch (const error& e) {
        co_return std::unexpected(e);
      }
      co_return 0;
    };
    return network.run(work());
  });
}

TEST_CASE("a switched connection that fails or is stopped") {
  for_each_fault([](memory_network& network, stop_token stop) -> result<int> {
    std::string request;
    network.listen("host", 80, echo(switching, request));
    auto work = [&]() -> task<result<int>> {
      client c(network.transport(), plain());
      try {
        request_options how{.stop = stop};
        auto raw = co_await c.upgrade("http://host/", "echo", how);
        co_await raw.write("ping");
        auto back = co_await read_exactly(raw, 4);
        if (back != "ping") co_return fail(error_category::peer_closed, "short", back);
      } catch (const error& e) {
        co_return std::unexpected(e);
      }
      co_return 0;
    };
    return network.run(work());
  });
}
