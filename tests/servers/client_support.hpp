// What the tests of the client against servers on sockets share.
#pragma once

#include "servers/nginx.hpp"
#include "servers/peer.hpp"

#include <cohttps/client.hpp>
#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

// GCC 12 evaluates a co_await inside CHECK twice, so results are awaited into variables first.

namespace cohttps::testing {

/// Ends what hangs.
inline constexpr std::chrono::seconds patience{20};

inline client_options plain() { return {.allow_plaintext = true, .timeout = patience}; }

/// Trusts the authority of `web_server`.
inline client_options trusting(tls_version minimum = tls_version::v1_2) {
  return {
      .tls = tls_context(
          {.system_roots = false, .root_pem = web_server().root_pem(), .minimum_version = minimum}),
      .timeout = patience};
}

/// One request by a client and a loop of its own.
inline result<response> send(const client_options& options, const method& verb,
                             const std::string& url, const request_options& how = {}) {
  const auto work = [&]() -> task<result<response>> {
    client c(options);
    co_return co_await c.try_send(verb, url, how);
  };
  return run(work());
}
inline result<response> get(const client_options& options, const std::string& url,
                            const request_options& how = {}) {
  return send(options, method::get, url, how);
}

/// The same, which has to succeed.
inline response expect(result<response> outcome) {
  if (!outcome) FAIL(outcome.error().what());
  return *std::move(outcome);
}

inline std::string value_of(const response& r, std::string_view name) {
  return std::string(r.header(name).value_or("(none)"));
}

}  // namespace cohttps::testing
