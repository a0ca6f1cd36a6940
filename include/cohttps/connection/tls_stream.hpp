// A connection's bytes, through TLS where the origin or the proxy asks for it.
#pragma once

#include <cohttps/connection/deadline.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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

namespace cohttps::detail {

/// A `byte_stream`, and the TLS engines between it and HTTP: one for each call of `secure`.
///
/// ```
///   HTTP ── engine ── (engine of an HTTPS proxy) ── stream
/// ```
class tls_stream {
  using view = std::span<const std::byte>;

 public:
  explicit tls_stream(any_stream stream) noexcept : stream_(std::move(stream)) {}

  /// Runs the handshake with `host`, which ends verified or not at all. Called a second time, it
  /// runs inside of the first one's TLS.
  COHTTPS_DECL task<result<void>> secure(tls_context context, std::string host, std::uint16_t port,
                                         std::vector<std::string> alpn,
                                         std::chrono::system_clock::time_point now,
                                         stop_token stop);

  /// The next bytes: a view, valid until the next call. Empty at the end of the stream; an end of
  /// TLS that the peer did not announce is an error (`truncated`).
  COHTTPS_DECL task<result<view>> receive(stop_token stop);

  /// The same, appended to `into`; gives how many.
  COHTTPS_DECL task<result<std::size_t>> read(buffer& into, stop_token stop);

  /// After `receive`: what came with its bytes and needs no more reading, if there is something.
  COHTTPS_DECL std::optional<result<view>> receive_buffered();

  /// Reads what the stream has, without waiting, for `receive_buffered` to open. False when that is
  /// nothing, be it because the stream is at its end. Not while a read is under way.
  COHTTPS_DECL bool fill_at_once();

  /// Sends all of `bytes`. What the stream takes counts as progress of `limit`, unless it is null.
  COHTTPS_DECL task<result<void>> write(view bytes, stop_token stop, deadline* limit = nullptr);

  /// For as long as content is written beside a read: it alone writes then.
  class sender {
   public:
    explicit sender(tls_stream& of) noexcept : of_(of) { of_.sender_ = true; }
    sender(const sender&) = delete;
    sender& operator=(const sender&) = delete;
    ~sender() { of_.sender_ = false; }

   private:
    tls_stream& of_;
  };

  /// The same for as long as the stream lives.
  void split() noexcept { sender_ = true; }

  /// What has come in already, without waiting: nothing while the peer is quiet, an empty view when
  /// it has closed the connection or broken TLS. What TLS sends of itself, such as tickets, is not
  /// told. Not while a read is under way.
  COHTTPS_DECL std::optional<view> receive_at_once();

  /// True while the peer neither closed the connection nor sent anything unasked. What it sent is
  /// lost.
  COHTTPS_DECL bool idle();

  /// Sends what TLS still has to say, for a stream on which nobody waits. Where that would need
  /// waiting the stream ends.
  COHTTPS_DECL void settle() noexcept;

  /// Gives the memory back that an idle stream does not need.
  COHTTPS_DECL void release_memory() noexcept;

  /// Says `last` and goodbye (close_notify; RFC 8446, 6.1) as far as that needs no waiting, and
  /// closes.
  COHTTPS_DECL void close(view last = {}) noexcept;

  /// What the issuers of the innermost TLS's certificates are to be asked, and what follows from
  /// their answers: see `tls::engine::revocation`. Null without.
  COHTTPS_DECL tls::revocation_check* revocation();
  COHTTPS_DECL task<result<void>> conclude_revocation(stop_token stop);

  /// After `secure` has failed: it offered to continue a session of TLS 1.2, and so no TLS 1.3,
  /// which may be all that the server speaks by now.
  COHTTPS_DECL bool withheld_tls13() const noexcept;

  /// Of the innermost TLS; null without.
  COHTTPS_DECL const tls_info* tls() const noexcept;

 private:
  struct layer {
    COHTTPS_DECL layer(tls::engine e, std::unique_ptr<layer> outer)
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

  COHTTPS_DECL task<result<view>> read_plain(stop_token stop);

  COHTTPS_DECL task<result<view>> open(layer& l, stop_token stop);

  COHTTPS_DECL std::optional<view> open_at_once(layer& l);

  /// False when that gave nothing: a stream that was not idle is at its end then.
  COHTTPS_DECL bool fill_at_once(layer& lowest);

  COHTTPS_DECL static std::span<std::byte> room_for_records(layer& lowest);

  /// Reads more records.
  COHTTPS_DECL task<result<void>> fill(layer& l, stop_token stop);
  /// The lowest layer's stream has given so much. Its end, where it is none of TLS, is an error.
  COHTTPS_DECL static result<void> took(layer& lowest, std::size_t size);

  /// The alert goes out as far as that needs no waiting: a peer that does not read holds nobody.
  COHTTPS_DECL task<result<void>> refuse(layer& l, error why, stop_token stop);

  COHTTPS_DECL task<result<void>> write_plain(view bytes, stop_token stop, deadline* limit);

  COHTTPS_DECL task<result<void>> seal(layer& l, view bytes, stop_token stop, deadline* limit);
  // A piece at a time, so that a large body is not held twice.
  COHTTPS_DECL task<result<void>> seal_pieces(layer& l, view bytes, stop_token stop,
                                              deadline* limit);

  COHTTPS_DECL static bool has_output(layer& l) noexcept;

  COHTTPS_DECL task<result<void>> flush(layer& l, stop_token stop, deadline* limit = nullptr);

  /// The end of a conversation as the stream is to carry it: `last`, and each layer's goodbye.
  COHTTPS_DECL view last_words(view last) noexcept;

  /// Hands an engine's output down to the stream without waiting. What does not fit is lost, which
  /// ends the stream: then it is false, and nothing may follow.
  COHTTPS_DECL bool push(layer& l) noexcept;

  any_stream stream_;
  std::unique_ptr<layer> top_;
  buffer plain_;
  bool sender_ = false;  // somebody writes beside the one who reads
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/tls_stream.ipp>
#endif
