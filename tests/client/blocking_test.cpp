// Calls that block, from one thread and from many.
#include <cohttps/blocking.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#endif

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

/// A server on a thread of its own. It answers each request with its target; "/slow" never.
class echo_server {
 public:
  echo_server() {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~echo_server() {
    context_.stop();
    thread_.join();
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }

 private:
  struct session {
    explicit session(asio::ip::tcp::socket s) : socket(std::move(s)) {}
    asio::ip::tcp::socket socket;
    std::string received;
    std::string answer;
  };
  void accept() {
    acceptor_.async_accept([this](const asio_error_code& code, asio::ip::tcp::socket socket) {
      if (code) return;
      serve(std::make_shared<session>(std::move(socket)));
      accept();
    });
  }
  void serve(std::shared_ptr<session> s) {
    auto& of = *s;
    asio::async_read_until(
        of.socket, asio::dynamic_buffer(of.received), "\r\n\r\n",
        [this, s](const asio_error_code& code, std::size_t size) {
          if (code) return;
          const auto begin = s->received.find(' ') + 1;
          const auto target = s->received.substr(begin, s->received.find(' ', begin) - begin);
          s->received.erase(0, size);
          if (target == "/slow") return serve(s);
          s->answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(target.size()) +
                      "\r\n\r\n" + target;
          asio::async_write(s->socket, asio::buffer(s->answer),
                            [this, s](const asio_error_code& failed, std::size_t) {
                              if (!failed) serve(s);
                            });
        });
  }

  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

const client_options plain{.allow_plaintext = true};

}  // namespace

TEST_CASE("a blocking call returns its response, or throws its error") {
  const echo_server server;
  blocking::client client(plain);
  CHECK(client.get(server.url("/a")).text() == "/a");
  CHECK(client.get(server.url("/b"), {.query = {{"x", "1"}}}).text() == "/b?x=1");
  CHECK(client.head(server.url("/c")).content().empty());
  CHECK_THROWS_AS(client.get("ftp://x/"), error);
  const auto refused = client.try_get("ftp://x/");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason() == "url_scheme_unsupported");
  CHECK(client.wait(client.on_loop().get(server.url("/d"))).text() == "/d");
}

TEST_CASE("many threads share one blocking client") {
  const echo_server server;
  blocking::client client(plain);
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < 8; ++t)
      all.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
          if (client.get(server.url(path)).text() == path) ++right;
        }
      });
  }
  CHECK(right == 200);
}

TEST_CASE("a stream is read part by part by the thread that has it") {
  const echo_server server;
  blocking::client client(plain);
  auto stream = client.stream(method::get, server.url("/part"));
  CHECK(stream.status() == 200);
  std::string all;
  for (auto part = stream.read(); !part.empty(); part = stream.read())
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  CHECK(all == "/part");
  CHECK(stream.complete());
  auto moved = std::move(stream);
  CHECK(moved.status() == 200);
  const auto unread = client.stream(method::get, server.url("/unread"));
}

TEST_CASE("a stop token of another thread ends a blocking call") {
  const echo_server server;
  blocking::client client(plain);
  std::stop_source stop;
  // Usually the call has begun to wait by then. A stop before that gives the same error.
  std::jthread other([&] {
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  const auto stopped =
      client.wait(client.on_loop().try_get(server.url("/slow")).with_stop(stop.get_token()));
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().category() == error_category::canceled);
}

TEST_CASE("a coroutine runs on the loop of a blocking client, where blocking calls are refused") {
  const echo_server server;
  blocking::client client(plain);
  const auto both =
      client.wait([](cohttps::client& on_loop, std::string a, std::string b) -> task<std::string> {
        const auto first = co_await on_loop.get(a);
        const auto second = co_await on_loop.get(b);
        co_return first.text() + second.text();
      }(client.on_loop(), server.url("/1"), server.url("/2")));
  CHECK(both == "/1/2");
  const auto refused = client.wait([](blocking::client& c, std::string url) -> task<std::string> {
    try {
      (void)c.get(url);
    } catch (const error& e) {
      co_return std::string(e.reason());
    }
    co_return "";
  }(client, server.url("/1")));
  CHECK(refused == "blocking_on_loop");
}
