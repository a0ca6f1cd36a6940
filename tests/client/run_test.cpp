// Calls of clients that were made outside of `run`.
#include "client/support.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#endif

#include <optional>
#include <string>
#include <thread>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Answers each connection once, on a thread of its own, and counts the connections.
class small_server {
 public:
  small_server() {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~small_server() {
    context_.stop();
    thread_.join();
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const asio_error_code& code, asio::ip::tcp::socket socket) {
      if (code) return;
      asio::write(socket, asio::buffer(std::string_view(
                              "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
                              "hello")));
      open_.push_back(std::move(socket));
      accept();
    });
  }
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::vector<asio::ip::tcp::socket> open_;
  std::thread thread_;
};

std::string reason_of(auto call) {
  try {
    call();
  } catch (const error& e) {
    return std::string(e.reason());
  }
  return "";
}

}  // namespace

TEST_CASE("run takes a call of a client that was made outside") {
  const small_server server;
  client c(plain());
  CHECK(run(c.get(server.url())).text() == "hello");
  CHECK(run(c.get(server.url())).text() == "hello");
  CHECK(reason_of([&] { run(c.get("ftp://x/")); }) == "url_scheme_unsupported");
  const auto refused = run(c.try_get("ftp://x/"));
  REQUIRE_FALSE(refused);
  CHECK(run(c.try_get(server.url()))->status() == 200);
}

TEST_CASE("a task uses a client that was made outside of run") {
  const small_server server;
  client c(plain());
  auto work = [&]() -> task<std::string> {
    client inner(plain());
    const auto first = co_await c.get(server.url());
    co_await sleep_for(1ms);
    const auto second = co_await inner.get(server.url());
    co_return first.text() + second.text();
  };
  CHECK(run(work()) == "hellohello");
  CHECK(run(c.get(server.url())).status() == 200);
}

TEST_CASE("the loop of a thread ends with its last client, even inside run") {
  const small_server server;
  std::optional<client> c(std::in_place, plain());
  auto work = [&]() -> task<int> {
    const auto r = co_await c->get(server.url());
    c.reset();
    co_return r.status();
  };
  CHECK(run(work()) == 200);
  client next(plain());
  CHECK(run(next.get(server.url())).status() == 200);
}

TEST_CASE("run of a call uses the loop that its client was given") {
  const small_server server;
  asio::io_context loop(1);
  client c(asio_transport(loop), plain());
  CHECK(run(c.get(server.url())).status() == 200);
  CHECK(run(c.get(server.url())).status() == 200);
}

TEST_CASE("run refuses calls that it cannot run") {
  memory_network network;
  client in_memory(network.transport(), plain());
  CHECK(reason_of([&] { run(in_memory.get("http://host/")); }) == "not_on_asio");
  client c(plain());
  client moved(std::move(c));
  CHECK(reason_of([&] { run(c.get("http://host/")); }) == "moved_from");
  auto nested = [&]() -> task<std::string> {
    co_return reason_of([&] { run(moved.get("http://host/")); });
  };
  CHECK(run(nested()) == "nested_run");
}
