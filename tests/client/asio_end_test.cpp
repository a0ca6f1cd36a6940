// Loops that are destroyed while requests wait on them.
#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
#include <optional>
#include <string>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

/// A loop with a client and a server that accepts and never answers.
struct fixture {
  fixture() {
    context.emplace(1);
    acceptor.emplace(*context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    url = "http://127.0.0.1:" + std::to_string(acceptor->local_endpoint().port()) + "/";
    client_options options;
    options.allow_plaintext = true;
    options.timeout = 1h;
    c.emplace(asio_transport(*context), std::move(options));
  }
  /// Lets things go on for some turns, then destroys the loop.
  void end_after(std::size_t turns) {
    context->poll_one();
    for (std::size_t i = 1; i < turns; ++i) context->run_one_for(5ms);
    c.reset();
    acceptor.reset();
    context.reset();
  }
  std::optional<asio::io_context> context;
  std::optional<asio::ip::tcp::acceptor> acceptor;
  std::optional<client> c;
  std::string url;
};

}  // namespace

TEST_CASE("a request's future is a broken promise when its loop goes first") {
  for (std::size_t turns = 1; turns < 8; ++turns) {
    fixture f;
    std::future<response> got = f.c->get(f.url)(asio::use_future);
    std::future<response> named =
        f.c->get("http://localhost:" +
                 std::to_string(f.acceptor->local_endpoint().port()))(asio::use_future);
    f.end_after(turns);
    CHECK_THROWS_AS(got.get(), std::future_error);
    CHECK_THROWS_AS(named.get(), std::future_error);
  }
}

// Asio 1.22 does not know the coroutines of newer Clangs.
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
TEST_CASE("an asio::awaitable that awaits a request ends with the loop") {
  for (std::size_t turns = 1; turns < 8; ++turns) {
    fixture f;
    auto held = std::make_shared<int>();
    auto fetch = [](client& c, std::string url, std::shared_ptr<int>) -> asio::awaitable<void> {
      (void)co_await c.get(url)(asio::use_awaitable);
      FAIL("resumed");
    };
    asio::co_spawn(*f.context, fetch(*f.c, f.url, held), asio::detached);
    f.end_after(turns);
    CHECK(held.use_count() == 1);
  }
}
#endif
