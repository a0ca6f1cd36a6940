// What is, and what is not, a stream, a timer, a transport.
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/concepts.hpp>

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <string>
#include <utility>

using namespace cohttps;

namespace {

struct good_stream {
  task<result<std::size_t>> read_some(std::span<std::byte>, stop_token);
  task<result<std::size_t>> write_some(std::span<const std::byte>, stop_token);
  bool idle() noexcept;
  void close() noexcept;
};
struct wrong_result : good_stream {
  task<std::size_t> read_some(std::span<std::byte>, stop_token);
};
struct not_awaitable : good_stream {
  result<std::size_t> write_some(std::span<const std::byte>, stop_token);
};
struct throwing_close : good_stream {
  void close();
};
struct no_idle {
  task<result<std::size_t>> read_some(std::span<std::byte>, stop_token);
  task<result<std::size_t>> write_some(std::span<const std::byte>, stop_token);
  void close() noexcept;
};
struct immovable : good_stream {
  immovable(immovable&&) = delete;
};

struct good_timer {
  void set(time_point, timer_function, void*) noexcept;
  void cancel() noexcept;
};
struct deaf_timer {
  void set(time_point);
  void cancel() noexcept;
};

template <class Stream, class Timer>
struct some_transport {
  using stream_type = Stream;
  using timer_type = Timer;
  task<result<std::vector<endpoint>>> resolve(std::string_view, std::uint16_t, stop_token);
  task<result<Stream>> connect(const endpoint&, stop_token);
  Timer make_timer();
  time_point now();
  void post(std::function<void()>);
};
using plain_transport = some_transport<good_stream, good_timer>;
struct timeless : plain_transport {
  void now();
};
struct unpostable : plain_transport {
  void post(void (*)(void*), void*);
};
struct configurable : plain_transport {
  using plain_transport::connect;
  task<result<good_stream>> connect(const endpoint&, const socket_options&, stop_token);
};
struct badly_configurable : plain_transport {
  using plain_transport::connect;
  task<good_stream> connect(const endpoint&, const socket_options&, stop_token);
};

struct eager : good_stream {
  std::size_t try_read(std::span<std::byte>) noexcept;
  std::size_t try_write(std::span<const std::byte>) noexcept;
};
struct throwing_eager : good_stream {
  std::size_t try_read(std::span<std::byte>) noexcept;
  std::size_t try_write(std::span<const std::byte>);
};
struct silent_eager : good_stream {
  std::size_t try_read(std::span<std::byte>) noexcept;
  void try_write(std::span<const std::byte>) noexcept;
};
struct half_eager : good_stream {
  std::size_t try_write(std::span<const std::byte>) noexcept;
};
struct only_eager {
  std::size_t try_read(std::span<std::byte>) noexcept;
  std::size_t try_write(std::span<const std::byte>) noexcept;
};

static_assert(byte_stream<good_stream>);
static_assert(!byte_stream<wrong_result>);
static_assert(!byte_stream<not_awaitable>);
static_assert(!byte_stream<throwing_close>);
static_assert(!byte_stream<no_idle>);
static_assert(!byte_stream<immovable>);
static_assert(!byte_stream<int>);
static_assert(timer<good_timer>);
static_assert(!timer<deaf_timer>);
static_assert(eager_stream<eager>);
static_assert(!eager_stream<good_stream>);
static_assert(!eager_stream<throwing_eager>);
static_assert(!eager_stream<silent_eager>);
static_assert(!eager_stream<half_eager>);
static_assert(!eager_stream<only_eager>);
static_assert(transport<plain_transport>);
static_assert(!transport<some_transport<wrong_result, good_timer>>);
static_assert(!transport<some_transport<good_stream, deaf_timer>>);
static_assert(!transport<timeless>);
static_assert(!transport<unpostable>);
static_assert(!socket_transport<plain_transport>);
static_assert(socket_transport<configurable>);
static_assert(!socket_transport<badly_configurable>);
static_assert(socket_transport<asio_transport>);
static_assert(eager_stream<asio_stream>);
static_assert(socket_transport<testing::memory_transport>);
static_assert(eager_stream<testing::memory_stream>);

static_assert(awaitable_of<task<int>, int>);
static_assert(!awaitable_of<task<int>, long>);
static_assert(!awaitable<int>);

}  // namespace

TEST_CASE("addresses are written as RFC 5952 says") {
  const auto v6 = [](std::initializer_list<unsigned> groups) {
    endpoint e{.is_v6 = true, .port = 443};
    std::size_t i = 0;
    for (unsigned g : groups) {
      e.address[i++] = static_cast<std::byte>(g >> 8);
      e.address[i++] = static_cast<std::byte>(g);
    }
    return to_string(e);
  };
  CHECK(v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}) == "[2001:db8::1]:443");
  CHECK(v6({0, 0, 0, 0, 0, 0, 0, 1}) == "[::1]:443");
  CHECK(v6({0, 0, 0, 0, 0, 0, 0, 0}) == "[::]:443");
  CHECK(v6({1, 0, 0, 0, 0, 0, 0, 0}) == "[1::]:443");
  CHECK(v6({1, 0, 2, 3, 4, 5, 6, 7}) == "[1:0:2:3:4:5:6:7]:443");
  CHECK(v6({1, 0, 0, 2, 0, 0, 0, 3}) == "[1:0:0:2::3]:443");
  CHECK(v6({1, 0, 0, 2, 3, 0, 0, 4}) == "[1::2:3:0:0:4]:443");
  CHECK(v6({0xfe80, 0x10, 0x100, 0x1000, 0, 0xabcd, 0, 0xffff}) ==
        "[fe80:10:100:1000:0:abcd:0:ffff]:443");
  endpoint v4{.port = 80};
  v4.address[0] = std::byte{192};
  v4.address[2] = std::byte{2};
  v4.address[3] = std::byte{255};
  CHECK(to_string(v4) == "192.0.2.255:80");
}

TEST_CASE("literals are read as addresses, everything else is none") {
  // The text, and how it is written again; empty when it is no address.
  const std::pair<std::string, std::string> table[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"1::8", "1::8"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:c000:201"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::1%2", "fe80::1%2"},
      {"fe80::1%4294967295", "fe80::1%4294967295"},
      {"", ""},
      {"host", ""},
      {"192.0.2", ""},
      {"192.0.2.1.", ""},
      {"192.0.2.1.5", ""},
      {"192.0.2.256", ""},
      {"192.0.2.01", ""},
      {"0x7f.0.0.1", ""},
      {"192.0.2.-1", ""},
      {"192..2.1", ""},
      {".192.0.2", ""},
      {"192.0.2.1:80", ""},
      {"127.1", ""},
      {"1.2.3.4%1", ""},
      {":", ""},
      {":::", ""},
      {"1:2:3:4:5:6:7", ""},
      {"1:2:3:4:5:6:7:8:9", ""},
      {"1:2:3:4:5:6:7:8::", ""},
      {"1:2:3:4::5:6:7:8", ""},
      {"::1::", ""},
      {"1:::2", ""},
      {"1:", ""},
      {"::1:", ""},
      {":1::2", ""},
      {"12345::", ""},
      {"g::", ""},
      {"[::1]", ""},
      {"1:2:3:4:5:6:7:1.2.3.4", ""},
      {"::1.2.3", ""},
      {"::1.2.3.4:5", ""},
      {"::1%", ""},
      {"::1%eth0", ""},
      {"::1%4294967296", ""},
      {"::1%1%2", ""},
  };
  for (const auto& [text, written] : table) {
    CAPTURE(text);
    const auto address = parse_address(text);
    CHECK(address.has_value() == !written.empty());
    if (!address) continue;
    CHECK(address_text(*address) == written);
    CHECK(parse_address(written) == address);
  }
}

TEST_CASE("a Unix domain socket is written with its path") {
  const endpoint e = unix_endpoint("/run/daemon.sock");
  CHECK(e.is_unix());
  CHECK(to_string(e) == "unix:/run/daemon.sock");
  CHECK(address_text(e) == "unix:/run/daemon.sock");
  CHECK_FALSE(endpoint().is_unix());
  CHECK(e != endpoint());
}
