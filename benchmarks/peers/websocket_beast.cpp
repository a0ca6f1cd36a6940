// Echoes over WebSockets by Boost.Beast, for benchmarks/peers/run.py: COUNT messages of 1 KiB over
// WIDTH connections.
#include "peer.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>

#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using stream = beast::websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

struct bench {
  const peers::work& to_do;
  peers::meter measured;
  std::size_t done = 0;
  std::vector<std::unique_ptr<stream>> sockets = {};
  ssl::context tls{ssl::context::tls_client};

  awaitable<void> open() {
    auto executor = co_await asio::this_coro::executor;
    auto made = std::make_unique<stream>(executor, tls);
    asio::ip::tcp::resolver resolver(executor);
    const auto found = co_await resolver.async_resolve(to_do.host, to_do.port, use_awaitable);
    auto& tcp = beast::get_lowest_layer(*made);
    co_await tcp.async_connect(found, use_awaitable);
    tcp.socket().set_option(asio::ip::tcp::no_delay(true));
    SSL_set_tlsext_host_name(made->next_layer().native_handle(), to_do.host.c_str());
    made->next_layer().set_verify_callback(ssl::host_name_verification(to_do.host));
    co_await made->next_layer().async_handshake(ssl::stream_base::client, use_awaitable);
    beast::websocket::permessage_deflate deflate;
    deflate.client_enable = to_do.kind == "websocket-deflate";
    made->set_option(deflate);
    made->binary(true);
    co_await made->async_handshake(to_do.host, "/", use_awaitable);
    sockets.push_back(std::move(made));
  }

  awaitable<void> echo(stream& socket, std::size_t& left) {
    const std::vector<char> message(peers::small_size, 'x');
    beast::flat_buffer buffer;
    for (; left > 0; ++done) {
      --left;
      co_await socket.async_write(asio::buffer(message), use_awaitable);
      buffer.clear();
      const std::size_t size = co_await socket.async_read(buffer, use_awaitable);
      peers::require(size == message.size(), "no echo");
    }
  }

  awaitable<void> close(stream& socket) {
    boost::system::error_code ignored;  // a server that is gone first
    co_await socket.async_close(beast::websocket::close_code::normal,
                                asio::redirect_error(use_awaitable, ignored));
  }

  template <class F>
  void all(asio::io_context& loop, F make) {
    std::exception_ptr failed;
    for (std::size_t i = 0; i < to_do.width; ++i)
      asio::co_spawn(loop, make(i), [&](std::exception_ptr e) {
        if (e && !failed) failed = e;
      });
    loop.restart();
    loop.run();
    if (failed) std::rethrow_exception(failed);
  }

  void run() {
    tls.set_verify_mode(ssl::verify_peer);
    tls.load_verify_file(to_do.authority);
    asio::io_context loop(1);
    all(loop, [&](std::size_t) { return open(); });
    for (const bool warm_up : {true, false}) {
      std::size_t left = warm_up ? to_do.width * 20 : to_do.count;
      done = 0;
      if (!warm_up) measured.begin();
      all(loop, [&](std::size_t i) { return echo(*sockets[i], left); });
    }
    measured.end();
    all(loop, [&](std::size_t i) { return close(*sockets[i]); });
    sockets.clear();
  }
};

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](const peers::work& to_do) {
    bench b{to_do, {}};
    b.run();
    b.measured.tell(b.done, b.done * peers::small_size);
  });
}
