// What is, and what is not, a stream, a timer, a transport.
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/concepts.hpp>

#include <catch2/catch_test_macros.hpp>

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
  void set(time_point, timer_function, void*);
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
  void post(timer_function, void*);
};
struct timeless : some_transport<good_stream, good_timer> {
  void now();
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
static_assert(transport<some_transport<good_stream, good_timer>>);
static_assert(!transport<some_transport<wrong_result, good_timer>>);
static_assert(!transport<some_transport<good_stream, deaf_timer>>);
static_assert(!transport<timeless>);
static_assert(transport<asio_transport>);
static_assert(transport<testing::memory_transport>);

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
