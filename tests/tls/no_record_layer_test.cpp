// A program built with COHTTPS_NO_RECORD_LAYER, which is one of its own.
#include "support.hpp"

#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/record/record_layer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;
using namespace cohttps::testing;

static_assert(!tls::has_record_layer);

TEST_CASE("without the record reader it is Botan that reads, and no key is logged") {
  CHECK_FALSE(tls::record_layer::supports("AES-128/GCM"));
  CHECK_FALSE(tls::client_policy::create({.record_layer = true}).value()->allow_ssl_key_log_file());
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  const std::string response(40'000, 'r');
  server.send(response);
  server.update_keys(true);
  server.send("more");
  wire.shuttle();
  CHECK(wire.plaintext.text() == response + "more");
  CHECK_FALSE(wire.failure);
}
