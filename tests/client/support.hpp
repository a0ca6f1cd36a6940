// What the tests of client/ share.
#pragma once

#include "support/scripted_host.hpp"
#include "support/sweep.hpp"
#include "tls/certificates.hpp"

#include <cohttps/client.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

// GCC 12 evaluates a co_await inside CHECK twice, so results are awaited into variables first.

namespace cohttps::testing {

using after = scripted_answer::then;

inline client_options plain() { return {.allow_plaintext = true}; }
inline client_options trusting() { return {.tls = context_trusting()}; }

/// One GET by a client of its own.
result<response> get(memory_network& network, std::string url, client_options options = plain(),
                     request_options how = {});

/// One request by a client of its own.
result<response> send(memory_network& network, const method& verb, std::string url,
                      request_options how, client_options options = plain());

/// A network with one host that answers on port 80.
struct plain_host {
  memory_network network;
  scripted_host host;
  plain_host() { network.listen("host", 80, host.plain()); }
};

}  // namespace cohttps::testing
