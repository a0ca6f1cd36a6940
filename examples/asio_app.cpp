// The client inside an Asio program: its own io_context, its own coroutines, callbacks and futures.
#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#else
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/use_awaitable.hpp>
#endif

#include <iostream>
#include <string>

namespace {

namespace asio = cohttps::asio;

// Asio 1.22 does not know the coroutines of newer Clangs.
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
asio::awaitable<void> session(cohttps::client& client, std::string url) {
  try {
    // From Asio 1.28 and Boost 1.83 on, `co_await client.get(url)` is enough.
    cohttps::response response = co_await client.get(url)(asio::use_awaitable);
    std::cout << "awaitable: " << response.status() << ' ' << response.reason() << '\n';
  } catch (const cohttps::error& e) {
    std::cout << "awaitable: " << e.what() << '\n';
  }
}
#endif

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: asio_app URL [FILE-OF-ROOTS]\n";
    return 2;
  }
  asio::io_context context(1);
  cohttps::client_options options;
  if (argc == 3) options.tls = cohttps::tls_context({.root_file = argv[2]});
  cohttps::client client{cohttps::asio_transport(context), std::move(options)};

#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
  asio::co_spawn(context, session(client, argv[1]), asio::detached);
#endif
  client.get(argv[1])([](std::exception_ptr failed, cohttps::response response) {
    if (failed)
      std::cout << "callback: failed\n";
    else
      std::cout << "callback: " << response.bytes().size() << " bytes\n";
  });
  context.run();
}
