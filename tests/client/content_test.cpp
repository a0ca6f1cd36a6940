// Requests with content: where it comes from, when it is sent, and when it is sent again.
#include "client/support.hpp"

#include <cohttps/client/content.hpp>
#include <cohttps/transport/sleep.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

class temporary_file {
 public:
  explicit temporary_file(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("cohttps-content-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Reads a request to its end and answers as told; remembers what came.
struct collector {
  std::string received;
  std::size_t connections = 0;

  /// Answers the head with `at_head` if that is something, and the whole, which ends with `end`,
  /// with `at_end`.
  memory_network::server server(std::string end, std::string at_head, std::string at_end,
                                std::size_t stop_reading_after = SIZE_MAX) {
    return [=, this](memory_stream s) -> task<void> {
      ++connections;
      std::string mine;
      bool told = at_head.empty();
      std::byte in[4096];
      while (true) {
        if (mine.size() >= stop_reading_after) {
          auto sent = co_await s.write_some(std::as_bytes(std::span(at_end)), {});
          co_await forever{};  // stays open and is not read
        }
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        mine.append(reinterpret_cast<const char*>(in), *got);
        received.append(reinterpret_cast<const char*>(in), *got);
        if (!told && mine.find("\r\n\r\n") != mine.npos) {
          told = true;
          auto sent = co_await s.write_some(std::as_bytes(std::span(at_head)), {});
        }
        if (!mine.ends_with(end)) continue;
        auto sent = co_await s.write_some(std::as_bytes(std::span(at_end)), {});
        mine.clear();
      }
    };
  }

  struct forever {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
  };
};

result<response> put(memory_network& network, content body, client_options options = plain(),
                     request_options how = {}) {
  auto work = [&]() -> task<result<response>> {
    client c(network.transport(), options);
    co_return co_await c.try_send(method::put, "http://host/", std::move(body), how);
  };
  return network.run(work());
}

/// Gives `pieces` one after another, each after `pause`.
auto pieces_of(memory_network& network, std::vector<std::string> pieces,
               std::chrono::nanoseconds pause = {}) {
  return [&network, pieces = std::move(pieces), pause,
          i = std::size_t{0}]() mutable -> task<std::string> {
    if (pause.count() != 0) co_await sleep_for(network.transport(), pause);
    std::string piece;
    if (i != pieces.size()) piece = pieces[i++];
    co_return piece;
  };
}

const std::string large(100'000, 'x');

}  // namespace

TEST_CASE("content comes from memory, from a file, or is made on the way") {
  temporary_file file(large + "end");
  struct {
    std::string name;
    std::function<content(memory_network&)> make;
    bool chunked;
  } cases[] = {
      {"owned", [](memory_network&) { return content(large + "end"); }, false},
      {"borrowed",
       [](memory_network&) {
         static const std::string kept = large + "end";
         return content::borrowed(kept);
       },
       false},
      {"file", [&](memory_network&) { return content::file(file.path()); }, false},
      {"generated",
       [](memory_network& n) {
         return content::generated(pieces_of(n, {large.substr(0, 7), large.substr(7), "end"}));
       },
       true},
      {"generated, slowly",
       [](memory_network& n) {
         return content::generated(pieces_of(n, {large, "end"}, 1h), large.size() + 3);
       },
       false},
  };
  for (auto& c : cases) {
    CAPTURE(c.name);
    memory_network network;
    collector host;
    network.listen("host", 80,
                   host.server(c.chunked ? "0\r\n\r\n" : "end", "", plain_response("thanks")));
    auto r = put(network, c.make(network));
    if (!r) FAIL(r.error().what());
    CHECK(r->text() == "thanks");
    CHECK((host.received.find("Transfer-Encoding: chunked\r\n") != std::string::npos) == c.chunked);
    const auto content = host.received.substr(host.received.find("\r\n\r\n") + 4);
    CHECK((content ==
           (c.chunked ? "7\r\nxxxxxxx\r\n18699\r\n" + large.substr(7) + "\r\n3\r\nend\r\n0\r\n\r\n"
                      : large + "end")));
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("a source that learns its length on the way ends as it began") {
  class learning final : public content_source {
   public:
    std::optional<std::uint64_t> length() const noexcept override {
      return given_ == 0 ? std::nullopt : std::optional<std::uint64_t>(given_);
    }
    task<result<std::span<const std::byte>>> next() override {
      if (given_ != 0) co_return std::span<const std::byte>();
      given_ = large.size();
      co_return std::as_bytes(std::span(large));
    }
    bool can_rewind() const noexcept override { return false; }
    bool rewind() noexcept override { return false; }

   private:
    std::size_t given_ = 0;
  };
  memory_network network;
  collector host;
  network.listen("host", 80, host.server("\r\n0\r\n\r\n", "", plain_response("thanks")));
  auto r = put(network, content(std::make_unique<learning>()));
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "thanks");
}

TEST_CASE("content that is not what was said ends the request; nothing hangs") {
  struct {
    std::string name;
    std::function<content(memory_network&)> make;
    std::string reason;
  } cases[] = {
      {"shorter",
       [](memory_network& n) { return content::generated(pieces_of(n, {"abc"}), 20'000); },
       "content_length_mismatch"},
      {"longer",
       [](memory_network& n) {
         return content::generated(pieces_of(n, {large, "abc"}), large.size());
       },
       "content_length_mismatch"},
      {"no file", [](memory_network&) { return content::file("/does/not/exist"); }, "content_file"},
      {"a folder", [](memory_network&) { return content::file("/"); }, "content_file"},
      {"none at all",
       [](memory_network&) {
         return content::failed(error(error_category::usage, "a_reason", "a message"));
       },
       "a_reason"},
  };
  for (auto& c : cases) {
    CAPTURE(c.name);
    memory_network network;
    collector host;
    network.listen("host", 80, host.server("never", "", ""));
    const auto started = network.loop().now();
    auto r = put(network, c.make(network));
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::usage);
    CHECK(r.error().reason() == c.reason);
    CHECK(network.loop().now() == started);
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("what a generator throws leaves the operation") {
  memory_network network;
  collector host;
  network.listen("host", 80, host.server("never", "", ""));
  auto broken = []() -> task<std::string> {
    throw std::runtime_error("no more");
    co_return "";
  };
  CHECK_THROWS_AS(put(network, content::generated(broken)), std::runtime_error);
  CHECK(network.open_streams == 0);
}

TEST_CASE("an answer that does not want the content ends its sending") {
  for (const bool generated : {false, true}) {
    memory_network network;
    network.capacity = 8 * 1024;  // the server stops reading: a write has to wait
    collector host;
    network.listen(
        "host", 80,
        host.server("never", "", plain_response("too large", "413 Content Too Large"), 20'000));
    auto body = generated ? content::generated(pieces_of(network, {large, large, large}))
                          : content(large + large);
    client_options options = plain();
    options.expect_continue_over = SIZE_MAX;
    const auto started = network.loop().now();
    auto r = put(network, std::move(body), options);
    if (!r) FAIL(r.error().what());
    CHECK(r->status() == 413);
    CHECK(r->text() == "too large");
    CHECK(network.loop().now() == started);
    CHECK(network.open_streams == 0);  // half a request went out: the connection is of no more use
  }
}

TEST_CASE("content is sent while the answer that wants it comes in") {
  memory_network network;
  collector host;
  network.listen(
      "host", 80,
      host.server("end", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nearly, ", "late"));
  auto r = put(network, content(large + "end"));
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "early, late");
  network.run_servers();
  CHECK(host.received.ends_with("end"));
}

TEST_CASE("much content waits for the server's word, but not for ever") {
  struct {
    std::string at_head;
    std::chrono::nanoseconds wait;
  } cases[] = {{"HTTP/1.1 100 Continue\r\n\r\n", 0s}, {"", 1s}};
  for (auto& c : cases) {
    memory_network network;
    collector host;
    network.listen("host", 80, host.server("end", c.at_head, plain_response("thanks")));
    client_options options = plain();
    options.expect_continue_over = 1000;
    const auto started = network.loop().now();
    auto r = put(network, content(large + "end"), options);
    if (!r) FAIL(r.error().what());
    CHECK(r->text() == "thanks");
    CHECK(host.received.find("\r\nExpect: 100-continue\r\n") != std::string::npos);
    CHECK(network.loop().now() - started == c.wait);
  }
}

TEST_CASE("content that is refused at its head is never sent") {
  memory_network network;
  collector host;
  network.listen("host", 80, host.server("never", plain_response("no", "403 Forbidden"), ""));
  client_options options = plain();
  options.expect_continue_over = 1000;
  auto r = put(network, content(large), options);
  if (!r) FAIL(r.error().what());
  CHECK(r->status() == 403);
  CHECK(host.received.ends_with("\r\n\r\n"));
  CHECK(network.open_streams == 0);
}

TEST_CASE("a server that knows no expectation gets the request without one") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("?", "417 Expectation Failed", "Connection: close\r\n"), after::close)
      .then(plain_response("thanks"));
  network.listen("host", 80, host.plain());
  client_options options = plain();
  options.expect_continue_over = 1000;
  auto r = put(network, content(std::string(20'000, 'x')), options);
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "thanks");
}

TEST_CASE("a redirection that keeps the method gets the content again, where it can be given") {
  temporary_file file("content of a file");
  struct {
    std::function<content(memory_network&)> make;
    bool again;
  } cases[] = {
      {[](memory_network&) { return content("text"); }, true},
      {[&](memory_network&) { return content::file(file.path()); }, true},
      {[](memory_network& n) { return content::generated(pieces_of(n, {"text"}), 4); }, false},
  };
  for (auto& c : cases) {
    memory_network network;
    scripted_host host;
    host.then(plain_response("", "307 Temporary Redirect", "Location: /there\r\n"))
        .then(plain_response("thanks"));
    network.listen("host", 80, host.plain());
    auto r = put(network, c.make(network));
    CHECK(r.has_value() == c.again);
    if (!c.again) {
      CHECK(r.error().reason() == "content_not_repeatable");
      continue;
    }
    REQUIRE(host.requests.size() == 2);
    const auto body = [](const std::string& request) {
      return request.substr(request.find("\r\n\r\n"));
    };
    CHECK(body(host.requests[0]) == body(host.requests[1]));
  }
}

TEST_CASE("a request that is sent again has its content again, or is not sent again") {
  for (const bool repeatable : {true, false}) {
    memory_network network;
    scripted_host host;
    host.then("", after::close).then(plain_response("thanks"));
    network.listen("host", 80, host.plain());
    client_options options = plain();
    options.retry.attempts = 2;
    auto r = put(network,
                 repeatable ? content("text") : content::generated(pieces_of(network, {"text"}), 4),
                 options);
    CHECK(r.has_value() == repeatable);
    CHECK(host.requests.size() == (repeatable ? 2 : 1));
  }
}

TEST_CASE("any operation may fail or be stopped while content goes out") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    network.capacity = 32 * 1024;
    auto host = std::make_shared<collector>();
    network.listen("host", 80,
                   [host, serve = host->server("0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
                                               plain_response("thanks"))](memory_stream s) {
                     return serve(std::move(s));
                   });
    return put(network, content::generated(pieces_of(network, {large, large})), plain(),
               {.stop = stop});
  });
}
