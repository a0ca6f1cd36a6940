// One row of the misuse matrix: what a server does wrong, and what has to be said of it.
#pragma once

#include "support.hpp"

#include <cohttps/core/error.hpp>
#include <cohttps/tls/context.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// A server's certificate, and how the client that meets it fares.
struct misuse {
  std::string name;
  issued_certificate certificate;
  std::string reason;        ///< "ok" where it must work
  std::string says = {};     ///< a part of the message: what is wrong
  std::string advises = {};  ///< and another one: what would make it pass
  std::string alert = {};    ///< that the server gets; empty: any
  std::string host = "localhost";
  tls_options trust = {};  ///< without roots: those of the test authority
  std::vector<std::uint8_t> staple = {};
};

/// Over TLS 1.2 and 1.3, each with a context that knows nothing yet.
inline void check(const misuse& row) {
  for (const bool tls13 : {false, true}) {
    CAPTURE(row.name, tls13);
    auto options = row.trust;
    options.system_roots = false;
    if (options.root_pem.empty()) options.root_pem = test_authority().certificate_pem();
    const auto context = tls_context::create(options);
    REQUIRE(context);
    tls_server_peer server(row.certificate, {.tls13 = tls13, .staple = row.staple});
    auto wire = make_wire(server, row.host, *context);
    const bool connected = wire.connect();
    if (row.reason == "ok") {
      CAPTURE(wire.failure ? wire.failure->what() : "");
      CHECK(connected);
      CHECK(wire.client.info().verified);
      continue;
    }
    CHECK_FALSE(connected);
    REQUIRE(wire.failure);
    CAPTURE(wire.failure->what());
    CHECK(wire.failure->reason() == row.reason);
    CHECK(wire.failure->category() == error_category::certificate);
    CHECK(wire.failure->phase() == phase::handshake);
    CHECK(wire.failure->message().find(row.says) != std::string::npos);
    CHECK(wire.failure->message().find(row.advises) != std::string::npos);
    CHECK(wire.plaintext.empty());
    REQUIRE_FALSE(server.alerts.empty());  // it is told, too
    CHECK(server.alerts.front() == wire.failure->alert());
    if (!row.alert.empty()) CHECK(server.alerts.front() == row.alert);
  }
}

}  // namespace cohttps::testing
