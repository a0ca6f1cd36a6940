// Models of a transport behind one type: what awaitables of each kind give, and who owns a wait.
#include <cohttps/run.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#include <coroutine>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

using namespace cohttps;
using testing::memory_network;
using testing::memory_stream;
using testing::memory_transport;

namespace {

/// What the awaitables of a `probe_stream` have in common.
struct probe {
  std::coroutine_handle<> waiting;
  int alive = 0;  // awaiters that exist
  bool throws = false;
};

struct counted {
  explicit counted(probe& in) noexcept : of(&in) { ++of->alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --of->alive; }
  probe* of;
};

/// Its own awaiter, which is not movable, and suspends without a word.
struct reading : counted {
  using counted::counted;
  bool await_ready() const {
    if (of->throws) throw std::bad_alloc();
    return false;
  }
  void await_suspend(std::coroutine_handle<> h) const noexcept { of->waiting = h; }
  result<std::size_t> await_resume() const { return std::size_t{7}; }
};
/// An awaitable whose awaiter is another object, and goes on at once.
struct writing {
  struct awaiter : counted {
    using counted::counted;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
    result<std::size_t> await_resume() const { return std::size_t{3}; }
  };
  awaiter operator co_await() && { return awaiter(*of); }
  probe* of;
};

struct probe_stream {
  reading read_some(std::span<std::byte>, stop_token) { return reading(*of); }
  writing write_some(std::span<const std::byte>, stop_token) { return {of}; }
  bool idle() noexcept { return true; }
  void close() noexcept {}
  probe* of;
};
static_assert(byte_stream<probe_stream>);
static_assert(byte_stream<any_stream>);
static_assert(timer<any_timer>);
static_assert(transport<any_transport>);

struct root {
  struct promise_type {
    root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
  std::coroutine_handle<promise_type> frame;
};

root read(any_stream& s, std::optional<std::size_t>& got) {
  auto read = co_await s.read_some({}, {});
  got = *read;
}
root write(any_stream& s, std::optional<std::size_t>& taken) {
  auto written = co_await s.write_some({}, {});
  taken = *written;
}

}  // namespace

TEST_CASE("an awaitable of any kind lives in its stream until its result is taken") {
  probe p;
  any_stream s{probe_stream{&p}};
  std::optional<std::size_t> got, taken;
  auto reader = read(s, got);
  CHECK(p.alive == 1);
  CHECK_FALSE(got);
  auto writer = write(s, taken);  // beside the read
  CHECK(taken == 3);
  CHECK(p.alive == 1);
  p.waiting.resume();
  CHECK(got == 7);
  CHECK(p.alive == 0);
  reader.frame.destroy();
  writer.frame.destroy();
  CHECK_FALSE(s.is_eager());
  CHECK(s.try_read({}) == 0);
  CHECK(s.try_write({}) == 0);
}

TEST_CASE("a coroutine that is destroyed while it waits ends the wait") {
  probe p;
  any_stream s{probe_stream{&p}};
  std::optional<std::size_t> got;
  auto reader = read(s, got);
  CHECK(p.alive == 1);
  reader.frame.destroy();
  CHECK(p.alive == 0);
  auto again = read(s, got);
  CHECK(p.alive == 1);
  p.waiting.resume();
  CHECK(got == 7);
  again.frame.destroy();
}

TEST_CASE("what an awaitable throws reaches the coroutine") {
  probe p;
  p.throws = true;
  any_stream s{probe_stream{&p}};
  auto work = [&]() -> task<bool> {
    try {
      (void)co_await s.read_some({}, {});
    } catch (const std::bad_alloc&) {
      co_return true;
    }
    co_return false;
  };
  CHECK(run(work()));
  CHECK(p.alive == 0);
}

TEST_CASE("a stream moves with the wait in it") {
  probe p;
  any_stream s{probe_stream{&p}};
  std::optional<std::size_t> got;
  auto reader = read(s, got);
  any_stream moved = std::move(s);
  p.waiting.resume();
  CHECK(got == 7);
  reader.frame.destroy();
}

TEST_CASE("copies share a transport, which can be asked for its type") {
  memory_network network;
  any_transport first = network.transport();
  any_transport second = first;
  CHECK(first.target<memory_transport>() != nullptr);
  CHECK(first.target<memory_transport>() == second.target<memory_transport>());
  CHECK(first.target<asio_transport>() == nullptr);
  CHECK(first.now() == network.loop().now());
  CHECK(any_transport(network.transport()).is_socket_transport() ==
        socket_transport<memory_transport>);
}

TEST_CASE("bytes pass through a transport of any type") {
  memory_network network;
  network.listen("host", 80, [](memory_stream s) -> task<void> {
    std::byte in[16];
    auto got = co_await s.read_some(in, {});
    if (got) (void)co_await s.write_some(std::span(in).first(*got), {});
  });
  auto work = [&]() -> task<std::string> {
    any_transport over = network.transport();
    auto addresses = co_await over.resolve("host", 80, {});
    auto stream = co_await over.connect(addresses.value().front(), {});
    auto sent = co_await stream.value().write_some(std::as_bytes(std::span("echo", 4)), {});
    CHECK(sent.value() == 4);
    std::byte in[16];
    auto got = co_await stream->read_some(in, {});
    co_return std::string(reinterpret_cast<const char*>(in), got.value());
  };
  CHECK(network.run(work()) == "echo");
  auto unknown = [&]() -> task<std::string> {
    any_transport over = network.transport();
    auto addresses = co_await over.resolve("unknown.invalid", 80, {});
    co_return addresses ? "" : std::string(addresses.error().reason());
  };
  CHECK(network.run(unknown()) == "host_not_found");
}
