// A connection's bytes, through TLS where the origin asks for it.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/transport/concepts.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::net {

/// A `byte_stream`, and the TLS engine that stands between it and HTTP once `secure` was called.
template <byte_stream Stream>
class channel {
 public:
  explicit channel(Stream stream) noexcept : stream_(std::move(stream)) {}

  /// Runs the handshake with `host`, which ends verified or not at all.
  task<result<void>> secure(tls_context context, std::string host, std::uint16_t port,
                            std::vector<std::string> alpn,
                            std::chrono::system_clock::time_point now, stop_token stop) {
    tls::engine& engine =
        engine_.emplace(std::move(context), std::move(host), port, std::move(alpn));
    if (auto started = engine.start(now); !started) co_return pass(std::move(started));
    buffer plaintext;
    while (true) {
      if (auto sent = co_await flush(stop); !sent) co_return pass(std::move(sent));
      if (engine.handshake_done()) break;
      auto got = co_await receive(plaintext, stop);
      if (!got) co_return pass(std::move(got));
    }
    if (!plaintext.empty()) early_ = std::move(plaintext);
    co_return result<void>();
  }

  /// Appends what has come in, one byte or more, and says how many; 0 at the end of the stream. An
  /// end of TLS that the peer did not announce is an error (`truncated`).
  task<result<std::size_t>> read(buffer& into, stop_token stop) {
    if (!engine_) {
      auto got = co_await stream_.read_some(into.prepare(read_size), stop);
      if (got) into.commit(*got);
      co_return got;
    }
    const std::size_t before = into.size();
    if (!early_.empty()) {
      into.append(early_.data());
      early_.clear();
    }
    while (into.size() == before) {
      if (engine_->peer_closed()) co_return std::size_t{0};
      auto got = co_await receive(into, stop);
      if (!got) co_return pass(std::move(got));
      // Answers of the engine's own, such as a KeyUpdate's.
      if (auto sent = co_await flush(stop); !sent) co_return pass(std::move(sent));
    }
    co_return into.size() - before;
  }

  /// Sends all of `bytes`; calls `progress` whenever the peer's side has taken some.
  template <class Progress>
  task<result<void>> write(std::span<const std::byte> bytes, stop_token stop, Progress progress) {
    if (!engine_) co_return co_await write_all(bytes, stop, progress);
    // A piece at a time, so that a large body is not held twice.
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), encrypt_size));
      if (auto sealed = engine_->send(piece); !sealed) co_return pass(std::move(sealed));
      if (auto sent = co_await flush(stop, progress); !sent) co_return pass(std::move(sent));
      bytes = bytes.subspan(piece.size());
    }
    co_return result<void>();
  }

  /// True while the peer neither closed the connection nor sent anything unasked.
  bool idle() noexcept {
    return early_.empty() && ciphertext_.empty() && !(engine_ && engine_->peer_closed()) &&
           stream_.idle();
  }

  void close() noexcept { stream_.close(); }

  /// Null without TLS.
  const tls_info* tls() const noexcept { return engine_ ? &engine_->info() : nullptr; }

  /// Gives back the memory that only a running exchange needs.
  void release() noexcept {
    ciphertext_.release();
    early_.release();
  }

 private:
  static constexpr std::size_t read_size = 16 * 1024;
  static constexpr std::size_t ciphertext_size = 32 * 1024;
  static constexpr std::size_t encrypt_size = 64 * 1024;

  template <class Progress>
  task<result<void>> write_all(std::span<const std::byte> bytes, stop_token stop,
                               Progress progress) {
    while (!bytes.empty()) {
      auto taken = co_await stream_.write_some(bytes, stop);
      if (!taken) co_return pass(std::move(taken));
      progress();
      bytes = bytes.subspan(*taken);
    }
    co_return result<void>();
  }

  struct no_progress {
    void operator()() const noexcept {}
  };

  template <class Progress = no_progress>
  task<result<void>> flush(stop_token stop, Progress progress = {}) {
    buffer& out = engine_->outgoing();
    while (!out.empty()) {
      auto taken = co_await stream_.write_some(out.data(), stop);
      if (!taken) co_return pass(std::move(taken));
      progress();
      out.consume(*taken);
    }
    co_return result<void>();
  }

  /// What is left of the last read of the stream, else one more, through the engine. When the
  /// engine refuses what came, its alert is sent before the error is given.
  task<result<void>> receive(buffer& plaintext, stop_token stop) {
    auto opened = engine_->receive(ciphertext_);
    if (opened && opened->empty() && !engine_->peer_closed()) {
      auto got = co_await stream_.read_some(ciphertext_.prepare(ciphertext_size), stop);
      if (!got) co_return pass(std::move(got));
      if (*got == 0) co_return engine_->end_of_stream();
      ciphertext_.commit(*got);
      opened = engine_->receive(ciphertext_);
    }
    if (!opened) {
      auto told = co_await flush(stop);
      (void)told;  // the alert is a courtesy
      co_return pass(std::move(opened));
    }
    plaintext.append(*opened);
    co_return result<void>();
  }

  Stream stream_;
  std::optional<tls::engine> engine_;
  buffer ciphertext_;
  buffer early_;  // plaintext that came together with the end of the handshake
};

}  // namespace cohttps::net
