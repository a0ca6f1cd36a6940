// Boost.Beast on Boost.Asio's coroutines, as its examples have it, with OpenSSL.
#include "peer.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>

#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using peers::require;
using peers::work;
using stream = beast::ssl_stream<beast::tcp_stream>;

struct bench {
  const work& to_do;
  peers::meter measured;
  std::size_t done = 0;
  std::uint64_t bytes = 0;
  ssl::context tls{ssl::context::tls_client};
  SSL_SESSION* session = nullptr;

  explicit bench(const work& w) : to_do(w) {
    tls.set_verify_mode(ssl::verify_peer);
    if (w.authority.empty())
      tls.set_default_verify_paths();
    else
      tls.load_verify_file(w.authority);
    auto* handle = tls.native_handle();
    SSL_CTX_set_session_cache_mode(handle,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_set_ex_data(handle, index(), this);  // the first one is Asio's
    SSL_CTX_sess_set_new_cb(handle, [](SSL* s, SSL_SESSION* fresh) {
      auto*& last = static_cast<bench*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(s), index()))->session;
      SSL_SESSION_free(last);
      last = fresh;
      return 1;
    });
  }

  static int index() {
    static const int own = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return own;
  }

  awaitable<std::unique_ptr<stream>> connect(bool resumes = false) {
    auto executor = co_await asio::this_coro::executor;
    auto made = std::make_unique<stream>(executor, tls);
    asio::ip::tcp::resolver resolver(executor);
    auto found = co_await resolver.async_resolve(to_do.host, to_do.port, use_awaitable);
    beast::get_lowest_layer(*made).expires_after(std::chrono::seconds(30));
    co_await beast::get_lowest_layer(*made).async_connect(found, use_awaitable);
    beast::get_lowest_layer(*made).socket().set_option(asio::ip::tcp::no_delay(true));
    SSL_set_tlsext_host_name(made->native_handle(), to_do.host.c_str());
    made->set_verify_callback(ssl::host_name_verification(to_do.host));
    if (resumes && session) SSL_set_session(made->native_handle(), session);
    co_await made->async_handshake(ssl::stream_base::client, use_awaitable);
    co_return made;
  }

  http::request<http::empty_body> get(std::string_view path) const {
    http::request<http::empty_body> r{http::verb::get, {path.data(), path.size()}, 11};
    r.set(http::field::host, to_do.host);
    r.set(http::field::user_agent, "beast");
    r.set(http::field::accept, "*/*");
    return r;
  }

  awaitable<void> exchange(stream& over, beast::flat_buffer& buffer,
                           const http::request<http::empty_body>& request) {
    beast::get_lowest_layer(over).expires_after(std::chrono::seconds(30));
    co_await http::async_write(over, request, use_awaitable);
    http::response<http::string_body> answer;
    co_await http::async_read(over, buffer, answer, use_awaitable);
    require(answer.result_int() == 200 && answer.body().size() == peers::small_size,
            "wrong answer");
    ++done;
    bytes += answer.body().size();
  }

  awaitable<void> some(stream& over, std::size_t& left) {
    beast::flat_buffer buffer;
    const auto request = get("/1k");
    while (left > 0) {
      --left;
      co_await exchange(over, buffer, request);
    }
  }

  awaitable<void> download(stream& over) {
    beast::flat_buffer buffer;
    const auto request = get("/large");
    std::vector<char> piece(64 * 1024);
    for (std::size_t i = 0; i < to_do.count; ++i) {
      beast::get_lowest_layer(over).expires_never();
      co_await http::async_write(over, request, use_awaitable);
      http::response_parser<http::buffer_body> parser;
      parser.body_limit(boost::none);
      co_await http::async_read_header(over, buffer, parser, use_awaitable);
      while (!parser.is_done()) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        boost::system::error_code code;
        co_await http::async_read(over, buffer, parser, asio::redirect_error(use_awaitable, code));
        if (code && code != http::error::need_buffer) throw boost::system::system_error(code);
        bytes += piece.size() - parser.get().body().size;
      }
      ++done;
    }
  }

  awaitable<void> upload(stream& over) {
    beast::flat_buffer buffer;
    std::vector<char> piece(256 * 1024, 'u');
    for (std::size_t i = 0; i < to_do.count; ++i) {
      beast::get_lowest_layer(over).expires_never();
      http::request<http::buffer_body> request{http::verb::put, "/up/file", 11};
      request.set(http::field::host, to_do.host);
      request.content_length(peers::large_size);
      request.body().data = nullptr;
      request.body().more = true;
      http::request_serializer<http::buffer_body> serializer{request};
      co_await http::async_write_header(over, serializer, use_awaitable);
      std::uint64_t left = peers::large_size;
      while (left > 0) {
        const auto size = std::min<std::uint64_t>(left, piece.size());
        left -= size;
        request.body().data = piece.data();
        request.body().size = static_cast<std::size_t>(size);
        request.body().more = left > 0;
        boost::system::error_code code;
        co_await http::async_write(over, serializer, asio::redirect_error(use_awaitable, code));
        if (code && code != http::error::need_buffer) throw boost::system::system_error(code);
      }
      http::response<http::string_body> answer;
      co_await http::async_read(over, buffer, answer, use_awaitable);
      require(answer.result_int() / 100 == 2, "wrong answer to an upload");
      ++done;
      bytes += peers::large_size;
    }
  }

  awaitable<void> end(std::unique_ptr<stream> over) {
    beast::get_lowest_layer(*over).expires_after(std::chrono::seconds(5));
    boost::system::error_code code;
    SSL_shutdown(over->native_handle());
    beast::get_lowest_layer(*over).socket().shutdown(asio::ip::tcp::socket::shutdown_both, code);
    co_return;
  }

  template <class F>
  void all(asio::io_context& loop, std::size_t width, F f) {
    std::exception_ptr failed;
    for (std::size_t i = 0; i < width; ++i)
      asio::co_spawn(loop, f(i), [&](std::exception_ptr e) {
        if (e && !failed) failed = e;
      });
    loop.restart();
    loop.run();
    if (failed) std::rethrow_exception(failed);
  }

  void run() {
    asio::io_context loop(1);
    std::vector<std::unique_ptr<stream>> open(std::max<std::size_t>(to_do.width, 1));
    const auto connect_all = [&](std::size_t i) -> awaitable<void> {
      open[i] = co_await connect();
    };
    std::size_t left = 0;
    const auto request_all = [&](std::size_t i) { return some(*open[i], left); };
    if (to_do.kind == "idle") {
      measured.begin();
      all(loop, to_do.width, connect_all);
      measured.end();
      done = to_do.width;
      return;
    }
    if (to_do.kind == "once") measured.begin();
    all(loop, open.size(), connect_all);
    left = to_do.kind == "once" ? 1 : to_do.width * 2;
    all(loop, open.size(), request_all);
    if (to_do.kind == "once") {
      measured.end();
      return;
    }
    done = 0;
    bytes = 0;
    measured.begin();
    if (to_do.kind == "requests") {
      left = to_do.count;
      all(loop, to_do.width, request_all);
    } else if (to_do.kind == "download") {
      all(loop, 1, [&](std::size_t) { return download(*open[0]); });
    } else if (to_do.kind == "upload") {
      all(loop, 1, [&](std::size_t) { return upload(*open[0]); });
    } else if (to_do.kind == "handshakes" || to_do.kind == "resumed") {
      const bool resumed = to_do.kind == "resumed";
      all(loop, 1, [&](std::size_t) -> awaitable<void> {
        const auto request = get("/1k");
        for (std::size_t i = 0; i < to_do.count; ++i) {
          auto over = co_await connect(resumed);
          require((SSL_session_reused(over->native_handle()) == 1) == resumed,
                  "resumed, or not, against the plan");
          beast::flat_buffer buffer;
          co_await exchange(*over, buffer, request);
          co_await end(std::move(over));
        }
      });
    } else {
      throw peers::not_done();
    }
    measured.end();
  }
};

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](const work& w) {
    bench b(w);
    b.run();
    b.measured.tell(b.done, b.bytes);
  });
}
