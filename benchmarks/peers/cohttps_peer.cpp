#include "peer.hpp"

#include <cohttps/cohttps.hpp>
#ifdef COHTTPS_HAS_NGTCP2
#include <cohttps/http3.hpp>
#endif

#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace {

using cohttps::task;
using peers::work;

struct bench {
  const work& to_do;
  peers::meter measured;
  std::size_t done = 0;
  std::uint64_t bytes = 0;

  cohttps::client_options options() const {
    cohttps::tls_options tls;
    if (!to_do.authority.empty()) {
      tls.root_file = to_do.authority;
      tls.system_roots = false;
    }
    cohttps::client_options o;
    if (!to_do.authority.empty()) o.tls = cohttps::tls_context(tls);
    o.pool = {.per_host = to_do.width + 1, .total = to_do.width + 1};
    const bool http2 = to_do.kind.starts_with("http2");
    o.versions = http2 ? cohttps::http_versions::http_2 : cohttps::http_versions::http_1_1;
    if (http2) o.pool = {.per_host = 1, .total = 1};
    if (to_do.kind.starts_with("http3")) {
#ifdef COHTTPS_HAS_NGTCP2
      o.versions = cohttps::http_versions::http_3;
      o.http3 = cohttps::make_http3({.https_records = false});
      o.pool = {.per_host = 1, .total = 1};
#else
      throw peers::not_done();
#endif
    }
    o.decode_content = false;
    o.timeouts.minimum_rate = {};
    return o;
  }

  task<void> get(cohttps::client& c, const std::string& url) {
    auto r = co_await c.get(url);
    peers::require(r.status() == 200 && r.content().size() == peers::small_size, "wrong answer");
    ++done;
    bytes += r.content().size();
  }

  task<void> some(cohttps::client& c, std::string url, std::size_t& left) {
    while (left > 0) {
      --left;
      co_await get(c, url);
    }
  }

  /// `count` requests over `width` connections.
  task<void> requests() {
    cohttps::client c(options());
    const std::string url = to_do.url("/1k");
    for (const bool warm_up : {true, false}) {
      std::size_t left = warm_up ? to_do.width * 2 : to_do.count;
      done = 0;
      if (!warm_up) measured.begin();
      std::vector<task<void>> all;
      for (std::size_t i = 0; i < to_do.width; ++i) all.push_back(some(c, url, left));
      co_await cohttps::when_all(std::move(all));
    }
    measured.end();
  }

  task<void> download() {
    cohttps::client c(options());
    co_await get(c, to_do.url("/1k"));
    bytes = done = 0;
    measured.begin();
    for (std::size_t i = 0; i < to_do.count; ++i) {
      const std::string url = to_do.url(to_do.large());
      auto stream = co_await c.stream(cohttps::method::get, url);
      while (true) {
        const auto part = co_await stream.read();
        if (part.empty()) break;
        bytes += part.size();
      }
      ++done;
    }
    measured.end();
  }

  task<void> upload() {
    cohttps::client c(options());
    co_await get(c, to_do.url("/1k"));
    bytes = done = 0;
    const std::string piece(256 * 1024, 'u');
    measured.begin();
    for (std::size_t i = 0; i < to_do.count; ++i) {
      std::uint64_t left = peers::large_size;
      auto next = [&]() -> task<std::string_view> {
        const auto size = std::min<std::uint64_t>(left, piece.size());
        left -= size;
        co_return std::string_view(piece).substr(0, static_cast<std::size_t>(size));
      };
      const std::string url = to_do.url("/up/file");
      auto content = cohttps::content::generated(next, peers::large_size);
      auto r = co_await c.put(url, std::move(content));
      peers::require(r.ok(), "wrong answer to an upload");
      ++done;
      bytes += peers::large_size;
    }
    measured.end();
  }

  /// A new connection for each request.
  task<void> handshakes(bool resumed) {
    cohttps::client c(options());
    const std::string url = to_do.url("/1k");
    co_await get(c, url);
    done = 0;
    measured.begin();
    for (std::size_t i = 0; i < to_do.count; ++i) {
      c.close_idle();
      auto r = co_await c.get(url);
      peers::require(r.connection().tls->resumed == resumed, "resumed, or not, against the plan");
      ++done;
    }
    measured.end();
  }

  task<void> idle() {
    cohttps::client c(options());
    const std::string url = to_do.url("/1k");
    co_await get(c, url);
    measured.begin();
    // All at the same time, so that each has a connection of its own.
    std::size_t left = to_do.width;
    std::vector<task<void>> all;
    for (std::size_t i = 0; i < to_do.width; ++i) all.push_back(connect(c, url, left));
    co_await cohttps::when_all(std::move(all));
    measured.end();
    done = c.statistics().idle;
  }
  static task<void> connect(cohttps::client& c, std::string url, std::size_t&) {
    co_await c.connect(url);
  }

  task<void> once() {
    cohttps::client c(options());
    measured.begin();
    co_await get(c, to_do.url("/1k"));
    measured.end();
  }
};

task<void> does(bench& b) {
  std::string_view kind = b.to_do.kind;
  if (kind == "http3") return b.requests();
  if (kind.starts_with("http3-")) kind.remove_prefix(6);
  if (kind == "requests" || kind == "http2") return b.requests();
  if (kind == "download" || kind == "http2-download") return b.download();
  if (kind == "upload") return b.upload();
  if (kind == "handshakes") return b.handshakes(false);
  if (kind == "resumed") return b.handshakes(true);
  if (kind == "idle") return b.idle();
  if (kind == "once") return b.once();
  throw peers::not_done();
}

// A program for one request locks as little memory for keys as the example `get` does, and for the
// reason that is given there.
[[gnu::constructor(101)]] void lock_less_memory(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "once") ::setenv("BOTAN_MLOCK_POOL_SIZE", "64", 0);
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](const work& to_do) {
    bench b{to_do, {}};
    cohttps::run(does(b));
    b.measured.tell(b.done, b.bytes);
  });
}
