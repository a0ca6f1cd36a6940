// A first program with Boost.Beast: one verified HTTPS GET in a coroutine.
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>

#include <iostream>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;

asio::awaitable<void> example() {
  const std::string host = "example.com";
  auto executor = co_await asio::this_coro::executor;
  ssl::context tls(ssl::context::tls_client);
  tls.set_default_verify_paths();
  tls.set_verify_mode(ssl::verify_peer);
  beast::ssl_stream<beast::tcp_stream> stream(executor, tls);
  asio::ip::tcp::resolver resolver(executor);
  auto found = co_await resolver.async_resolve(host, "443", asio::use_awaitable);
  SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  stream.set_verify_callback(ssl::host_name_verification(host));
  beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(30));
  co_await beast::get_lowest_layer(stream).async_connect(found, asio::use_awaitable);
  co_await stream.async_handshake(ssl::stream_base::client, asio::use_awaitable);
  http::request<http::empty_body> request(http::verb::get, "/", 11);
  request.set(http::field::host, host);
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  co_await http::async_read(stream, buffer, response, asio::use_awaitable);
  std::cout << response.result_int() << ' ' << response.body();
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, example(), asio::detached);
  context.run();
}
