// TLS in memory: how fast records of 16 KB are read, beside the cipher alone, and what a handshake
// costs the client.
#include "tls/tls_server_peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/tls/group.hpp>

#include <benchmark/benchmark.h>
#include <botan/aead.h>
#include <botan/secmem.h>
#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>

#include <array>
#include <certificate_authority.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace cohttps;
using namespace cohttps::testing;

constexpr std::size_t record_size = 16384;
constexpr std::size_t records = 64;  // a round

const certificate_authority& authority() {
  static const certificate_authority made;
  return made;
}
const issued_certificate& localhost() {
  static const issued_certificate made = authority().issue({.dns = {"localhost"}});
  return made;
}

void shake_hands(tls::engine& client, tls_server_peer& server) {
  if (!client.start(std::chrono::system_clock::now())) throw std::runtime_error("no start");
  while (!client.handshake_done() || !client.outgoing().empty()) {
    server.receive(client.outgoing().data());
    client.outgoing().clear();
    if (!client.receive(server.outgoing)) throw std::runtime_error("no handshake");
  }
}

// The cipher alone, as records want it: a nonce and a header each, in place.
void raw_aead(benchmark::State& state, const char* cipher) {
  const auto sealer = Botan::AEAD_Mode::create_or_throw(cipher, Botan::Cipher_Dir::Encryption);
  const auto opener = Botan::AEAD_Mode::create_or_throw(cipher, Botan::Cipher_Dir::Decryption);
  const std::vector<std::uint8_t> key(sealer->key_spec().maximum_keylength(), 7);
  sealer->set_key(key);
  opener->set_key(key);
  const std::array<std::uint8_t, 12> nonce{};
  const std::array<std::uint8_t, 5> header{23, 3, 3, 64, 17};
  Botan::secure_vector<std::uint8_t> sealed(record_size + 1, 'x');
  sealer->set_associated_data(header);
  sealer->start(nonce);
  sealer->finish(sealed);
  std::vector<std::vector<std::uint8_t>> round(records);
  Botan::secure_vector<std::uint8_t> tail;
  for (auto _ : state) {
    state.PauseTiming();
    for (auto& each : round) each.assign(sealed.begin(), sealed.end());
    state.ResumeTiming();
    for (auto& each : round) {
      opener->set_associated_data(header);
      opener->start(nonce);
      opener->process(std::span(each).first(record_size + 1));
      tail.assign(each.begin() + record_size + 1, each.end());
      opener->finish(tail);
    }
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t{records * record_size});
}

void read_records(benchmark::State& state, const char* cipher, bool in_place) {
  const auto context = tls_context::create({.system_roots = false,
                                            .root_pem = authority().certificate_pem(),
                                            .record_reader = in_place});
  tls_server_peer server(localhost(), {.ciphers = {cipher}});
  tls::engine client(context.value(), "localhost", 443, {});
  shake_hands(client, server);
  const std::string content(record_size, 'x');
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t i = 0; i < records; ++i) server.send(content);
    state.ResumeTiming();
    std::size_t got = 0;
    while (!server.outgoing.empty()) {
      const auto data = client.receive(server.outgoing);
      if (!data) throw std::runtime_error(data.error().what());
      got += data->size();
    }
    if (got != records * record_size) throw std::runtime_error("data lost");
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t{records * record_size});
}

// The processor's time in the client's calls alone, in seconds.
double thread_time() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

// A context of its own each time knows nothing of earlier connections; one that is shared has seen
// the chain and the server's group, and with tickets continues sessions.
enum class handshake_kind { full, cached, resumed };

void handshake(benchmark::State& state, handshake_kind kind, bool tls13, key_kind key,
               const char* group = nullptr) {
  static const certificate_authority root;
  static const certificate_authority intermediate = root.intermediate();
  const auto certificate = intermediate.issue({.dns = {"localhost"}, .key = key});
  tls_server_options options{.tls13 = tls13};
  if (group) options.groups = {tls::group_named(group).value()};
  if (kind == handshake_kind::resumed)
    options.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
        std::make_shared<Botan::System_RNG>());
  const tls_options trust{.system_roots = false, .root_pem = root.certificate_pem()};
  auto context = tls_context::create(trust).value();
  std::int64_t resumed = 0;
  const auto shake = [&] {
    tls_server_peer server(certificate, options);
    double spent = 0;
    const auto timed = [&](auto&& call) {
      spent -= thread_time();
      call();
      spent += thread_time();
    };
    std::optional<tls::engine> client;
    timed([&] {
      client.emplace(context, "localhost", 443, std::vector<std::string>{"http/1.1"});
      if (!client->start(std::chrono::system_clock::now())) throw std::runtime_error("no start");
    });
    while (!client->handshake_done() || !client->outgoing().empty()) {
      server.receive(client->outgoing().data());
      client->outgoing().clear();
      timed([&] {
        if (!client->receive(server.outgoing)) throw std::runtime_error("no handshake");
      });
    }
    resumed += client->info().resumed;
    timed([&] { client.reset(); });
    return spent;
  };
  shake();
  resumed = 0;
  for (auto _ : state) {
    if (kind == handshake_kind::full) context = tls_context::create(trust).value();
    state.SetIterationTime(shake());
  }
  if (resumed != (kind == handshake_kind::resumed ? state.iterations() : 0))
    state.SkipWithError("not what was meant");
}

using enum handshake_kind;
BENCHMARK_CAPTURE(handshake, full_13, full, true, key_kind::p256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, cached_13, cached, true, key_kind::p256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, resumed_13, resumed, true, key_kind::p256)->UseManualTime();
// By most servers of today, and by those that have post-quantum groups, above.
BENCHMARK_CAPTURE(handshake, cached_13_x25519, cached, true, key_kind::p256, "x25519")
    ->UseManualTime();
BENCHMARK_CAPTURE(handshake, resumed_13_x25519, resumed, true, key_kind::p256, "x25519")
    ->UseManualTime();
BENCHMARK_CAPTURE(handshake, full_12, full, false, key_kind::p256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, cached_12, cached, false, key_kind::p256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, resumed_12, resumed, false, key_kind::p256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, full_13_rsa, full, true, key_kind::rsa_2048)->UseManualTime();
BENCHMARK_CAPTURE(handshake, cached_13_rsa, cached, true, key_kind::rsa_2048)->UseManualTime();

void system_context(benchmark::State& state) {
  for (auto _ : state)
    if (!tls_context::create({})) state.SkipWithError("no certificates of the system");
}
BENCHMARK(system_context);

BENCHMARK_CAPTURE(raw_aead, aes_128_gcm, "AES-128/GCM");
BENCHMARK_CAPTURE(read_records, aes_128_gcm_botan, "AES-128/GCM", false);
BENCHMARK_CAPTURE(read_records, aes_128_gcm_in_place, "AES-128/GCM", true);
BENCHMARK_CAPTURE(raw_aead, chacha20_poly1305, "ChaCha20Poly1305");
BENCHMARK_CAPTURE(read_records, chacha20_poly1305_in_place, "ChaCha20Poly1305", true);

}  // namespace

BENCHMARK_MAIN();
