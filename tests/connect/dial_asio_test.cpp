// Dialling over real sockets.
#include <cohttps/connect/dial.hpp>
#include <cohttps/run.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#else
#include <asio/ip/tcp.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;
using detail::connect_options;

namespace {

using acceptor = asio::ip::tcp::acceptor;

acceptor listen(const char* address, std::uint16_t port = 0) {
  return acceptor(asio_transport::current().context(), {asio::ip::make_address(address), port});
}

task<result<detail::dialled>> dial(const connect_options& options, std::uint16_t port) {
  detail::deadline_queue queue(asio_transport::current());
  detail::deadline limit(queue, {}, {});
  co_return co_await detail::dial("host.test", port, options, limit);
}

connect_options at(std::uint16_t port, std::initializer_list<const char*> addresses) {
  connect_options options;
  for (const char* address : addresses) options.resolve.emplace_back("host.test", port, address);
  return options;
}

}  // namespace

TEST_CASE("an address that refuses costs nothing, one that does not answer the delay") {
  auto body = []() -> task<void> {
    auto good = listen("127.0.0.3");
    const std::uint16_t port = good.local_endpoint().port();
    const auto refusing = at(port, {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
    auto got = co_await dial(refusing, port);
    if (!got) FAIL(got.error().what());
    CHECK(address_text(got->peer) == "127.0.0.3");
    CHECK(got->connect < 200ms);

    // A listener whose queue is full does not answer: the system drops what comes.
    acceptor full(asio_transport::current().context(), asio::ip::tcp::v4());
    full.set_option(acceptor::reuse_address(true));
    full.bind({asio::ip::make_address("127.0.0.2"), port});
    full.listen(0);
    asio::ip::tcp::socket filler(asio_transport::current().context());
    filler.connect(full.local_endpoint());

    const auto dead = at(port, {"127.0.0.2", "127.0.0.3"});
    auto late = co_await dial(dead, port);
    if (!late) FAIL(late.error().what());
    CHECK(address_text(late->peer) == "127.0.0.3");
    CHECK(late->connect >= 250ms);
    CHECK(late->connect < 1s);
  };
  run(body());
}

TEST_CASE("when all refuse, the error has each with the system's code") {
  auto body = []() -> task<void> {
    std::uint16_t port = 0;
    {
      auto gone = listen("127.0.0.1");
      port = gone.local_endpoint().port();
    }
    const auto options = at(port, {"127.0.0.1", "127.0.0.2"});
    auto got = co_await dial(options, port);
    REQUIRE_FALSE(got);
    CHECK(got.error().category() == error_category::connect);
    CHECK(got.error().reason() == "connection_refused");
    CHECK(got.error().code() == std::errc::connection_refused);
    CHECK(got.error().phase() == phase::connect);
    REQUIRE(got.error().attempts().size() == 2);
    CHECK(got.error().attempts()[0].endpoint == "127.0.0.1:" + std::to_string(port));
    CHECK(got.error().attempts()[1].endpoint == "127.0.0.2:" + std::to_string(port));
  };
  run(body());
}
