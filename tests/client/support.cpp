// Definitions for support.hpp.
#include "client/support.hpp"

namespace cohttps::testing {

result<response> get(memory_network& network, std::string url, client_options options,
                     request_options how) {
  auto work = [&]() -> task<result<response>> {
    client c(network.transport(), options);
    co_return co_await c.try_get(url, how);
  };
  return network.run(work());
}

result<response> send(memory_network& network, const method& verb, std::string url,
                      request_options how, client_options options) {
  auto work = [&]() -> task<result<response>> {
    client c(network.transport(), options);
    co_return co_await c.try_send(verb, url, how);
  };
  return network.run(work());
}

}  // namespace cohttps::testing
