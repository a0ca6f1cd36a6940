// Complete responses that come before all of the request's content was sent.
#include "client/http2_host.hpp"
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

constexpr std::size_t content_size = 600'000;
constexpr std::size_t answered_at = 3000;  // bytes of content that the servers read first

/// No part of it looks like another one.
std::string numbered(std::size_t size) {
  std::string s;
  while (s.size() < size) s += std::to_string(s.size()) + ' ';
  s.resize(size);
  return s;
}

/// A source that can be sent again, and does not know its length.
class unknown_length final : public content_source {
 public:
  explicit unknown_length(std::string all) : all_(std::move(all)) {}
  std::optional<std::uint64_t> length() const noexcept override { return std::nullopt; }
  task<result<std::span<const std::byte>>> next() override {
    const std::string_view piece = std::string_view(all_).substr(at_, 10'000);
    at_ += piece.size();
    co_return std::as_bytes(std::span(piece));
  }
  bool can_rewind() const noexcept override { return true; }
  bool rewind() noexcept override { return at_ = 0, true; }

 private:
  std::string all_;
  std::size_t at_ = 0;
};

/// A request of each kind whose content may be sent again, and one whose content may not.
struct kind {
  std::string name;
  method verb = method::put;
  bool has_key = false;
  std::function<content(const std::string& all)> make = [](const std::string& all) {
    return content(all);
  };
};

class temporary_file {
 public:
  explicit temporary_file(std::string_view text) { std::ofstream(path_, std::ios::binary) << text; }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("cohttps-early-" + std::to_string(::getpid()));
};

std::vector<kind> kinds(const temporary_file& file) {
  return {
      {"memory"},
      {"borrowed", method::put, false,
       [](const std::string& all) { return content::borrowed(all); }},
      {"key", method::post, true},
      {"no key", method::post},
      {"file", method::put, false,
       [path = file.path()](const std::string&) { return content::file(path); }},
      {"unknown length", method::put, false,
       [](const std::string& all) { return content(std::make_unique<unknown_length>(all)); }},
      {"generator", method::put, false,
       [](const std::string& all) {
         return content::generated([all, at = std::size_t{0}]() mutable -> task<std::string> {
           std::string piece = all.substr(at, 10'000);
           at += piece.size();
           co_return piece;
         });
       }},
  };
}

std::string without_chunks(std::string_view coded) {
  std::string plain;
  while (true) {
    const auto line = coded.find("\r\n");
    if (line == coded.npos) return plain;
    const std::size_t size = std::stoul(std::string(coded.substr(0, line)), nullptr, 16);
    plain += coded.substr(line + 2, size);
    if (coded.size() < line + 2 + size + 2) return plain;
    coded.remove_prefix(line + 2 + size + 2);
  }
}

/// Of one connection of HTTP/1.1: answers in full when it has read a little of the content.
struct early_server {
  std::string answer;
  bool reads_on = true;
  std::string received;
  std::size_t requests = 0;

  struct never {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
  };

  memory_network::server serve(memory_network& network) {
    return [this, &network](memory_stream s) -> task<void> {
      ++requests;
      bool answered = false;
      std::byte in[2048];
      while (true) {
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        received.append(reinterpret_cast<const char*>(in), *got);
        const auto head = received.find("\r\n\r\n");
        if (head == received.npos || received.size() - head < answered_at) continue;
        if (!std::exchange(answered, true))
          (void)co_await s.write_some(std::as_bytes(std::span(answer)), {});
        if (!reads_on) co_await never{};
        co_await sleep_for(network.transport(), 1ms);
      }
    };
  }

  std::string content() const {
    const auto head = received.find("\r\n\r\n") + 4;
    const std::string body = received.substr(head);
    return received.find("chunked") < head ? without_chunks(body) : body;
  }
};

task<result<response>> ask(client& c, const kind& k, const std::string& all) {
  fields more;
  if (k.has_key) (void)more.append("idempotency-key", "1");
  co_return co_await c.try_send(k.verb, "http://host/", k.make(all), {.headers = more});
}

}  // namespace

TEST_CASE("HTTP/1.1: a complete response ends the request's content, which is never sent anew") {
  const std::string all = numbered(content_size);
  const temporary_file file(all);
  for (const kind& k : kinds(file)) {
    for (const std::string status : {"200 OK", "201 Created", "403 Forbidden"}) {
      for (const bool closes : {false, true}) {
        for (const bool reads_on : {true, false}) {
          CAPTURE(k.name, status, closes, reads_on);
          memory_network network;
          network.capacity = 8 * 1024;
          early_server server;
          server.answer = plain_response("enough", status, closes ? "Connection: close\r\n" : "");
          server.reads_on = reads_on;
          network.listen("host", 80, server.serve(network));
          client_options options = plain();
          options.expect_continue_over = SIZE_MAX;
          options.retry.attempts = 3;
          const auto begun = network.loop().now();
          auto work = [&]() -> task<void> {
            client c(network.transport(), options);
            auto r = co_await ask(c, k, all);
            if (!r) FAIL(r.error().what());
            CHECK(r->text() == "enough");
            // The rest of the request is missing on this connection.
            CHECK(c.statistics().open == 0);
          };
          network.run(work());
          CHECK(network.loop().now() - begun < 5s);
          network.run_servers();
          CHECK(server.requests == 1);
          const std::string got = server.content();
          CHECK(got.size() >= answered_at - 10);
          CHECK((got == all.substr(0, got.size())));
        }
      }
    }
  }
}

TEST_CASE("HTTP/2: a complete response ends the request's content, which is never sent anew") {
  const std::string all = numbered(content_size);
  const temporary_file file(all);
  for (const kind& k : kinds(file)) {
    for (const std::string status : {"200", "403"}) {
      for (const bool reads_on : {true, false}) {
        CAPTURE(k.name, status, reads_on);
        memory_network network;
        network.capacity = 8 * 1024;
        http2_host host;
        host.early = true;
        host.answer = [&](http2_host::served& s, http2_request& r) {
          s.peer.reads_content = reads_on;
          bool answered = false;
          s.peer.on_content = [&s, status, answered](http2_request& request,
                                                     std::string_view) mutable {
            if (request.content.size() >= answered_at && !std::exchange(answered, true))
              s.peer.respond(request.id, {{":status", status}}, "enough");
          };
          (void)r;
        };
        network.listen("host", 80, host.plain());
        client_options options = prior_knowledge();
        options.retry.attempts = 3;
        options.expect_continue_over = SIZE_MAX;
        const auto begun = network.loop().now();
        auto work = [&]() -> task<void> {
          client c(network.transport(), options);
          auto r = co_await ask(c, k, all);
          if (!r) FAIL(r.error().what());
          CHECK(r->text() == "enough");
          CHECK(c.statistics().open == 1);  // the connection of HTTP/2 goes on
          co_await sleep_for(network.transport(), 1s);
        };
        network.run(work());
        CHECK(network.loop().now() - begun < 5s);
        network.run_servers();
        REQUIRE(host.connections.size() == 1);
        auto& peer = host.connections.front().peer;
        REQUIRE(peer.requests.size() == 1);
        const std::string& got = peer.requests.at(1).content;
        CHECK(got.size() >= answered_at);
        CHECK((got == all.substr(0, got.size())));
        if (status == "200" && got.size() < all.size())
          CHECK(peer.resets.at(1) == NGHTTP2_NO_ERROR);
      }
    }
  }
}

TEST_CASE("a source is asked whether it can begin again without losing its place") {
  class watched final : public content_source {
   public:
    explicit watched(int& rewinds) : rewinds_(rewinds) {}
    std::optional<std::uint64_t> length() const noexcept override { return 100'000; }
    task<result<std::span<const std::byte>>> next() override {
      piece_.assign(given_ == 100'000 ? 0 : 1000, 'x');
      given_ += piece_.size();
      co_return std::as_bytes(std::span(piece_));
    }
    bool can_rewind() const noexcept override { return true; }
    bool rewind() noexcept override {
      ++rewinds_;
      given_ = 0;
      return true;
    }

   private:
    int& rewinds_;
    std::string piece_;
    std::size_t given_ = 0;
  };
  // Answers that lead to another sending, and such that do not.
  struct {
    std::vector<std::string> answers;
    int rewinds;
  } cases[] = {
      {{plain_response("")}, 0},
      {{plain_response("", "503 Service Unavailable"), plain_response("")}, 1},
      {{plain_response("", "307 Temporary Redirect", "Location: /x\r\n"), plain_response("")}, 1},
      {{plain_response("", "303 See Other", "Location: /x\r\n"), plain_response("")}, 0},
      {{plain_response("", "400 Bad Request")}, 0},
  };
  for (auto& c : cases) {
    CAPTURE(c.answers.front());
    memory_network network;
    scripted_host host;
    for (auto& a : c.answers) host.then(a);
    network.listen("host", 80, host.plain());
    int rewinds = 0;
    client_options options = plain();
    options.retry.attempts = 2;
    options.expect_continue_over = SIZE_MAX;
    auto work = [&]() -> task<void> {
      client one(network.transport(), options);
      (void)co_await one.put("http://host/", content(std::make_unique<watched>(rewinds)));
    };
    network.run(work());
    CHECK(rewinds == c.rewinds);
    CHECK(host.requests.size() == c.answers.size());
  }
}
