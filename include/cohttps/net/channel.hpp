// A connection's bytes, through TLS where the origin or the proxy asks for it.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::net {

/// A `byte_stream`, and the TLS engines between it and HTTP: one for each call of `secure`.
///
/// ```
///   HTTP ── engine ── (engine of an HTTPS proxy) ── stream
/// ```
class channel {
  using view = std::span<const std::byte>;

 public:
  explicit channel(any_stream stream) noexcept : stream_(std::move(stream)) {}

  /// Runs the handshake with `host`, which ends verified or not at all. Called a second time, it
  /// runs inside of the first one's TLS.
  task<result<void>> secure(tls_context context, std::string host, std::uint16_t port,
                            std::vector<std::string> alpn,
                            std::chrono::system_clock::time_point now, stop_token stop) {
    top_ = std::make_unique<layer>(
        tls::engine(std::move(context), std::move(host), port, std::move(alpn)), std::move(top_));
    layer& mine = *top_;
    if (auto started = mine.engine.start(now); !started) co_return pass(std::move(started));
    while (true) {
      // Our last message goes out together with the first request, or when there is none.
      if (stream_.is_eager() && mine.engine.handshake_done() && !mine.engine.revocation())
        co_return result<void>();
      if (auto sent = co_await flush(mine, stop); !sent) co_return pass(std::move(sent));
      if (mine.engine.handshake_done()) co_return result<void>();
      auto early = mine.engine.receive(mine.ciphertext);
      if (!early) co_return co_await refuse(mine, std::move(early).error(), stop);
      mine.early.append(*early);
      if (mine.engine.handshake_done() || !mine.engine.outgoing().empty()) continue;
      if (auto got = co_await fill(mine, stop); !got) co_return pass(std::move(got));
    }
  }

  /// The next bytes: a view, valid until the next call. Empty at the end of the stream; an end of
  /// TLS that the peer did not announce is an error (`truncated`).
  task<result<view>> receive(stop_token stop) {
    if (top_) return open(*top_, stop);
    return read_plain(stop);
  }

  /// The same, appended to `into`; gives how many.
  task<result<std::size_t>> read(buffer& into, stop_token stop) {
    auto got = co_await receive(stop);
    if (!got) co_return pass(std::move(got));
    into.append(*got);
    co_return got->size();
  }

  /// After `receive`: what came with its bytes and needs no more reading, if there is something.
  std::optional<result<view>> receive_buffered() {
    if (!top_ || top_->below || !top_->early.empty()) return std::nullopt;
    auto opened = top_->engine.receive(top_->ciphertext);
    if (opened && opened->empty()) return std::nullopt;
    if (!opened) (void)push(*top_);
    return opened;
  }

  /// Reads what the stream has, without waiting, for `receive_buffered` to open. False when that is
  /// nothing, be it because the stream is at its end. Not while a read is under way.
  bool fill_at_once() { return top_ && !top_->below && fill_at_once(*top_); }

  /// Sends all of `bytes`. What the stream takes counts as progress of `limit`, unless it is null.
  task<result<void>> write(view bytes, stop_token stop, deadline* limit = nullptr) {
    if (!top_) return write_plain(bytes, stop, limit);
    return seal(*top_, bytes, stop, limit);
  }

  /// For as long as content is written beside a read: it alone writes then.
  class sender {
   public:
    explicit sender(channel& of) noexcept : of_(of) { of_.sender_ = true; }
    sender(const sender&) = delete;
    sender& operator=(const sender&) = delete;
    ~sender() { of_.sender_ = false; }

   private:
    channel& of_;
  };

  /// The same for as long as the channel lives.
  void split() noexcept { sender_ = true; }

  /// What has come in already, without waiting: nothing while the peer is quiet, an empty view when
  /// it has closed the connection or broken TLS. What TLS sends of itself, such as tickets, is not
  /// told. Not while a read is under way.
  std::optional<view> receive_at_once() {
    if (top_) return open_at_once(*top_);
    if (stream_.idle()) return std::nullopt;
    plain_.clear();
    if (stream_.is_eager()) plain_.commit(stream_.try_read(plain_.prepare(read_size)));
    return view(plain_.data());
  }

  /// True while the peer neither closed the connection nor sent anything unasked. What it sent is
  /// lost.
  bool idle() { return !receive_at_once(); }

  /// Sends what TLS still has to say, for a channel on which nobody waits. Where that would need
  /// waiting the stream ends.
  void settle() noexcept {
    if (stream_.is_eager())
      for (layer* l = top_.get(); l; l = l->below.get())
        if (!push(*l)) return stream_.close();
  }

  /// Gives the memory back that an idle channel does not need.
  void release_memory() noexcept {
    plain_.release();
    for (layer* l = top_.get(); l; l = l->below.get()) {
      l->ciphertext.release();
      l->sending.release();
      l->engine.outgoing().release();
      l->early.release();
    }
  }

  /// Says `last` and goodbye (close_notify; RFC 8446, 6.1) as far as that needs no waiting, and
  /// closes.
  void close(view last = {}) noexcept {
    if (stream_.is_eager()) {
      const view words = last_words(last);
      // A mere goodbye need not arrive where the peer hears no more; `last` may explain something.
      if (last.empty()) return stream_.close(words);
      (void)stream_.try_write(words);
    }
    stream_.close();
  }

  /// What the issuers of the innermost TLS's certificates are to be asked, and what follows from
  /// their answers: see `tls::engine::revocation`. Null without.
  tls::revocation_check* revocation() { return top_ ? top_->engine.revocation() : nullptr; }
  task<result<void>> conclude_revocation(stop_token stop) {
    auto concluded = top_->engine.conclude_revocation();
    if (!concluded) co_return co_await refuse(*top_, std::move(concluded).error(), stop);
    co_return concluded;
  }

  /// After `secure` has failed: it offered to continue a session of TLS 1.2, and so no TLS 1.3,
  /// which may be all that the server speaks by now.
  bool withheld_tls13() const noexcept { return top_ && top_->engine.withheld_tls13(); }

  /// Of the innermost TLS; null without.
  const tls_info* tls() const noexcept { return top_ ? &top_->engine.info() : nullptr; }

 private:
  struct layer {
    layer(tls::engine e, std::unique_ptr<layer> outer)
        : engine(std::move(e)), below(std::move(outer)) {}

    tls::engine engine;
    std::unique_ptr<layer> below;  // what carries this one's records; null: the stream
    buffer ciphertext;
    buffer sending;  // taken from the engine, whose own buffer may grow while this is written
    buffer early;    // plaintext that came together with the end of the handshake
    bool early_given = false;
  };

  static constexpr std::size_t read_size = 16 * 1024;
  // Two records of TLS 1.3 as most servers fill them: header, content, its type and the tag (RFC
  // 8446, 5.2). A read that ends in the middle of one costs a copy.
  static constexpr std::size_t ciphertext_size = 2 * (5 + 16 * 1024 + 1 + 16);
  static constexpr std::size_t sealed_size = 256 * 1024;

  task<result<view>> read_plain(stop_token stop) {
    plain_.clear();
    auto got = co_await stream_.read_some(plain_.prepare(read_size), stop);
    if (!got) co_return pass(std::move(got));
    plain_.commit(*got);
    co_return view(plain_.data());
  }

  task<result<view>> open(layer& l, stop_token stop) {
    if (!l.early.empty()) {
      if (!l.early_given) {
        l.early_given = true;
        co_return view(l.early.data());
      }
      l.early.clear();
    }
    while (true) {
      auto opened = l.engine.receive(l.ciphertext);
      if (!opened) {
        auto refused = co_await refuse(l, std::move(opened).error(), stop);
        co_return pass(std::move(refused));
      }
      if (!opened->empty()) co_return opened;
      // Answers of the engine's own, such as a KeyUpdate's. A sender takes them along.
      if (!sender_ && has_output(l))
        if (auto sent = co_await flush(l, stop); !sent) co_return pass(std::move(sent));
      if (l.engine.peer_closed()) co_return view();
      if (l.below) {
        auto got = co_await fill(l, stop);
        if (!got) co_return pass(std::move(got));
        continue;
      }
      auto got = co_await stream_.read_some(room_for_records(l), stop);
      if (!got) co_return pass(std::move(got));
      if (auto more = took(l, *got); !more) co_return pass(std::move(more));
    }
  }

  std::optional<view> open_at_once(layer& l) {
    if (!l.early.empty() && !std::exchange(l.early_given, true)) return view(l.early.data());
    for (int reads = 0; reads < 4; ++reads) {  // no ticket is that large
      auto opened = l.engine.receive(l.ciphertext);
      if (!opened || (opened->empty() && l.engine.peer_closed())) return view();
      if (!opened->empty()) return *opened;
      if (l.below) {
        auto records = open_at_once(*l.below);
        if (!records || records->empty()) return records;
        l.ciphertext.append(*records);
      } else {
        if (stream_.idle()) return std::nullopt;
        if (!fill_at_once(l)) return view();
      }
    }
    return view();
  }

  /// False when that gave nothing: a stream that was not idle is at its end then.
  bool fill_at_once(layer& lowest) {
    if (!stream_.is_eager()) return false;
    const std::size_t got = stream_.try_read(room_for_records(lowest));
    lowest.ciphertext.commit(got);
    return got != 0;
  }

  static std::span<std::byte> room_for_records(layer& lowest) {
    buffer& in = lowest.ciphertext;
    const std::size_t more = in.size() < ciphertext_size ? ciphertext_size - in.size() : read_size;
    return in.prepare(more).first(more);
  }

  /// Reads more records.
  task<result<void>> fill(layer& l, stop_token stop) {
    if (!l.below) {
      auto got = co_await stream_.read_some(room_for_records(l), stop);
      if (!got) co_return pass(std::move(got));
      co_return took(l, *got);
    }
    auto got = co_await open(*l.below, stop);
    if (!got) co_return pass(std::move(got));
    l.ciphertext.append(*got);
    if (got->empty()) co_return l.engine.end_of_stream();
    co_return result<void>();
  }
  /// The lowest layer's stream has given so much. Its end, where it is none of TLS, is an error.
  static result<void> took(layer& lowest, std::size_t size) {
    lowest.ciphertext.commit(size);
    return size == 0 ? lowest.engine.end_of_stream() : result<void>();
  }

  /// The alert goes out as far as that needs no waiting: a peer that does not read holds nobody.
  task<result<void>> refuse(layer& l, error why, stop_token stop) {
    if (stream_.is_eager())
      (void)push(l);
    else
      (void)co_await flush(l, stop);
    co_return std::unexpected(std::move(why));
  }

  task<result<void>> write_plain(view bytes, stop_token stop, deadline* limit) {
    while (!bytes.empty()) {
      auto taken = co_await stream_.write_some(bytes, stop);
      if (!taken) co_return pass(std::move(taken));
      if (limit) limit->progress(*taken);
      bytes = bytes.subspan(*taken);
    }
    co_return result<void>();
  }

  task<result<void>> seal(layer& l, view bytes, stop_token stop, deadline* limit) {
    if (bytes.size() > sealed_size) return seal_pieces(l, bytes, stop, limit);
    if (auto sealed = l.engine.send(bytes); !sealed) return sealed;
    return flush(l, stop, limit);
  }
  // A piece at a time, so that a large body is not held twice.
  task<result<void>> seal_pieces(layer& l, view bytes, stop_token stop, deadline* limit) {
    while (!bytes.empty()) {
      const view piece = bytes.first(std::min(bytes.size(), sealed_size));
      if (auto sealed = l.engine.send(piece); !sealed) co_return pass(std::move(sealed));
      if (auto sent = co_await flush(l, stop, limit); !sent) co_return pass(std::move(sent));
      bytes = bytes.subspan(piece.size());
    }
    co_return result<void>();
  }

  static bool has_output(layer& l) noexcept {
    return !l.sending.empty() || !l.engine.outgoing().empty();
  }

  task<result<void>> flush(layer& l, stop_token stop, deadline* limit = nullptr) {
    buffer& out = l.sending;
    while (has_output(l)) {
      if (out.empty()) std::swap(out, l.engine.outgoing());
      if (l.below) {
        auto sent = co_await seal(*l.below, out.data(), stop, limit);
        if (!sent) co_return sent;
        out.clear();
      } else {
        auto taken = co_await stream_.write_some(out.data(), stop);
        if (!taken) co_return pass(std::move(taken));
        if (limit) limit->progress(*taken);
        out.consume(*taken);
      }
    }
    co_return result<void>();
  }

  /// The end of a conversation as the stream is to carry it: `last`, and each layer's goodbye.
  view last_words(view last) noexcept {
    for (layer* l = top_.get(); l; l = l->below.get()) {
      if (!last.empty()) (void)l->engine.send(last);
      l->engine.close();
      // In the middle of a record nothing can be said.
      last = l->sending.empty() ? view(l->engine.outgoing().data()) : view();
    }
    return last;
  }

  /// Hands an engine's output down to the stream without waiting. What does not fit is lost, which
  /// ends the stream: then it is false, and nothing may follow.
  bool push(layer& l) noexcept {
    buffer& out = l.engine.outgoing();
    if (!l.sending.empty()) return false;  // in the middle of a record
    if (out.empty()) return true;
    bool taken = false;
    if (!l.below)
      taken = stream_.try_write(out.data()) == out.size();
    else if (l.below->engine.send(out.data()))
      taken = push(*l.below);
    out.clear();
    return taken;
  }

  any_stream stream_;
  std::unique_ptr<layer> top_;
  buffer plain_;
  bool sender_ = false;  // somebody writes beside the one who reads
};

}  // namespace cohttps::net
