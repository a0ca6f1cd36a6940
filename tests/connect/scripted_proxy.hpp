// A proxy in memory that answers what a test tells it, and then is the target itself.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::testing {

/// Answers in turn, over as many connections as it takes. When all are given it echoes what comes
/// through the tunnel.
class scripted_proxy {
 public:
  struct answer {
    std::size_t after;  ///< bytes to wait for; 0: the head of a request
    std::string bytes;
    bool closes = false;
  };

  std::deque<answer> answers;
  std::string asked;      ///< what was sent to the proxy
  std::string tunnelled;  ///< what came through the tunnel
  bool hangs = false;     ///< when all answers are given, says nothing more

  scripted_proxy& after_head(std::string bytes, bool closes = false) {
    answers.push_back({0, std::move(bytes), closes});
    return *this;
  }
  scripted_proxy& after(std::size_t n, std::string bytes, bool closes = false) {
    answers.push_back({n, std::move(bytes), closes});
    return *this;
  }

  /// For `memory_network::listen`.
  memory_network::server server() {
    return [this](memory_stream s) { return serve(std::move(s)); };
  }

 private:
  static task<bool> read(memory_stream& s, buffer& in) {
    auto got = co_await s.read_some(in.prepare(4096), {});
    if (!got || *got == 0) co_return false;
    in.commit(*got);
    co_return true;
  }

  task<void> serve(memory_stream s) {
    buffer in;
    while (!answers.empty()) {
      const std::size_t wanted = answers.front().after;
      std::size_t have = 0;
      while (true) {
        const auto end = in.text().find("\r\n\r\n");
        have = wanted != 0                ? (in.size() >= wanted ? wanted : 0)
               : end != std::string::npos ? end + 4
                                          : 0;
        if (have != 0) break;
        const bool more = co_await read(s, in);
        if (!more) co_return;
      }
      asked += in.text().substr(0, have);
      in.consume(have);
      answer next = std::move(answers.front());
      answers.pop_front();
      const bool told = co_await write_all(s, std::move(next.bytes));
      if (!told || next.closes) co_return;
    }
    while (true) {
      const bool more = co_await read(s, in);
      if (!more) co_return;
      if (hangs) continue;
      std::string echo(in.text());
      tunnelled += echo;
      in.clear();
      const bool told = co_await write_all(s, std::move(echo));
      if (!told) co_return;
    }
  }
};

}  // namespace cohttps::testing
