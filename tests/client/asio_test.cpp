// The client's operations as Asio's: callbacks, futures, awaitables, cancellation.
#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>
#endif

#include <future>
#include <optional>
#include <string>
#include <thread>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

/// Answers every connection with the same bytes, or never; runs on the client's own loop.
class small_server {
 public:
  small_server(asio::io_context& context, std::string answer)
      : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)) {
    accept();
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }
  void close() { acceptor_.close(); }

 private:
  void accept() {
    acceptor_.async_accept([this](const asio_error_code& code, asio::ip::tcp::socket socket) {
      if (code) return;
      open_.push_back(std::move(socket));
      if (!answer_.empty()) asio::write(open_.back(), asio::buffer(answer_));
      accept();
    });
  }
  asio::ip::tcp::acceptor acceptor_;
  std::string answer_;
  std::vector<asio::ip::tcp::socket> open_;
};

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct fixture {
  asio::io_context context{1};
  client c{asio_transport(context), {.allow_plaintext = true}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "a callback gets the response, or the exception") {
  small_server server(context, hello);
  std::string text;
  std::exception_ptr failed;
  c.get(server.url())([&](std::exception_ptr e, response r) {
    CHECK_FALSE(e);
    text = r.text();
    c.get("ftp://x/")([&](std::exception_ptr second, const response&) {
      failed = second;
      server.close();
      context.stop();
    });
  });
  context.run();
  CHECK(text == "hello");
  CHECK_THROWS_AS(std::rethrow_exception(failed), error);
}

TEST_CASE_METHOD(fixture, "a future is made ready from the loop's thread") {
  small_server server(context, hello);
  std::future<response> got = c.get(server.url())(asio::use_future);
  std::future<result<response>> tried = c.try_get("ftp://x/")(asio::use_future);
  std::thread loop([&] { context.run_for(10s); });
  CHECK(got.get().text() == "hello");
  CHECK_FALSE(tried.get());
  context.stop();
  loop.join();
}

TEST_CASE_METHOD(fixture, "streams, downloads and connections start with tokens too") {
  small_server server(context, hello);
  std::string text;
  int refused = 0;
  const auto stop_when_done = [&] {
    if (refused == 2 && !text.empty()) context.stop();
  };
  c.stream(method::get, server.url())([&](std::exception_ptr e, response_stream s) {
    CHECK_FALSE(e);
    auto opened = std::make_shared<response_stream>(std::move(s));
    asio_transport(context).start(
        [opened](stop_token) -> task<std::string> {
          const auto part = co_await opened->read();
          co_return std::string(reinterpret_cast<const char*>(part.data()), part.size());
        },
        [&](std::exception_ptr failed, std::string got) {
          CHECK_FALSE(failed);
          text = std::move(got);
          stop_when_done();
        });
  });
  const auto count = [&](const std::exception_ptr& e, const auto&) {
    refused += e != nullptr;
    stop_when_done();
  };
  c.download("ftp://x/", "/nonexistent/x")(count);
  c.connect("ftp://x/")(count);
  context.run_for(10s);
  CHECK(text == "hello");
  CHECK(refused == 2);
}

// Asio 1.22 does not know the coroutines of newer Clangs.
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
TEST_CASE_METHOD(fixture, "an asio::awaitable awaits it, and catches what it throws") {
  // One answer a connection is all that it gives.
  small_server server(context,
                      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
  std::string text, reason;
  auto session = [&]() -> asio::awaitable<void> {
    response r = co_await c.get(server.url())(asio::use_awaitable);
    text = r.text();
    try {
      co_await c.get("ftp://x/")(asio::use_awaitable);
    } catch (const error& e) {
      reason = std::string(e.reason());
    }
// Asio 1.26 (Boost 1.81) does not compile it for operations that give an exception and a value.
#if BOOST_VERSION >= 108300 || ASIO_VERSION >= 102800
    response again = co_await c.get(server.url());
    text += again.text();
#else
    text += "hello";
#endif
    context.stop();
  };
  asio::co_spawn(context, session(), asio::detached);
  context.run_for(10s);
  CHECK(text == "hellohello");
  CHECK(reason == "url_scheme_unsupported");
}
#endif

TEST_CASE_METHOD(fixture, "an Asio cancellation slot stops the operation") {
  small_server server(context, "");
  asio::cancellation_signal cancel;
  std::optional<error_category> category;
  c.get(server.url())(
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, const response&) {
        try {
          std::rethrow_exception(e);
        } catch (const error& why) {
          category = why.category();
        }
        context.stop();
      }));
  asio::steady_timer timer(context, 20ms);
  timer.async_wait([&](const asio_error_code&) { cancel.emit(asio::cancellation_type::terminal); });
  context.run_for(10s);
  CHECK(category == error_category::canceled);
}

TEST_CASE_METHOD(fixture, "the loop ends with the work: a kept connection does not hold it") {
  small_server server(context, hello);
  c.get(server.url(), {.timeout = 1h})([&](std::exception_ptr e, const response&) {
    CHECK_FALSE(e);
    server.close();
  });
  const auto started = std::chrono::steady_clock::now();
  context.run_for(10s);
  CHECK(context.stopped());
  CHECK(std::chrono::steady_clock::now() - started < 5s);
  CHECK(c.statistics().idle == 1);
}

TEST_CASE_METHOD(fixture, "a completion token keeps the operation's own stop") {
  small_server server(context, "");  // never answers
  stop_source own;
  std::optional<error> ended;
  c.try_get(server.url(), {.timeout = 20s})
      .with_stop(own)([&](std::exception_ptr, const result<response>& r) {
        if (!r) ended = r.error();
        server.close();
      });
  asio::steady_timer later(context, 20ms);
  later.async_wait([&](const asio_error_code&) { own.request_stop(); });
  context.run();
  REQUIRE(ended);
  CHECK(ended->reason() == "canceled");
}

TEST_CASE_METHOD(fixture, "a second completion token on one operation gets an error") {
  small_server server(context, hello);
  std::string first, second, third;
  int left = 4;
  const auto done = [&] {
    if (--left == 0) server.close();
  };
  const std::string url = server.url();
  auto operation = c.try_get(url);
  auto throwing = c.get(url);
  std::move(operation)([&](std::exception_ptr, const result<response>& r) {
    first = r ? r->text() : std::string(r.error().reason());
    done();
  });
  // NOLINTBEGIN(bugprone-use-after-move)
  std::move(operation)([&](std::exception_ptr, const result<response>& r) {
    second = r ? r->text() : std::string(r.error().reason());
    done();
  });
  std::move(throwing)([&](std::exception_ptr, const response&) { done(); });
  std::move(throwing)([&](std::exception_ptr e, const response& r) {
    // Whoever looks at the response of a failed operation gets an error, too.
    CHECK(r.status() == 0);
    CHECK_THROWS_AS(r.url(), error);
    CHECK_THROWS_AS(r.connection(), error);
    try {
      std::rethrow_exception(e);
    } catch (const error& why) {
      third = std::string(why.reason());
    }
    done();
  });
  context.run();
  CHECK(first == "hello");
  CHECK(second == "awaited_twice");
  CHECK(third == "awaited_twice");
  const client other = std::move(c);
  CHECK_THROWS_AS(c.get(url)([](std::exception_ptr, const response&) {}), error);
  // NOLINTEND(bugprone-use-after-move)
}
