// The record reader by itself, and each of the dangers of going past Botan.
#include "record_script.hpp"
#include "support.hpp"

#include <cohttps/tls/record/record_reader.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using tls::record_reader;
using alert_type = Botan::TLS::AlertType;

namespace {

const std::vector<std::uint8_t> secret(32, 42);

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// A reader that has taken over, after one record of data.
record_reader taken_over(record_forge& forge, std::uint64_t sequence = 0) {
  record_reader reader("AES-128/GCM", "SHA-256", secret, sequence);
  forge.sequence = sequence;
  CHECK_FALSE(reader.reading());
  reader.watch(forge.seal(23, "first"));
  reader.compare(bytes("first"));
  CHECK(reader.handed_over({}));
  CHECK(reader.reading());
  return reader;
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

TEST_CASE("where handshake messages end") {
  const std::string two = new_session_ticket() + key_update(false) + std::string("\x04\0\0\0", 4);
  for (std::size_t split = 1; split <= two.size(); ++split) {
    CAPTURE(split);
    tls::detail::message_boundary at;
    CHECK_FALSE(at.inside());
    for (std::size_t i = 0; i < two.size(); i += split) {
      at.pass(bytes(std::string_view(two).substr(i, split)));
      const std::size_t passed = std::min(i + split, two.size());
      const std::size_t ticket = new_session_ticket().size();
      CHECK(at.inside() == (passed != ticket && passed != ticket + 5 && passed != two.size()));
    }
    CHECK(at.took_key_update());
    CHECK_FALSE(at.took_key_update());
  }
}

TEST_CASE("tickets that are said to live for more than seven days") {
  const auto shorten = [](std::vector<std::uint8_t> messages) {
    const bool changed = tls::detail::shorten_tickets(std::as_writable_bytes(std::span(messages)));
    return std::pair(changed, messages);
  };
  using bytes = std::vector<std::uint8_t>;
  const bytes week{4, 0, 0, 6, 0, 9, 0x3a, 0x80, 1, 2}, more{4, 0, 0, 6, 0, 9, 0x3a, 0x81, 1, 2};
  const bytes update{24, 0, 0, 1, 0};
  CHECK(shorten(week) == std::pair(false, week));
  CHECK(shorten(more) == std::pair(true, week));
  CHECK(shorten(update) == std::pair(false, update));
  CHECK(shorten({}) == std::pair(false, bytes{}));
  bytes mixed = update, expected = update;
  for (const auto* each : {&more, &week, &more})
    mixed.insert(mixed.end(), each->begin(), each->end());
  for (int i = 0; i < 3; ++i) expected.insert(expected.end(), week.begin(), week.end());
  CHECK(shorten(mixed) == std::pair(true, expected));
  bytes other = more;  // of another kind
  other[0] = 8;
  CHECK(shorten(other) == std::pair(false, other));
  // Whatever is cut off stays as it is.
  for (std::size_t size = 0; size < 8; ++size) {
    const bytes part(more.begin(), more.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(shorten(part) == std::pair(false, part));
  }
}

TEST_CASE("HKDF-Expand-Label as in RFC 8448") {
  // Section 3, "derive write traffic keys for application data" of the server.
  const std::vector<std::uint8_t> traffic = {0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56,
                                             0xad, 0x47, 0x11, 0x6b, 0x45, 0xa9, 0x50, 0x32,
                                             0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb, 0x6b, 0x3a,
                                             0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43};
  const std::vector<std::uint8_t> key = {0x9f, 0x02, 0x28, 0x3b, 0x6c, 0x9c, 0x07, 0xef,
                                         0xc2, 0x6b, 0xb9, 0xf2, 0xac, 0x92, 0xe3, 0x56};
  const std::vector<std::uint8_t> iv = {0xcf, 0x78, 0x2b, 0x88, 0xdd, 0x83,
                                        0x54, 0x9a, 0xad, 0xf1, 0xe9, 0x84};
  const tls::detail::expand_label expand("SHA-256", traffic);
  CHECK(std::ranges::equal(expand("key", 16), key));
  CHECK(std::ranges::equal(expand("iv", 12), iv));
}

TEST_CASE("data is opened where it stands") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  for (const std::size_t size : {0u, 1u, 7u, 100u, 16384u})
    for (const std::size_t padding : {0u, 1u, 8u, 200u}) {
      const std::string content(size, 'x');
      auto record = forge.seal(23, content, size == 16384 ? 0 : padding);
      const auto opened = reader.open(record);
      REQUIRE(opened);
      CHECK(opened->is_data);
      CHECK(text(opened->bytes) == content);
      CHECK(opened->bytes.data() == record.data() + 5);
    }
}

TEST_CASE("which ciphers it reads") {
  CHECK(record_reader::reads("AES-128/GCM"));
  CHECK(record_reader::reads("AES-256/GCM"));
  CHECK(record_reader::reads("ChaCha20Poly1305"));
  CHECK_FALSE(record_reader::reads("AES-128/CCM"));
  CHECK_FALSE(record_reader::reads("AES-128/CCM(8)"));
  CHECK_FALSE(record_reader::reads("AES-128"));
}

TEST_CASE("the first data that differs from what Botan made of it turns the reader off for good") {
  record_forge forge("AES-128/GCM", secret);
  record_reader reader("AES-128/GCM", "SHA-256", secret);
  SECTION("other bytes") {
    reader.watch(forge.seal(23, "one"));
    reader.compare(bytes("two"));
  }
  SECTION("fewer bytes") {
    reader.watch(forge.seal(23, "one"));
    reader.compare(bytes("on"));
  }
  SECTION("data that is none here") {
    reader.watch(forge.seal(22, new_session_ticket()));
    reader.compare(bytes("two"));
  }
  SECTION("a record that cannot be opened here") {
    record_forge other("AES-128/GCM", std::vector<std::uint8_t>(32, 1));
    reader.watch(other.seal(23, "one"));
    reader.compare(bytes("one"));
  }
  SECTION("new keys that were not derived from the old ones") {
    reader.watch(forge.seal(22, key_update(false)));
    reader.compare({});
    CHECK(reader.handed_over(std::vector<std::uint8_t>(32, 1)));
    forge.update();
  }
  CHECK_FALSE(reader.reading());
  reader.watch(forge.seal(23, "good"));
  reader.compare(bytes("good"));
  CHECK(reader.handed_over({}));
  CHECK_FALSE(reader.reading());
}

TEST_CASE("checking goes on until there is data, over tickets, empty records and new keys") {
  record_forge forge("AES-128/GCM", secret);
  record_reader reader("AES-128/GCM", "SHA-256", secret);
  const auto botan_took = [&](const octets& record, std::string_view made,
                              std::span<const std::uint8_t> logged = {}) {
    reader.watch(record);
    reader.compare(bytes(made));
    CHECK(reader.handed_over(logged));
  };
  botan_took(forge.seal(22, new_session_ticket()), "");
  botan_took(forge.seal(23, ""), "");
  const auto update = forge.seal(22, key_update(false));
  forge.update();
  botan_took(update, "", forge.secret());
  botan_took(forge.seal(22, new_session_ticket()), "");
  CHECK_FALSE(reader.reading());
  botan_took(forge.seal(23, "data"), "data");
  CHECK(reader.reading());
  auto record = forge.seal(23, "more");
  CHECK(text(reader.open(record).value().bytes) == "more");
}

TEST_CASE("what is not data is sealed again for Botan, at the place that Botan has come to") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  for (int i = 0; i < 3; ++i) {
    auto record = forge.seal(23, "data");
    CHECK(reader.open(record).value().is_data);
  }
  record_forge botan("AES-128/GCM", secret);
  botan.sequence = 1;  // it has only seen the first
  struct row {
    int type;
    std::string content;
    std::size_t padding;
  };
  for (const auto& [type, content, padding] :
       {row{22, new_session_ticket(), 0}, row{22, new_session_ticket(), 5}, row{21, "\2\50", 0},
        row{99, "?", 0}, row{22, "", 3}, row{20, "\1", 0}}) {
    CAPTURE(type, padding);
    auto record = forge.seal(type, content, padding);
    const auto opened = reader.open(record);
    REQUIRE(opened);
    CHECK_FALSE(opened->is_data);
    CHECK(std::ranges::equal(opened->bytes, botan.seal(type, content, padding)));
    // Nothing of what was inside stays where the record came in.
    if (content.size() > 2) CHECK(text(record).find(content) == std::string_view::npos);
    CHECK(reader.handed_over({}));
  }
  auto zeros = forge.seal_inner(std::string(20, '\0'));
  CHECK(std::ranges::equal(reader.open(zeros).value().bytes,
                           botan.seal_inner(std::string(20, '\0'))));
  auto nothing = forge.seal_inner("");
  CHECK(std::ranges::equal(reader.open(nothing).value().bytes, botan.seal_inner("")));
}

TEST_CASE("inside a handshake message even data is for Botan") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  const auto ticket = new_session_ticket();
  auto begin = forge.seal(22, ticket.substr(0, 10));
  CHECK_FALSE(reader.open(begin).value().is_data);
  auto between = forge.seal(23, "data");
  CHECK_FALSE(reader.open(between).value().is_data);
  auto rest = forge.seal(22, ticket.substr(10));
  CHECK_FALSE(reader.open(rest).value().is_data);
  auto after = forge.seal(23, "data");
  CHECK(reader.open(after).value().is_data);
}

TEST_CASE("new keys") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  auto update = forge.seal(22, key_update(true));
  CHECK_FALSE(reader.open(update).value().is_data);
  SECTION("as derived") {
    forge.update();
    CHECK(reader.handed_over(forge.secret()));
    auto record = forge.seal(23, "new");
    CHECK(text(reader.open(record).value().bytes) == "new");
    auto ticket = forge.seal(22, new_session_ticket());
    record_forge botan("AES-128/GCM", secret);
    botan.update();
    CHECK(std::ranges::equal(reader.open(ticket).value().bytes,
                             botan.seal(22, new_session_ticket())));
    CHECK(reader.handed_over({}));
    auto second = forge.seal(22, key_update(false));
    CHECK_FALSE(reader.open(second).value().is_data);
    forge.update();
    CHECK(reader.handed_over(forge.secret()));
    auto last = forge.seal(23, "newer");
    CHECK(text(reader.open(last).value().bytes) == "newer");
    return;
  }
  SECTION("that Botan does not have") { CHECK_FALSE(reader.handed_over({})); }
  SECTION("that are others") { CHECK_FALSE(reader.handed_over(std::vector<std::uint8_t>(32, 1))); }
  CHECK(reader.reading());  // so nothing goes to Botan
  auto record = forge.seal(23, "x");
  CHECK(reader.open(record).error() == alert_type::InternalError);
}

TEST_CASE("new keys that nobody announced") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  auto ticket = forge.seal(22, new_session_ticket());
  CHECK_FALSE(reader.open(ticket).value().is_data);
  forge.update();
  CHECK_FALSE(reader.handed_over(forge.secret()));
}

TEST_CASE("a bad record ends it, and leaves nothing to read") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge);
  const auto refused = [&](octets record) {
    const auto opened = reader.open(record);
    REQUIRE_FALSE(opened);
    CHECK(reader.reading());
    auto next = forge.seal(23, "good");
    CHECK(reader.open(next).error() == alert_type::InternalError);
    CHECK(text(record).find("secret") == std::string_view::npos);
    return opened.error();
  };
  const std::string content(100, 's');
  SECTION("one bit") {
    auto record = forge.seal(23, "secret");
    record[7] ^= std::byte{4};
    CHECK(refused(record) == alert_type::BadRecordMac);
  }
  SECTION("what was decrypted is wiped when its tag is wrong") {
    auto record = forge.seal(23, "secret");
    record.back() ^= std::byte{4};
    const auto opened = reader.open(record);
    CHECK(opened.error() == alert_type::BadRecordMac);
    CHECK(std::ranges::all_of(record, [](std::byte b) { return b == std::byte{0}; }));
  }
  SECTION("repeated") {
    auto record = forge.seal(23, "secret");
    const auto again = record;
    CHECK(reader.open(record));
    CHECK(refused(again) == alert_type::BadRecordMac);
  }
  SECTION("left out") {
    forge.seal(23, "lost");
    CHECK(refused(forge.seal(23, "secret")) == alert_type::BadRecordMac);
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
    CHECK(reader.open(longest));
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
}

TEST_CASE("sequence numbers do not wrap") {
  record_forge forge("AES-128/GCM", secret);
  auto reader = taken_over(forge, std::numeric_limits<std::uint64_t>::max() - 2);
  auto last = forge.seal(23, "last");
  CHECK(reader.open(last));
  auto over = forge.seal(23, "over");
  CHECK(reader.open(over).error() == alert_type::InternalError);
  auto wrapped = forge.seal(23, "wrapped");
  CHECK(forge.sequence == 1);
  CHECK_FALSE(reader.open(wrapped));
}

// ---- in the engine
// --------------------------------------------------------------------------------

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

TEST_CASE("the engine tells Botan's reading and its own apart by nothing but speed") {
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
      CAPTURE(cipher, i, split);
      const auto by = [&](std::size_t) { return split; };
      const auto expected = run_script(scripts[i], cipher, false, by);
      const auto got = run_script(scripts[i], cipher, true, by);
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
    const auto expected = run_script(steps, "AES-128/GCM", false, whole);
    const auto got = run_script(steps, "AES-128/GCM", true, whole);
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
    CHECK(run_script(steps, "AES-128/GCM", true, split) ==
          run_script(steps, "AES-128/GCM", false, split));
  }
}
