#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

std::span<const std::byte> bytes(std::string_view s) { return std::as_bytes(std::span(s)); }

struct listener {
  explicit listener(asio::io_context& context, const char* address = "127.0.0.1")
      : acceptor(context, {asio::ip::make_address(address), 0}), name(address) {}
  endpoint at() const {
    endpoint e = *parse_address(name);
    e.port = acceptor.local_endpoint().port();
    return e;
  }
  asio::ip::tcp::acceptor acceptor;
  std::string name;
};

/// A folder for sockets, gone in the end.
struct folder {
  folder() : path("/tmp/cohttps-test-" + std::to_string(::getpid())) {
    std::filesystem::create_directory(path);
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string path;
};

template <class Body>
void on_loop(Body body) {
  run(body());
}

}  // namespace

TEST_CASE("a Unix domain socket carries bytes both ways") {
  on_loop([]() -> task<void> {
    const folder temporary;
    auto t = asio_transport::current();
    const std::string path = temporary.path + "/socket";
    asio::local::stream_protocol::acceptor acceptor(t.context(),
                                                    asio::local::stream_protocol::endpoint(path));
    const endpoint to = unix_endpoint(path);
    auto s = co_await t.connect(to, {});
    REQUIRE(s);
    auto peer = acceptor.accept();
    CHECK(s->idle());
    auto sent = co_await s->write_some(bytes("hello"), {});
    CHECK(sent.value() == 5);
    char in[10];
    CHECK(peer.read_some(asio::mutable_buffer(in, 10)) == 5);
    peer.close();
    std::byte got[10];
    auto last = co_await s->read_some(got, {});
    CHECK(last.value() == 0);
  });
}

TEST_CASE("a Unix domain socket that cannot be had is an error that names it") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    const endpoint missing = unix_endpoint("/tmp/cohttps-no-such-socket");
    auto s = co_await t.connect(missing, {});
    REQUIRE_FALSE(s);
    CHECK(s.error().category() == error_category::connect);
    CHECK(s.error().code() == std::errc::no_such_file_or_directory);
    CHECK(s.error().message().find("unix:/tmp/cohttps-no-such-socket") != std::string::npos);

    for (const std::size_t size : {107u, 108u, 5000u}) {
      const endpoint e = unix_endpoint("/" + std::string(size - 1, 'x'));
      auto got = co_await t.connect(e, {});
      REQUIRE_FALSE(got);
      CHECK((got.error().category() == error_category::usage) == (size > 107));
    }
    const endpoint zero = unix_endpoint(std::string("/tmp\0x", 6));
    auto got = co_await t.connect(zero, {});
    CHECK(got.error().category() == error_category::usage);

    socket_options how;
    how.keep_alive = 10s;
    auto configured = co_await t.connect(missing, how, {});
    CHECK(configured.error().reason() == "socket_options_unix");
  });
}

TEST_CASE("a connection may come from an address of choice") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    socket_options how;
    how.local_address = parse_address("127.0.0.2");
    const endpoint to = l.at();
    auto s = co_await t.connect(to, how, {});
    REQUIRE(s);
    asio::ip::tcp::endpoint from;
    auto peer = l.acceptor.accept(from);
    CHECK(from.address().to_string() == "127.0.0.2");

    how.local_address = parse_address("192.0.2.1");  // not this machine's
    auto foreign = co_await t.connect(to, how, {});
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().category() == error_category::connect);
    CHECK(foreign.error().reason() == "local_address_unusable");
    CHECK(foreign.error().message().find("192.0.2.1") != std::string::npos);
    CHECK(foreign.error().message().find(to_string(to)) != std::string::npos);

    how.local_address = parse_address("::1");
    auto other_family = co_await t.connect(to, how, {});
    CHECK(other_family.error().reason() == "local_address_family");
    how.local_address = unix_endpoint("/x");
    auto no_address = co_await t.connect(to, how, {});
    CHECK(no_address.error().category() == error_category::usage);
  });
}

TEST_CASE("a connection may be bound to an interface") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    socket_options how;
    const endpoint to = l.at();
    how.device = "no-such-if";
    auto missing = co_await t.connect(to, how, {});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().reason() == "device_unusable");
    CHECK(missing.error().message().find("'no-such-if'") != std::string::npos);
    how.device = "a-name-that-is-too-long";
    auto too_long = co_await t.connect(to, how, {});
    CHECK(too_long.error().category() == error_category::usage);

    how.device = "lo";
    auto s = co_await t.connect(to, how, {});
    if (!s && s.error().code() == std::errc::operation_not_permitted)
      SKIP("binding to an interface needs a privilege here");
    if (!s) FAIL(s.error().what());
  });
}

TEST_CASE("keep-alive is set as asked for, and off otherwise; Nagle's algorithm is off") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    const endpoint to = l.at();
    const auto option = [](const detail::asio_stream_state& s, int level, int name) {
      int value = -1;
      socklen_t size = sizeof value;
      auto& socket = const_cast<detail::asio_stream_state&>(s).socket;
      CHECK(::getsockopt(socket.native_handle(), level, name, &value, &size) == 0);
      return value;
    };
    for (const auto idle : {0s, 1s, 77s, 32767s}) {
      socket_options how;
      if (idle != 0s) how.keep_alive = idle;
      detail::shared_state state(new detail::asio_stream_state(t.context()));
      auto s = co_await detail::asio_operation<asio_stream, detail::asio_connecting>(
          state, state->writing, {}, detail::asio_connecting(to, how));
      REQUIRE(s);
      CHECK(option(*state, SOL_SOCKET, SO_KEEPALIVE) == (idle != 0s));
      if (idle != 0s) CHECK(option(*state, IPPROTO_TCP, TCP_KEEPIDLE) == idle.count());
      CHECK(option(*state, IPPROTO_TCP, TCP_NODELAY) == 1);
    }
    for (const auto idle : {0s, -1s, 32768s}) {
      socket_options how;
      how.keep_alive = idle;
      auto s = co_await t.connect(to, how, {});
      REQUIRE_FALSE(s);
      CHECK(s.error().reason() == "keep_alive_out_of_range");
    }
  });
}

TEST_CASE("what can be sent at once is sent without waiting, the rest is left") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    const endpoint to = l.at();
    auto s = co_await t.connect(to, {});
    auto peer = l.acceptor.accept();
    CHECK(s->try_write(bytes("bye")) == 3);
    char in[10];
    CHECK(peer.read_some(asio::mutable_buffer(in, 10)) == 3);
    const std::string large(1 << 20, 'x');
    std::size_t taken = 0;
    for (int i = 0; i < 100; ++i) taken += s->try_write(bytes(large));
    CHECK(taken > 0);
    CHECK(taken < 100 * large.size());
    CHECK(s->try_write(bytes(large)) == 0);
    peer.set_option(asio::socket_base::linger(true, 0));
    peer.close();
    std::byte got[10];
    auto reset = co_await s->read_some(got, {});
    CHECK_FALSE(reset);
    CHECK(s->try_write(bytes("x")) == 0);  // no signal either
    s->close();
    CHECK(s->try_write(bytes("x")) == 0);
  });
}

TEST_CASE("the last bytes of a stream reach the peer, whatever is left unread") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    for (int i = 0; i < 4; ++i) {
      const bool unread = i >= 2;
      const std::string last = i % 2 == 0 ? "bye" : "";
      auto s = co_await t.connect(l.at(), {});
      auto peer = l.acceptor.accept();
      if (unread) peer.send(asio::buffer("x", 1));
      while (unread && s->idle()) std::this_thread::yield();
      CHECK(s->try_write(bytes("good")) == 4);
      s->close(bytes(last));
      s->close(bytes("again"));
      std::string got(20, '\0');
      asio_error_code end;
      std::size_t size = 0;
      while (!end) size += peer.read_some(asio::buffer(got.data() + size, got.size() - size), end);
      CHECK(got.substr(0, size) == "good" + last);
      // What is left unread makes it a reset.
      CHECK((unread ? end == asio::error::connection_reset : end == asio::error::eof));
    }
  });
}

#if defined(__linux__)
TEST_CASE("the last bytes of a stream leave together with its end") {
  // Segments that came in: tcpi_segs_in of the kernel's tcp_info, which is longer than the C
  // library's.
  const auto segments = [](int fd) {
    std::array<std::byte, 144> info{};
    socklen_t size = info.size();
    REQUIRE(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size) == 0);
    REQUIRE(size == info.size());
    std::uint32_t count = 0;
    std::memcpy(&count, info.data() + 140, sizeof count);
    return count;
  };
  on_loop([&]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    std::array<std::uint32_t, 2> came{};
    for (std::size_t i = 0; i < came.size(); ++i) {
      auto s = co_await t.connect(l.at(), {});
      auto peer = l.acceptor.accept();
      if (i == 0) {
        s->close(bytes("bye"));
      } else {
        CHECK(s->try_write(bytes("bye")) == 3);
        s->close();
      }
      std::array<char, 10> in{};
      asio_error_code end;
      while (!end) peer.read_some(asio::buffer(in), end);
      came[i] = segments(peer.native_handle());
    }
    CHECK(came[0] + 1 == came[1]);
  });
}
#endif

TEST_CASE("a stop resumes who waits in a later turn, and never from inside of it") {
  on_loop([]() -> task<void> {
    auto t = asio_transport::current();
    listener l(t.context());
    const endpoint to = l.at();
    auto s = co_await t.connect(to, {});
    stop_source stop;
    bool read_ended = false, slept = false;
    auto read = [&]() -> task<void> {
      std::byte in[1];
      auto got = co_await s->read_some(in, stop);
      CHECK(got.error().category() == error_category::canceled);
      read_ended = true;
    };
    auto sleep = [&]() -> task<void> {
      co_await sleep_for(t, 1h, stop);
      slept = true;
    };
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(t, 1ms);
      stop.request_stop();
      CHECK_FALSE(read_ended);
      CHECK_FALSE(slept);
    };
    co_await when_all(read(), sleep(), stopper());
    CHECK(read_ended);
    CHECK(slept);
  });
}

TEST_CASE("the late end of a dropped read is not taken for the end of the next one") {
  asio::io_context context(1);
  asio_transport t(context);
  listener l(context);
  std::optional<asio_stream> stream;
  auto connect = [&]() -> task<void> {
    const endpoint to = l.at();
    auto s = co_await t.connect(to, {});
    stream.emplace(*std::move(s));
  };
  {
    task<void> work = connect();
    auto root = detail::make_run_root(std::move(work));
    detail::run_on(context, root);
  }
  auto peer = l.acceptor.accept();
  std::string log;
  auto read = [&](std::string name) -> task<void> {
    std::byte in[10];
    auto got = co_await stream->read_some(in, {});
    log += name + (got ? " " + std::to_string(*got) : " " + std::string(got.error().reason()));
  };
  {
    task<void> dropped = read("dropped");
    auto root = detail::make_run_root(std::move(dropped));
    root.start();
  }
  task<void> second = read("second");
  auto root = detail::make_run_root(std::move(second));
  root.start();
  context.restart();
  context.poll();  // the dropped one's end arrives
  CHECK(log.empty());
  asio::write(peer, asio::const_buffer("hello", 5));
  context.restart();
  context.run();
  CHECK(log == "second 5");
}
