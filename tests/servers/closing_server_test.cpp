// A server that closes kept connections at random moments: no request is lost unnoticed, none that
// may not be is done twice.
#include "servers/client_support.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <list>
#include <poll.h>
#include <random>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Answers any request with a number as its path, and counts how often it did the work of each. A
/// connection that has carried a request is closed some time later, or when the next request has
/// come, before or after its work is done.
class closing_server {
 public:
  explicit closing_server(std::size_t requests)
      : done_(requests), listener_(bound_socket(port_, 256)), thread_([this] { serve(); }) {}
  closing_server(const closing_server&) = delete;
  closing_server& operator=(const closing_server&) = delete;
  ~closing_server() { stop(); }

  std::string url(std::size_t id) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + std::to_string(id);
  }

  /// How often the work of request `id` was done. After `stop`.
  int done(std::size_t id) const { return done_.at(id); }

  struct closes {
    int idle = 0;    ///< while no request was there
    int unread = 0;  ///< without looking at a request
    int undone = 0;  ///< after reading a request
    int silent = 0;  ///< after the work of one
  };
  const closes& closed() const { return closed_; }

  void stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    accepts(port_);  // wakes it
    thread_.join();
  }

 private:
  using clock = std::chrono::steady_clock;

  struct connection {
    descriptor socket;
    std::string received = {};
    int answered = 0;
    clock::time_point close_at = clock::time_point::max();
  };

  void serve() {
    while (!stop_) {
      std::vector<pollfd> polled{{listener_.get(), POLLIN, 0}};
      auto next = clock::time_point::max();
      for (const auto& c : connections_) {
        polled.push_back({c.socket.get(), POLLIN, 0});
        next = std::min(next, c.close_at);
      }
      wait(polled, next);
      std::size_t i = 1;
      for (auto c = connections_.begin(); c != connections_.end(); ++i) {
        const bool keep = turn(*c, polled[i].revents != 0);
        c = keep ? std::next(c) : connections_.erase(c);
      }
      if (polled[0].revents)
        connections_.push_back({descriptor(::accept(listener_.get(), nullptr, nullptr), "accept")});
    }
    connections_.clear();
  }

  static void wait(std::vector<pollfd>& polled, clock::time_point next) {
    const auto left = std::clamp<clock::duration>(next - std::min(clock::now(), next), 0s, 1s);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(left);
    ::poll(polled.data(), polled.size(), static_cast<int>(pause.count()));
  }

  /// False when the connection is to be closed.
  bool turn(connection& c, bool readable) {
    if (clock::now() >= c.close_at) return ++(readable ? closed_.unread : closed_.idle), false;
    if (!readable) return true;
    char in[4096];
    const auto got = ::recv(c.socket.get(), in, sizeof in, 0);
    if (got <= 0) return false;
    c.received.append(in, static_cast<std::size_t>(got));
    const auto end = c.received.find("\r\n\r\n");
    if (end == c.received.npos) return true;
    const bool post = c.received.starts_with("POST ");
    if (post && !c.received.ends_with("\r\n\r\nwork")) return true;
    const bool kept = c.answered > 0;
    if (kept && one_in(12)) return ++closed_.undone, false;
    const auto path = c.received.find('/') + 1;
    std::size_t id = 0;
    std::from_chars(c.received.data() + path, c.received.data() + end, id);
    ++done_.at(id);
    c.received.clear();
    if (kept && one_in(12)) return ++closed_.silent, false;
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(std::to_string(id).size()) +
        "\r\n\r\n" + std::to_string(id);
    if (::send(c.socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return false;
    ++c.answered;
    c.close_at = clock::time_point::max();
    if (one_in(3)) c.close_at = clock::now() + std::chrono::microseconds(random_() % 2000);
    return true;
  }

  bool one_in(unsigned n) { return random_() % n == 0; }

  std::vector<int> done_;
  closes closed_;
  std::mt19937 random_{1};
  std::list<connection> connections_;
  std::atomic<bool> stop_ = false;
  std::uint16_t port_ = 0;
  descriptor listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("ten thousand requests to a server that closes kept connections at random moments") {
  constexpr std::size_t requests = 10'000, workers = 8;
  descriptor_balance balance;
  closing_server server(requests);
  std::vector<std::optional<error>> failures(requests);
  pool::statistics statistics;
  std::size_t next = 0;
  std::size_t wrong_answers = 0;
  const auto is_post = [](std::size_t id) { return id % 2 == 1; };

  const auto worker = [&](client& c, unsigned seed) -> task<void> {
    std::mt19937 random(seed);
    while (next < requests) {
      const std::size_t id = next++;
      const auto url = server.url(id);
      request_options how;
      if (is_post(id)) how.content = "work";
      const auto r = co_await c.try_send(is_post(id) ? method::post : method::get, url, how);
      if (!r)
        failures[id] = r.error();
      else
        wrong_answers += r->status() != 200 || r->text() != std::to_string(id);
      // So that connections are idle at times.
      if (random() % 2 == 0) co_await sleep_for(std::chrono::microseconds(random() % 2000));
    }
  };
  const auto work = [&]() -> task<void> {
    client c(plain());
    std::vector<task<void>> all;
    for (unsigned i = 0; i < workers; ++i) all.push_back(worker(c, i));
    co_await when_all(std::move(all));
    statistics = c.statistics();
  };
  run(work());
  server.stop();

  std::size_t lost = 0, twice = 0, unnoticed = 0, failed = 0, repeated = 0;
  for (std::size_t id = 0; id < requests; ++id) {
    const int done = server.done(id);
    if (!is_post(id)) {
      lost += failures[id].has_value();
      repeated += done > 1;
      if (failures[id]) UNSCOPED_INFO("GET " << id << ": " << failures[id]->what());
      continue;
    }
    twice += done > 1;
    unnoticed += !failures[id] && done != 1;
    if (!failures[id]) continue;
    ++failed;
    const error& e = *failures[id];
    CAPTURE(id, e.what(), to_string(e.category()), to_string(e.replay()));
    CHECK(e.category() == error_category::peer_closed);
    CHECK(e.replay() == replay_safety::maybe_processed);
    CHECK(e.on_reused_connection());
  }
  const auto& closed = server.closed();
  CAPTURE(closed.idle, closed.unread, closed.undone, closed.silent);
  CAPTURE(statistics.created, statistics.reused, failed, repeated);
  CHECK(lost == 0);
  CHECK(twice == 0);
  CHECK(unnoticed == 0);
  CHECK(wrong_answers == 0);
  // All of it has happened, each more than a few times.
  CHECK(failed > 100);
  CHECK(repeated > 100);
  CHECK(closed.idle > 100);
  CHECK(closed.unread > 0);
  CHECK(closed.undone > 100);
  CHECK(closed.silent > 100);
  CHECK(statistics.reused > requests / 4);
  CHECK(statistics.active == 0);
  CHECK(statistics.queued == 0);
  CHECK(statistics.open == statistics.idle);
}
