// Datagram sockets: those of Asio against sockets of the system, and those in memory.
#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/asio/datagrams.hpp>
#include <cohttps/transport/sleep.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#endif

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

/// A UDP socket of the system on a free port of the loopback.
class echo_peer {
 public:
  explicit echo_peer(bool v6 = false) : fd_(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_storage at{};
    socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    at.ss_family = v6 ? AF_INET6 : AF_INET;
    auto* four = reinterpret_cast<sockaddr_in*>(&at);
    auto* six = reinterpret_cast<sockaddr_in6*>(&at);
    if (v6)
      six->sin6_addr = in6addr_loopback;
    else
      four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) == 0;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    address_ = *parse_address(v6 ? "::1" : "127.0.0.1");
    address_.port = ntohs(v6 ? six->sin6_port : four->sin_port);
  }
  echo_peer(const echo_peer&) = delete;
  echo_peer& operator=(const echo_peer&) = delete;
  ~echo_peer() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  bool bound() const { return bound_; }
  const endpoint& address() const { return address_; }

  /// The sizes of the datagrams that have arrived; each is sent back.
  std::vector<std::size_t> echo() {
    std::vector<std::size_t> sizes;
    std::array<char, 70000> bytes;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ssize_t got = 0;
    while ((got = ::recvfrom(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT,
                             reinterpret_cast<sockaddr*>(&from), &size)) >= 0) {
      sizes.push_back(static_cast<std::size_t>(got));
      ::sendto(fd_, bytes.data(), static_cast<std::size_t>(got), 0,
               reinterpret_cast<sockaddr*>(&from), size);
      size = sizeof from;
    }
    return sizes;
  }

 private:
  int fd_;
  bool bound_ = false;
  endpoint address_;
};

/// Room for what one call receives.
struct room {
  explicit room(std::size_t count = 1) : memory(count * 65535), slots(count) {
    for (std::size_t i = 0; i < count; ++i)
      slots[i].memory = std::span(memory).subspan(i * 65535, 65535);
  }
  std::span<const std::byte> part(std::size_t i) const {
    return slots[i].memory.first(slots[i].layout.size);
  }
  std::vector<std::byte> memory;
  std::vector<datagram_slot> slots;
};

std::vector<std::byte> bytes_of(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

}  // namespace

TEST_CASE("datagrams go to a socket of the system and come back", "[datagrams]") {
  const bool v6 = GENERATE_COPY(false, true);
  echo_peer peer(v6);
  if (!peer.bound()) SKIP("no such address here");
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto opened = open_datagrams(transport, peer.address(), {});
    REQUIRE(opened);
    any_datagram_socket socket(*std::move(opened));
    const auto out = bytes_of(5 * 1000 + 300);
    auto sent = co_await socket.send(out, {out.size(), 1000, ecn::ect_0}, {});
    REQUIRE(sent);
    co_await sleep_for(transport, 20ms);
    CHECK(peer.echo() == std::vector<std::size_t>{1000, 1000, 1000, 1000, 1000, 300});
    room in(2);
    std::vector<std::byte> all;
    while (all.size() < out.size()) {
      auto filled = co_await socket.receive(in.slots, {});
      REQUIRE(filled);
      for (std::size_t i = 0; i < *filled; ++i) {
        CHECK(in.slots[i].layout.segment <= 1000);
        all.insert(all.end(), in.part(i).begin(), in.part(i).end());
      }
    }
    CHECK(all == out);
    CHECK(socket.try_receive(in.slots) == 0);
  }());
}

TEST_CASE("datagrams that arrived one by one are received by one call", "[datagrams]") {
  echo_peer peer;
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto socket = *open_datagrams(transport, peer.address(), {});
    const auto out = bytes_of(700);
    for (std::size_t size = 1; size <= 40; ++size) {
      auto sent = co_await socket.send(std::span(out).first(size * 10), {size * 10, size * 10}, {});
      CHECK(sent);
    }
    co_await sleep_for(transport, 20ms);
    CHECK(peer.echo().size() == 40);
    co_await sleep_for(transport, 20ms);
    room in(24);
    std::size_t expected = 1;
    for (const std::size_t count : {24u, 16u}) {
      auto filled = co_await socket.receive(in.slots, {});
      REQUIRE(filled);
#if defined(__linux__)
      CHECK(*filled == count);
#endif
      for (std::size_t i = 0; i < *filled; ++i, ++expected) {
        CHECK(in.slots[i].layout.size == expected * 10);
        CHECK(std::ranges::equal(in.part(i), std::span(out).first(expected * 10)));
      }
    }
    CHECK(expected == 41);
  }());
}

TEST_CASE("datagrams on a strand of several threads", "[datagrams]") {
  echo_peer peer;
  asio::thread_pool pool(2);
  asio_strand_transport transport{asio::make_strand(pool)};
  static_assert(datagram_transport<asio_strand_transport>);
  auto exchanged = transport.start(
      [&](stop_token stop) -> task<std::size_t> {
        auto opened = open_datagrams_on<asio_strand_transport>;
        any_transport any(transport);
        auto socket = *opened(any, peer.address(), {});
        room in;
        std::size_t right = 0;
        for (std::size_t i = 1; i <= 50; ++i) {
          const auto out = bytes_of(i);
          auto sent = co_await socket.send(out, {i, i}, stop);
          if (!sent) break;
          while (peer.echo().empty()) {
          }
          std::size_t filled = 0;
          while (filled == 0) {
            auto got = co_await socket.receive(in.slots, stop);
            if (!got) co_return right;
            filled = *got;
          }
          right += std::ranges::equal(in.part(0), out);
        }
        co_return right;
      },
      asio::use_future);
  CHECK(exchanged.get() == 50);
  pool.join();
}

TEST_CASE("a datagram that no network takes is lost without an error", "[datagrams]") {
  echo_peer peer;
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto socket = *open_datagrams(transport, peer.address(), {});
    const auto out = bytes_of(66000);
    auto sent = co_await socket.send(out, {66000, 66000}, {});
    CHECK(sent);
    sent = co_await socket.send(std::span(out).first(10), {10, 10}, {});
    CHECK(sent);
    co_await sleep_for(transport, 20ms);
    CHECK(peer.echo() == std::vector<std::size_t>{10});
  }());
}

TEST_CASE("a port that nobody listens at refuses", "[datagrams]") {
  echo_peer peer;
  peer.close();
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto socket = *open_datagrams(transport, peer.address(), {});
    const auto out = bytes_of(10);
    auto sent = co_await socket.send(out, {10, 10}, {});
    CHECK(sent);
    room in;
    auto got = co_await socket.receive(in.slots, {});
    REQUIRE_FALSE(got);
    CHECK(got.error().category() == error_category::connect);
    CHECK(got.error().reason() == "connection_refused");
  }());
}

TEST_CASE("a stop ends the wait for a datagram", "[datagrams]") {
  echo_peer peer;
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto socket = *open_datagrams(transport, peer.address(), {});
    stop_source stop;
    room in;
    auto later = [](asio_transport over, stop_source& to) -> task<void> {
      co_await sleep_for(over, 10ms);
      to.request_stop();
    };
    auto receive = [](auto& from, std::span<datagram_slot> into, stop_token by) -> task<bool> {
      auto got = co_await from.receive(into, by);
      co_return !got && got.error().category() == error_category::canceled;
    };
    bool canceled = false;
    auto both = [&]() -> task<void> { canceled = co_await receive(socket, in.slots, stop); };
    co_await when_all(both(), later(transport, stop));
    CHECK(canceled);
  }());
}

TEST_CASE("a socket has the local address of the options", "[datagrams]") {
  echo_peer peer;
  run([&]() -> task<void> {
    auto transport = asio_transport::current();
    auto wrong = open_datagrams(transport, peer.address(), {.local_address = parse_address("::1")});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().reason() == "local_address_family");
    auto right =
        open_datagrams(transport, peer.address(), {.local_address = parse_address("127.0.0.1")});
    CHECK(right);
    co_return;
  }());
}

TEST_CASE("datagrams in memory are lost, late, doubled and damaged, and the same again for a seed",
          "[datagrams]") {
  const auto once = [](unsigned seed) {
    testing::memory_network network;
    auto& ways = network.datagrams;
    ways.random.seed(seed);
    ways.loss = 0.1;
    ways.copies = 0.1;
    ways.corruption = 0.1;
    ways.delay = 10ms;
    ways.jitter = 5ms;
    std::vector<std::string> seen;
    network.listen_datagrams(
        "192.0.2.1", 443, [&](testing::memory_datagram_socket socket) -> task<void> {
          room in(3);
          while (true) {
            auto filled = co_await socket.receive(in.slots, {});
            if (!filled) co_return;
            for (std::size_t i = 0; i < *filled; ++i)
              seen.emplace_back(reinterpret_cast<const char*>(in.part(i).data()),
                                in.part(i).size());
          }
        });
    network.run([](testing::memory_network& n) -> task<void> {
      auto transport = n.transport();
      endpoint to = *parse_address("192.0.2.1");
      to.port = 443;
      auto socket = *open_datagrams(transport, to, {});
      for (int i = 0; i < 200; ++i) {
        const std::string text = "datagram " + std::to_string(i);
        auto sent =
            co_await socket.send(std::as_bytes(std::span(text)), {text.size(), text.size()}, {});
        CHECK(sent);
      }
      co_await sleep_for(transport, 1s);
    }(network));
    CHECK(ways.sent == 200);
    CHECK(ways.lost > 5);
    CHECK(ways.lost < 60);
    return seen;
  };
  const auto first = once(7);
  CHECK(first == once(7));
  CHECK(first != once(8));
  CHECK(std::set<std::string>(first.begin(), first.end()).size() < first.size());
  CHECK_FALSE(std::ranges::is_sorted(first, {}, [](const std::string& s) { return s.size(); }));
}
