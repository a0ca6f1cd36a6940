// cpp-httplib, which blocks: one connection at a time.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#include "peer.hpp"

#include <httplib.h>

namespace {

using peers::require;
using peers::work;

void does(const work& w) {
  const auto make = [&] {
    auto c = std::make_unique<httplib::SSLClient>(w.host, std::atoi(w.port.c_str()));
    if (!w.authority.empty()) c->set_ca_cert_path(w.authority.c_str());
    c->enable_server_certificate_verification(true);
    c->set_keep_alive(true);
    c->set_tcp_nodelay(true);
    c->set_default_headers({{"User-Agent", "httplib"}, {"Accept", "*/*"}});
    return c;
  };
  peers::meter measured;
  std::uint64_t bytes = 0;
  std::size_t done = 0;
  const auto get = [&](httplib::SSLClient& c) {
    auto r = c.Get("/1k");
    require(r && r->status == 200 && r->body.size() == peers::small_size, "wrong answer");
    bytes += r->body.size();
    ++done;
  };
  if (w.kind == "once") measured.begin();
  auto c = make();
  get(*c);
  if (w.kind != "once") {
    bytes = done = 0;
    measured.begin();
  }
  if (w.kind == "requests" && w.width == 1) {
    while (done < w.count) get(*c);
  } else if (w.kind == "download") {
    for (; done < w.count; ++done)
      require(!!c->Get("/large",
                       [&](const char*, std::size_t size) {
                         bytes += size;
                         return true;
                       }),
              "no download");
  } else if (w.kind == "upload") {
    const std::string piece(256 * 1024, 'u');
    for (; done < w.count; ++done) {
      auto r = c->Put(
          "/up/file", peers::large_size,
          [&](std::size_t at, std::size_t left, httplib::DataSink& sink) {
            (void)at;
            return sink.write(piece.data(), std::min(left, piece.size()));
          },
          "application/octet-stream");
      require(r && r->status / 100 == 2, "wrong answer to an upload");
      bytes += peers::large_size;
    }
  } else if (w.kind == "handshakes") {
    c.reset();
    while (done < w.count) get(*make());
  } else if (w.kind != "once") {
    throw peers::not_done();
  }
  measured.end();
  measured.tell(done, bytes);
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, does); }
