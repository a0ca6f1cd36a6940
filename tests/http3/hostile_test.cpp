// Servers that break HTTP/3, QUIC or TLS: the error says what, the right code goes back, at once.
#include "http3/http3_site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::string address = "https://example.com/";

struct outcome {
  std::string reason;
  error_category category{};
  std::chrono::nanoseconds took{};
};

/// Sends one request, which is not repeatable, and returns its error.
outcome ask(http3_site& site) {
  outcome got;
  site.network.run([](http3_site& s, outcome& to) -> task<void> {
    client c(s.network.transport(), s.options());
    const auto started = s.network.loop().now();
    auto r = co_await c.try_send(method::post, address, {.content = "x"});
    to.took = s.network.loop().now() - started;
    if (r) co_return;
    to.reason = r.error().reason();
    to.category = r.error().category();
    CHECK_FALSE(r.error().message().empty());
  }(site, got));
  site.network.run_servers();
  return got;
}

const std::string ok = head({{":status", "200"}});

}  // namespace

TEST_CASE("a server that breaks HTTP/3 ends the connection with the right code", "[http3]") {
  struct row {
    const char* name;
    std::string control;   // of the control stream; empty: as it should be
    std::string response;  // of the request's stream
    std::uint64_t code;
    std::string_view reason;
  };
  const std::string fine = control();
  for (const auto& [name, on_control, response, code, reason] : {
           row{"DATA first", fine, data_frame("x") + ok, 0x105, "http3_protocol_error"},
           row{"SETTINGS on a request", fine, frame(0x4, ""), 0x105, "http3_protocol_error"},
           row{"a frame of HTTP/2", fine, ok + frame(0x6, "12345678"), 0x105,
               "http3_protocol_error"},
           row{"no SETTINGS first", varint(0) + frame(0x7, varint(0)), "", 0x10a, "not_http3"},
           row{"SETTINGS twice", fine + frame(0x4, ""), "", 0x105, "http3_protocol_error"},
           row{"a setting of HTTP/2", varint(0) + frame(0x4, varint(0x2) + varint(1)), "", 0x109,
               "http3_protocol_error"},
           row{"HEADERS on the control stream", fine + ok, "", 0x105, "http3_protocol_error"},
           row{"a push stream", varint(1) + varint(0), "", 0x103, "http3_protocol_error"},
           row{"no status", fine, head({{"x", "y"}}), 0x10e, "malformed_response"},
           row{"a name in upper case", fine, head({{":status", "200"}, {"X", "y"}}), 0x10e,
               "malformed_response"},
           row{"a field of the connection", fine,
               head({{":status", "200"}, {"connection", "close"}}), 0x10e, "malformed_response"},
           row{"more content than it said", fine,
               head({{":status", "200"}, {"content-length", "1"}}) + data_frame("ab"), 0x10e,
               "malformed_response"},
           row{"less content than it said", fine,
               head({{":status", "200"}, {"content-length", "3"}}) + data_frame("ab"), 0x10e,
               "malformed_response"},
           row{"a field section that is none", fine, frame(0x1, "\xff\xff\xff\xff"), 0x200,
               "http3_protocol_error"},
           row{"a reference into an empty table", fine, frame(0x1, std::string("\x00\x00\x80", 3)),
               0x200, "http3_protocol_error"},
           row{"a frame that is cut off", fine, ok + "\x01\x40", 0x106, "http3_protocol_error"},
       }) {
    CAPTURE(name);
    http3_site site;
    site.control_bytes = on_control;
    site.answer = [&](auto& to, std::int64_t id, const std::string&) {
      if (!response.empty()) to.send(id, response, true);
    };
    const auto got = ask(site);
    CHECK(got.category == error_category::protocol);
    CHECK(got.reason == reason);
    CHECK(got.took < 1s);
    REQUIRE(site.closed.size() == 1);
    CHECK(site.closed[0].type == NGTCP2_CCERR_TYPE_APPLICATION);
    CHECK(site.closed[0].error_code == code);
  }
}

TEST_CASE("a field with a value that no field can have is left out", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "200"}, {"x", "a\r\nb: c"}, {"y", "1"}}), true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    auto r = co_await c.get(address);
    CHECK(r.status() == 200);
    CHECK_FALSE(r.header("x"));
    CHECK(r.header("y") == "1");
  }(site));
}

TEST_CASE("a field that is far too long ends the connection", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "200"}, {"x", std::string(300'000, 'y')}}), true);
  };
  const auto got = ask(site);
  CHECK(got.category == error_category::limit);
  CHECK(got.reason == "head_too_large");
  REQUIRE(site.closed.size() == 1);
  CHECK(site.closed[0].error_code == 0x107);  // H3_EXCESSIVE_LOAD
}

TEST_CASE("limits on heads end one stream", "[http3]") {
  struct row {
    const char* name;
    std::string response;
    std::string_view reason;
  };
  field_list many{{":status", "200"}};
  for (int i = 0; i < 1500; ++i) many.push_back({"x", "y"});
  field_list large{{":status", "200"}};
  for (int i = 0; i < 10; ++i) large.push_back({"x", std::string(40'000, 'y')});
  std::string interim;
  for (int i = 0; i < 120; ++i) interim += head({{":status", "103"}});
  interim += ok;
  field_list trailers;
  for (int i = 0; i < 40; ++i) trailers.push_back({"x", "y"});
  for (const auto& [name, response, reason] :
       {row{"a large head", head(large), "head_too_large"},
        row{"many fields", head(many), "too_many_fields"},
        row{"many interim responses", interim, "too_many_interim_responses"},
        row{"a large trailer section", ok + data_frame("a") + head(trailers),
            "trailers_too_large"}}) {
    CAPTURE(name);
    http3_site site;
    site.answer = [&](auto& to, std::int64_t id, const std::string&) {
      to.send(id, response, true);
    };
    const auto got = ask(site);
    CHECK(got.category == error_category::limit);
    CHECK(got.reason == reason);
    REQUIRE(site.closed.size() == 1);
    CHECK(site.closed[0].error_code == 0x100);  // the connection itself was fine
  }
}

TEST_CASE("a server that breaks the handshake of QUIC or TLS is refused", "[http3]") {
  using parameters = std::vector<std::uint8_t>;
  struct row {
    const char* name;
    std::function<void(http3_site&)> set;
    std::uint64_t code;  // of CONNECTION_CLOSE
    std::string_view reason;
  };
  for (const auto& [name, set, code, reason] : {
           row{"no transport parameters",
               [](auto& s) { s.script.parameters = [](parameters) { return std::nullopt; }; },
               0x100 + 109, "no_transport_parameters"},
           row{"transport parameters that are cut off",
               [](auto& s) {
                 s.script.parameters = [](parameters p) {
                   p.resize(p.size() - 1);
                   return std::optional(p);
                 };
               },
               0x8, "bad_transport_parameters"},
           row{"transport parameters of another connection",
               [](auto& s) {
                 s.script.parameters = [](parameters p) {
                   // original_destination_connection_id is 0, and stands somewhere.
                   for (std::size_t i = 0; i + 10 < p.size(); ++i)
                     if (p[i] == 0 && p[i + 1] == 18) return p[i + 5] ^= 1, std::optional(p);
                   return std::optional(p);
                 };
               },
               0x8, "bad_transport_parameters"},
           row{"no ALPN", [](auto& s) { s.script.tls.alpn = {"none"}; }, 0x100 + 120,
               "no_application_protocol"},
           row{"a ServerHello that is damaged",
               [](auto& s) {
                 s.script.crypto = [](quic_tls_server::piece& p) {
                   if (p.at == tls::quic_level::initial) p.data[5] ^= std::byte{1};
                 };
               },
               0, ""},
           row{"bytes behind ServerHello",
               [](auto& s) {
                 s.script.crypto = [](quic_tls_server::piece& p) {
                   if (p.at == tls::quic_level::initial)
                     p.data.insert(p.data.end(), {std::byte{8}, std::byte{}, std::byte{},
                                                  std::byte{2}, std::byte{}, std::byte{}});
                 };
               },
               0x100 + 10, "bytes_left"},
           row{"KeyUpdate of TLS behind the handshake",
               [](auto& s) {
                 s.script.on_handshake = [](auto& to) {
                   to.send_crypto(std::array<std::uint8_t, 5>{24, 0, 0, 1, 1});
                 };
               },
               0x100 + 10, "unexpected_message"},
       }) {
    CAPTURE(name);
    http3_site site;
    set(site);
    site.answer = [](auto&, std::int64_t, const std::string&) {};
    const auto got = ask(site);
    CAPTURE(got.reason);
    CHECK_FALSE(got.reason.empty());
    if (!reason.empty()) CHECK(got.reason == reason);
    CHECK(got.took < 11s);
    if (code == 0) continue;
    CHECK(got.took < 1s);
    REQUIRE(site.closed.size() == 1);
    CHECK(site.closed[0].type == NGTCP2_CCERR_TYPE_TRANSPORT);
    CHECK(site.closed[0].error_code == code);
  }
}

TEST_CASE("forged packets beside the true ones change nothing", "[http3]") {
  http3_site site;
  site.network.datagrams.copies = 1;  // each comes twice
  site.network.datagrams.corruption = 0.3;
  site.network.datagrams.random.seed(11);
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 20; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.content() == "hello");
    }
  }(site));
  CHECK(site.connections == 1);
}

TEST_CASE("datagrams of random bytes change nothing", "[http3]") {
  http3_site site;
  std::mt19937 random(5);
  site.network.datagrams.jitter = 1ms;
  site.network.datagrams.on_send = [&](bool from_client, std::span<std::byte> datagram) {
    if (from_client || random() % 4 != 0) return true;
    for (std::byte& b : datagram) b = static_cast<std::byte>(random());
    return true;  // QUIC sends again what it said
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 10; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.content() == "hello");
    }
  }(site));
}
