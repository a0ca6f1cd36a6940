// The record layer by itself, and each of the dangers of going past Botan.
#include "record_script.hpp"
#include "support.hpp"

#include <cohttps/tls/record/expand_label.hpp>
#include <cohttps/tls/record/record_layer.hpp>

#include <botan/hex.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using tls::record_layer;
using tls::record_type;
using alert_type = Botan::TLS::AlertType;

namespace {

const std::vector<std::uint8_t> client_secret(32, 41);
const std::vector<std::uint8_t> server_secret(32, 42);

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

record_layer layer(std::uint64_t sequence = 0) {
  return {"AES-128/GCM", "SHA-256", client_secret, server_secret, sequence};
}

/// Seals as the server does.
record_forge server_forge() { return {"AES-128/GCM", server_secret}; }
record_forge client_forge() { return {"AES-128/GCM", client_secret}; }

// The record that `by` seals next, after it has taken over.
octets sent(buffer& out) {
  octets taken(out.data().begin(), out.data().end());
  out.clear();
  return taken;
}

octets operator+(octets a, const octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<std::byte> hex(const std::string& digits) {
  const auto raw = Botan::hex_decode(digits);
  std::vector<std::byte> out;
  for (const auto each : raw) out.push_back(std::byte(each));
  return out;
}

}  // namespace

TEST_CASE("the end of padding") {
  CHECK_FALSE(tls::detail::last_nonzero({}));
  for (std::size_t size = 1; size < 40; ++size) {
    std::vector<std::byte> all(size);
    CHECK_FALSE(tls::detail::last_nonzero(all));
    for (std::size_t at = 0; at < size; ++at)
      for (const int value : {1, 0x80, 0xff}) {
        all.assign(size, std::byte{0});
        all[at] = std::byte(value);
        for (std::size_t before = 0; before < at; ++before) all[before] = std::byte{0xff};
        CAPTURE(size, at, value);
        REQUIRE(tls::detail::last_nonzero(all) == at);
      }
  }
}

TEST_CASE("tickets that are said to live for more than seven days") {
  using raw = std::vector<std::uint8_t>;
  const auto shorten = [](raw message) {
    tls::detail::shorten_ticket(message);
    return message;
  };
  const raw week{4, 0, 0, 6, 0, 9, 0x3a, 0x80, 1, 2}, more{4, 0, 0, 6, 0, 9, 0x3a, 0x81, 1, 2};
  CHECK(shorten(week) == week);
  CHECK(shorten(more) == week);
  CHECK(shorten({4, 0, 0, 6, 255, 255, 255, 255, 1, 2}) == week);
  for (std::size_t size = 0; size < 8; ++size) {
    const raw part(more.begin(), more.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(shorten(part) == part);
  }
}

// ---- RFC 8448, section 3

TEST_CASE("RFC 8448: the keys of the server's data") {
  const auto traffic =
      Botan::hex_decode("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  const tls::detail::expand_label expand("SHA-256", traffic);
  CHECK(Botan::hex_encode(expand("key", 16), false) == "9f02283b6c9c07efc26bb9f2ac92e356");
  CHECK(Botan::hex_encode(expand("iv", 12), false) == "cf782b88dd83549aadf1e984");
}

TEST_CASE("RFC 8448: the client's data and close_notify are sealed") {
  const auto traffic =
      Botan::hex_decode("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
  record_layer client("AES-128/GCM", "SHA-256", traffic, server_secret);
  std::string content;
  for (char c = 0; c < 50; ++c) content += c;
  buffer out;
  client.send(bytes(content), out);
  CHECK(sent(out) ==
        hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8"
            "a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"));
  client.send_alert(alert_type::CloseNotify, out);
  CHECK(sent(out) == hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3"));
}

TEST_CASE("RFC 8448: the server's data and close_notify are opened") {
  const auto traffic =
      Botan::hex_decode("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  record_layer client("AES-128/GCM", "SHA-256", client_secret, traffic, 1);  // after the ticket
  auto data =
      hex("17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6df"
          "fc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d");
  const auto opened = client.open(data);
  REQUIRE(opened);
  CHECK(opened->type == record_type::application_data);
  std::string content;
  for (char c = 0; c < 50; ++c) content += c;
  CHECK(text(opened->content) == content);
  auto alert = hex("1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9");
  const auto closed = client.open(alert);
  REQUIRE(closed);
  CHECK(closed->type == record_type::alert);
  CHECK(text(closed->content) == std::string_view("\1\0", 2));
}

// ---- receiving

TEST_CASE("data is opened where it stands") {
  auto forge = server_forge();
  auto client = layer();
  for (const std::size_t size : {0u, 1u, 7u, 100u, 16384u})
    for (const std::size_t padding : {0u, 1u, 8u, 200u}) {
      const std::string content(size, 'x');
      auto record = forge.seal(23, content, size == 16384 ? 0 : padding);
      const auto opened = client.open(record);
      REQUIRE(opened);
      CHECK(opened->type == record_type::application_data);
      CHECK(text(opened->content) == content);
      CHECK(opened->content.data() == record.data() + 5);
    }
}

TEST_CASE("which ciphers are supported") {
  CHECK(record_layer::supports("AES-128/GCM"));
  CHECK(record_layer::supports("AES-256/GCM"));
  CHECK(record_layer::supports("ChaCha20Poly1305"));
  CHECK_FALSE(record_layer::supports("AES-128/CCM"));
  CHECK_FALSE(record_layer::supports("AES-128/CCM(8)"));
  CHECK_FALSE(record_layer::supports("AES-128"));
}

TEST_CASE("whether a record fits the keys is found out without a trace") {
  auto forge = server_forge();
  auto client = layer();
  auto record = forge.seal(23, "data");
  const auto original = record;
  for (int i = 0; i < 3; ++i) CHECK(client.fits(record));
  CHECK(record == original);
  CHECK_FALSE(client.proven());
  CHECK_FALSE(client.fits(record_forge("AES-128/GCM", client_secret).seal(23, "data")));
  CHECK_FALSE(client.fits({}));
  CHECK_FALSE(client.fits(octets(20)));
  CHECK(text(client.open(record).value().content) == "data");
  CHECK(client.proven());
}

TEST_CASE("tickets are sealed for Botan, which has seen no other record") {
  auto forge = server_forge();
  auto client = layer();
  record_forge botan("AES-128/GCM", server_secret);
  const auto ticket = new_session_ticket();
  const auto for_botan = [&] {
    const auto taken = client.take_tickets();
    const auto all = std::as_bytes(std::span(taken));
    return octets(all.begin(), all.end());
  };
  const auto receive = [&](octets record) {
    const auto opened = client.open(record);
    REQUIRE(opened);
    // Nothing of what was inside stays where the record came in.
    CHECK(text(record).find("0123456789abcdef") == std::string_view::npos);
  };
  for (int i = 0; i < 3; ++i) receive(forge.seal(23, "data"));
  CHECK(for_botan().empty());
  receive(forge.seal(22, ticket));
  CHECK(for_botan() == botan.seal(22, ticket));
  CHECK(for_botan().empty());
  receive(forge.seal(22, ticket, 7));  // padded
  CHECK(for_botan() == botan.seal(22, ticket));
  receive(forge.seal(22, ticket + ticket));
  auto both = botan.seal(22, ticket);
  both = both + botan.seal(22, ticket);
  CHECK(for_botan() == both);
  for (std::size_t cut = 1; cut < ticket.size(); ++cut) {
    receive(forge.seal(22, ticket.substr(0, cut)));
    CHECK(client.inside_message());
    CHECK(for_botan().empty());
    receive(forge.seal(22, ticket.substr(cut)));
    CHECK_FALSE(client.inside_message());
    CHECK(for_botan() == botan.seal(22, ticket));
  }
  // Botan does not learn of new keys.
  receive(forge.seal(22, ticket + key_update(false)));
  forge.update();
  CHECK(for_botan() == botan.seal(22, ticket));
  receive(forge.seal(22, ticket));
  CHECK(for_botan() == botan.seal(22, ticket));
  // A ticket that is longer than a record.
  std::string longer = ticket;
  longer.resize(4 + 40'000, 't');
  longer[2] = static_cast<char>(40'000 >> 8);
  longer[3] = static_cast<char>(40'000 & 255);
  for (std::size_t at = 0; at < longer.size(); at += 16384)
    receive(forge.seal(22, longer.substr(at, 16384)));
  octets parts;
  for (std::size_t at = 0; at < longer.size(); at += 16384)
    parts = parts + botan.seal(22, longer.substr(at, 16384));
  CHECK(for_botan() == parts);
  client.drop_tickets();
  receive(forge.seal(22, ticket));
  CHECK(for_botan().empty());
}

TEST_CASE("new keys of the server") {
  auto forge = server_forge();
  auto client = layer();
  for (unsigned i = 0; i < 5; ++i) {
    auto update = forge.seal(22, key_update(i % 2));
    forge.update();
    CHECK(client.open(update).value().type == record_type::handshake);
    CHECK(client.reading().generation() == i + 1);
    CHECK(client.update_due() == (i > 0));
    auto record = forge.seal(23, "new");
    CHECK(text(client.open(record).value().content) == "new");
  }
}

TEST_CASE("a bad record ends it, and leaves nothing to read") {
  auto forge = server_forge();
  auto client = layer();
  auto first = forge.seal(23, "first");
  REQUIRE(client.open(first));
  const auto refused = [&](octets record) {
    const auto opened = client.open(record);
    REQUIRE_FALSE(opened);
    auto next = forge.seal(23, "good");
    CHECK(client.open(next).error().alert == alert_type::InternalError);
    return opened.error().alert;
  };
  SECTION("one bit") {
    auto record = forge.seal(23, "secret");
    record[7] ^= std::byte{4};
    CHECK(refused(record) == alert_type::BadRecordMac);
  }
  SECTION("what was decrypted is wiped when its tag is wrong") {
    auto record = forge.seal(23, "secret");
    record.back() ^= std::byte{4};
    const auto opened = client.open(record);
    CHECK(opened.error().alert == alert_type::BadRecordMac);
    CHECK(std::ranges::all_of(record, [](std::byte b) { return b == std::byte{0}; }));
  }
  SECTION("repeated") {
    auto record = forge.seal(23, "secret");
    const auto again = record;
    CHECK(client.open(record));
    CHECK(refused(again) == alert_type::BadRecordMac);
  }
  SECTION("left out") {
    forge.seal(23, "lost");
    CHECK(refused(forge.seal(23, "secret")) == alert_type::BadRecordMac);
  }
  SECTION("with the keys before an update") {
    auto old = server_forge();
    old.sequence = 2;
    auto update = forge.seal(22, key_update(false));
    CHECK(client.open(update));
    CHECK(refused(old.seal(23, "secret")) == alert_type::BadRecordMac);
  }
  SECTION("version") {
    CHECK(refused(forge.seal_inner("secret\x17", 0x0301)) == alert_type::IllegalParameter);
  }
  SECTION("type") {
    auto record = forge.seal(23, "secret");
    record[0] = std::byte{22};
    CHECK(refused(record) == alert_type::UnexpectedMessage);
  }
  SECTION("too long") {
    auto longest = forge.seal(23, "secret", 16385 - 7);
    CHECK(client.open(longest));
    CHECK(refused(forge.seal(23, "secret", 16385 - 6)) == alert_type::RecordOverflow);
  }
  SECTION("shorter than a tag") {
    auto record = forge.seal(23, "");
    record.resize(5 + 15);
    record[4] = std::byte{15};
    CHECK(refused(record) == alert_type::BadRecordMac);
  }
  SECTION("not whole") {
    auto record = forge.seal(23, "secret");
    record.pop_back();
    CHECK(refused(record) == alert_type::UnexpectedMessage);
  }
  SECTION("inside a message") {
    const int type = GENERATE(23, 21);
    auto begin = forge.seal(22, new_session_ticket().substr(0, 10));
    CHECK(client.open(begin));
    CHECK(refused(forge.seal(type, "\1\1")) == alert_type::UnexpectedMessage);
  }
}

TEST_CASE("what is refused inside a record") {
  struct row {
    int type;
    std::string content;
    alert_type alert;
  };
  const auto ticket = new_session_ticket();
  using enum alert_type;
  for (const auto& [type, content, alert] :
       {row{20, "\1", UnexpectedMessage}, row{24, "?", UnexpectedMessage},
        row{99, "?", UnexpectedMessage}, row{22, "", UnexpectedMessage},
        row{21, "", UnexpectedMessage},
        // ClientHello, CertificateRequest, Finished
        row{22, std::string("\1\0\0\0", 4), UnexpectedMessage},
        row{22, std::string("\15\0\0\0", 4), UnexpectedMessage},
        row{22, std::string("\24\0\0\0", 4), UnexpectedMessage},
        row{22, std::string("\4\1\0\1", 4), HandshakeFailure},
        row{22, std::string("\30\0\0\0", 4), DecodeError},
        row{22, std::string("\30\0\0\2\0\0", 6), DecodeError},
        row{22, std::string("\30\0\0\1\2", 5), IllegalParameter},
        row{22, key_update(false) + ticket, UnexpectedMessage},
        row{22, key_update(false) + key_update(false), UnexpectedMessage},
        row{22, key_update(false) + "\4", UnexpectedMessage}}) {
    CAPTURE(type, content);
    auto forge = server_forge();
    auto client = layer();
    auto record = forge.seal(type, content);
    const auto opened = client.open(record);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().alert == alert);
  }
  for (const std::size_t zeros : {0u, 1u, 20u}) {
    auto forge = server_forge();
    auto client = layer();
    auto record = forge.seal_inner(std::string(zeros, '\0'));
    CHECK(client.open(record).error().alert == UnexpectedMessage);
  }
}

// ---- sending

TEST_CASE("records are sealed as RFC 8446 says, of any size") {
  const std::string cipher = GENERATE("AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305");
  const std::vector<std::uint8_t> secret(cipher == "AES-256/GCM" ? 48 : 32, 7);
  record_layer client(cipher, cipher == "AES-256/GCM" ? "SHA-384" : "SHA-256", secret, secret);
  record_forge forge(cipher, secret);
  for (const std::size_t size : {1u, 15u, 16u, 17u, 500u, 16383u, 16384u, 16385u, 100'000u}) {
    CAPTURE(cipher, size);
    const std::string content(size, 'u');
    buffer out;
    out.append("before");
    client.send(bytes(content), out);
    octets expected(bytes("before").begin(), bytes("before").end());
    for (std::size_t at = 0; at < size; at += 16384)
      expected = expected + forge.seal(23, content.substr(at, 16384));
    CHECK(sent(out) == expected);
  }
  buffer out;
  client.send({}, out);
  CHECK(out.empty());
  client.send_alert(alert_type::BadRecordMac, out);
  CHECK(sent(out) == forge.seal(21, "\2\x14"));
}

TEST_CASE("sealing begins if Botan made the same of the first data") {
  auto forge = client_forge();
  auto client = layer();
  CHECK_FALSE(client.compared());
  CHECK(client.compare_first(bytes("data"), forge.seal(23, "data")));
  CHECK(client.seals());
  CHECK(client.proven());
  buffer out;
  client.send(bytes("more"), out);
  CHECK(sent(out) == forge.seal(23, "more"));
}

TEST_CASE("sealing does not begin if Botan made something else of the first data") {
  auto forge = client_forge();
  auto other = forge.seal(23, "data");
  SECTION("another byte") { other.back() ^= std::byte{1}; }
  SECTION("fewer bytes") { other.pop_back(); }
  SECTION("a second record") { other = other + forge.seal(23, ""); }
  SECTION("another sequence number") { other = forge.seal(23, "data"); }
  SECTION("padding") { other = client_forge().seal(23, "data", 1); }
  SECTION("nothing") { other.clear(); }
  auto client = layer();
  CHECK_FALSE(client.compare_first(bytes("data"), other));
  CHECK_FALSE(client.seals());
  CHECK_FALSE(client.proven());
  CHECK(client.compared());
}

TEST_CASE("a KeyUpdate that is owed goes before the next data, with the old keys") {
  auto forge = server_forge();
  auto mine = client_forge();
  auto client = layer();
  for (int i = 0; i < 3; ++i) {
    auto update = forge.seal(22, key_update(true));
    forge.update();
    REQUIRE(client.open(update));
  }
  buffer out;
  client.send({}, out);
  CHECK(out.empty());
  client.send(bytes("data"), out);
  auto expected = mine.seal(22, key_update(false));
  mine.update();
  CHECK(sent(out) == expected + mine.seal(23, "data"));
  CHECK(client.writing().generation() == 1);
  CHECK(client.writing().secret() == mine.secret());
  client.send(bytes("data"), out);
  CHECK(sent(out) == mine.seal(23, "data"));
}

TEST_CASE("keys are updated before they have protected too many records") {
  auto client = layer(record_layer::records_per_key - 3);
  auto mine = client_forge();
  mine.sequence = record_layer::records_per_key - 3;
  buffer out;
  client.send(bytes(std::string(3 * 16384, 'x')), out);  // all in one call
  auto expected = mine.seal(23, std::string(16384, 'x'));
  expected = expected + mine.seal(23, std::string(16384, 'x'));
  expected = expected + mine.seal(22, key_update(false));
  CHECK(mine.sequence == record_layer::records_per_key);
  mine.update();
  CHECK(sent(out) == expected + mine.seal(23, std::string(16384, 'x')));
}

TEST_CASE("sequence numbers do not wrap") {
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  auto client = layer(last - 1);
  auto forge = server_forge();
  forge.sequence = last - 1;
  auto record = forge.seal(23, "last");
  CHECK(client.open(record));
  auto over = forge.seal(23, "over");
  CHECK(client.open(over).error().alert == alert_type::InternalError);
  auto wrapped = forge.seal(23, "wrapped");
  CHECK(forge.sequence == 1);
  CHECK_FALSE(client.open(wrapped));

  buffer out;
  client.send_alert(alert_type::InternalError, out);
  CHECK(client.writing().sequence() == last);
  out.clear();
  CHECK_THROWS_AS(client.send_alert(alert_type::InternalError, out), std::length_error);
  CHECK_THROWS_AS(client.send(bytes("x"), out), std::length_error);
  CHECK(out.empty());
}

// ---- in the engine

namespace {

constexpr auto whole = [](std::size_t) { return std::size_t{1} << 20; };

record_outcome read_in_place(const std::vector<record_step>& steps) {
  return run_script(steps, "AES-128/GCM", true, whole);
}

using step = record_step;

}  // namespace

TEST_CASE("a record that Botan has not seen is not accepted a second time") {
  const auto out = read_in_place({{.size = 5}, {.size = 6}, {.size = 7}, {.what = step::replay}});
  CHECK(out.data == std::string(5, 'f') + std::string(6, 'g') + std::string(7, 'h') + "|");
  CHECK(out.error == "bad_record bad_record_mac");
  CHECK(out.alerts == std::vector<std::string>{"bad_record_mac"});
}

TEST_CASE("what was sealed again stays inside") {
  tls_server_peer server(localhost_certificate(), {.ciphers = {"AES-128/GCM"}});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  record_forge forge("AES-128/GCM", server.traffic_secret);
  for (const auto& content : {"one", "two", "three"}) CHECK(wire.receive(forge.seal(23, content)));
  CHECK(wire.plaintext.text() == "onetwothree");
  CHECK(wire.receive(forge.seal(22, new_session_ticket())));
  const auto update = forge.seal(22, key_update(false));
  forge.update();
  CHECK(wire.receive(update));
  CHECK(wire.client.outgoing().empty());
  CHECK(wire.receive(forge.seal(23, "four")));
  CHECK(wire.receive(forge.seal(21, std::string("\1\0", 2))));
  CHECK(wire.client.peer_closed());
  CHECK(wire.client.outgoing().empty());
  CHECK(wire.plaintext.text() == "onetwothreefour");
  CHECK(wire.receive(forge.seal(23, "five")));  // ignored
  CHECK(wire.plaintext.text() == "onetwothreefour");
}

TEST_CASE("data inside a handshake message is refused") {
  const auto out = read_in_place(
      {{.size = 5}, {.size = 5}, {.what = step::begun_ticket, .size = 7}, {.size = 5}});
  CHECK(out.error == "bad_record unexpected_message");
  CHECK(out.data == "ffffffffff|");
}

TEST_CASE("more inside a record than the protocol allows is refused") {
  const auto out = read_in_place({{.size = 5}, {.size = 5}, {.what = step::long_inner}});
  CHECK(out.error == "bad_record record_overflow");
}

TEST_CASE("the engine tells Botan's records and its own apart by nothing but speed") {
  const bool client_first = GENERATE(true, false);
  const std::string cipher = GENERATE("AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305");
  const std::vector<std::vector<record_step>> scripts = {
      {},
      {{.size = 1}},
      {{.size = 0}, {.size = 0}, {.size = 3}, {.size = 0}, {.size = 3}},
      {{.size = 16384}, {.size = 16384}, {.size = 16384}},
      {{.size = 10, .padding = 100}, {.size = 10, .padding = 100}, {.size = 0, .padding = 300}},
      {{.what = step::ticket}, {.size = 3}, {.what = step::ticket}, {.size = 3}},
      {{.size = 3}, {.what = step::half_ticket, .size = 2}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::half_ticket, .size = 20}, {.size = 3}},
      {{.what = step::half_ticket, .size = 20}, {.size = 3}, {.size = 3}},
      {{.what = step::begun_ticket, .size = 20}, {.size = 3}},
      {{.size = 3}, {.what = step::rekey, .size = 1}, {.size = 3}, {.size = 3}},
      {{.what = step::rekey, .size = 0}, {.size = 3}, {.what = step::ticket}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::fake_rekey}, {.size = 3}},
      {{.size = 3}, {.what = step::rekey}, {.what = step::rekey}, {.size = 3}},
      {{.what = step::alert, .size = 0}},  // close_notify of the level fatal
      {{.size = 3}, {.what = step::alert, .size = 0}, {.size = 3}},
      {{.size = 3}, {.what = step::alert, .size = 1}, {.size = 3}},  // close_notify
      {{.size = 3}, {.size = 3}, {.what = step::alert, .size = 1}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::alert, .size = 80 * 2}},  // internal_error
      {{.size = 3}, {.size = 3}, {.what = step::alert, .size = 90 * 2 + 1}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::alert, .size = 40 * 2 + 1}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::inner_type, .size = 20}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::inner_type, .size = 21}},
      {{.size = 3}, {.size = 3}, {.what = step::inner_type, .size = 22}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::inner_type, .size = 24}},
      {{.size = 3}, {.size = 3}, {.what = step::zeros, .size = 0}},
      {{.size = 3}, {.size = 3}, {.what = step::zeros, .size = 9}},
      {{.size = 3}, {.what = step::long_inner}},
      {{.what = step::long_inner}},
      {{.size = 3}, {.size = 16384, .padding = 9, .tamper = 2000}},
      {{.size = 3}, {.size = 4}, {.what = step::replay}},
      {{.size = 3}, {.what = step::skip}, {.size = 4}},
      {{.size = 3}, {.size = 3}, {.what = step::plain, .size = 0}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::plain, .size = 1}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::plain, .size = 2}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::plain, .size = 3}, {.size = 3}},
      {{.size = 3}, {.size = 3}, {.what = step::version, .size = 1}},
      {{.size = 3}, {.size = 3}, {.what = step::version, .size = 4}},
      {{.size = 3}, {.size = 30}, {.what = step::cut, .size = 4}},
  };
  for (std::size_t i = 0; i < scripts.size(); ++i)
    for (const std::size_t split : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      if (split == 1 && scripts[i].size() == 3 && scripts[i][0].size == 16384) continue;  // slow
      CAPTURE(cipher, i, split, client_first);
      const auto by = [&](std::size_t) { return split; };
      const auto expected = run_script(scripts[i], cipher, false, by, client_first);
      const auto got = run_script(scripts[i], cipher, true, by, client_first);
      CHECK(got.data == expected.data);
      CHECK(got.error == expected.error);
      CHECK(got.closed == expected.closed);
      CHECK(got.alerts == expected.alerts);
      CHECK(got.end == expected.end);
    }
}

TEST_CASE("each bit of a record matters, read in place or by Botan") {
  const std::size_t before = GENERATE(0u, 1u, 2u);
  const std::size_t bits = (5 + 4 + 1 + 16) * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    CAPTURE(before, bit);
    std::vector<record_step> steps(before, {.size = 3});
    steps.push_back({.size = 4, .tamper = bit});
    steps.push_back({.size = 5});
    const bool client_first = bit % 2;
    const auto expected = run_script(steps, "AES-128/GCM", false, whole, client_first);
    const auto got = run_script(steps, "AES-128/GCM", true, whole, client_first);
    CHECK(got == expected);
    CHECK(got.data.find("eeee") == std::string::npos);
    CHECK((!got.error.empty() || got.end == "truncated"));
  }
}

TEST_CASE("scripts by chance") {
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 60; ++round) {
    std::vector<record_step> steps;
    for (std::size_t i = 0, n = 1 + below(12); i < n; ++i) {
      const bool odd = below(4) == 0;
      steps.push_back(
          {.what = odd ? static_cast<step::kind>(below(step::last_kind + 1)) : step::data,
           .size = below(3) ? below(200) : below(16385),
           .padding = below(3) ? 0 : below(300),
           .tamper = below(40) ? std::nullopt : std::optional(below(10'000))});
    }
    const auto seed = random();
    const auto split = [seed](std::size_t n) {
      std::mt19937 piece(static_cast<unsigned>(seed + n));
      return piece() % 3 == 0 ? 1 + piece() % 40 : 1 + piece() % 9000;
    };
    CAPTURE(round);
    for (const auto& each : steps) UNSCOPED_INFO(int(each.what) << ' ' << each.size);
    const bool client_first = below(2);
    CHECK(run_script(steps, "AES-128/GCM", true, split, client_first) ==
          run_script(steps, "AES-128/GCM", false, split, client_first));
  }
}
