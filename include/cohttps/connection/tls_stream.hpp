// The bytes of a connection, with TLS if the origin or the proxy uses it.
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
  COHTTPS_DECL explicit tls_stream(any_stream stream) noexcept : stream_(std::move(stream)) {}

  /// Performs the TLS handshake with `host`. It succeeds only if `host` is verified. A second call
  /// runs inside the TLS of the first call.
  COHTTPS_DECL task<result<void>> secure(tls_context context, std::string host, std::uint16_t port,
                                         std::vector<std::string> alpn,
                                         std::chrono::system_clock::time_point now,
                                         stop_token stop);

  /// Returns the next bytes, as a view that is valid until the next call. The view is empty at the
  /// end of the stream. If TLS ends without the peer's close_notify, this is an error
  /// (`truncated`).
  COHTTPS_DECL task<result<view>> receive(stop_token stop);

  /// Appends the next bytes to `into`, and returns their number.
  COHTTPS_DECL task<result<std::size_t>> read(buffer& into, stop_token stop);

  /// After `receive`: returns further bytes that arrived together with its bytes, without reading;
  /// nothing if there are none.
  COHTTPS_DECL std::optional<result<view>> receive_buffered();

  /// Reads available bytes without waiting, so that `receive_buffered` can decrypt them. Returns
  /// false if there are none, for example at the end of the stream. Do not call it while a read is
  /// under way.
  COHTTPS_DECL bool fill_at_once();

  /// Sends all of `bytes`. The bytes that the stream takes count as progress of `limit`, unless it
  /// is null.
  COHTTPS_DECL task<result<void>> write(view bytes, stop_token stop, deadline* limit = nullptr);

  /// While a `sender` exists, a coroutine writes content beside a read. The reader then writes
  /// nothing itself.
  class sender {
   public:
    explicit sender(tls_stream& of) noexcept : of_(of) { of_.sender_ = true; }
    sender(const sender&) = delete;
    sender& operator=(const sender&) = delete;
    ~sender() { of_.sender_ = false; }

   private:
    tls_stream& of_;
  };

  /// The same for the rest of the stream's life.
  void split() noexcept { sender_ = true; }

  /// Returns bytes that have already arrived, without waiting. Returns nothing if there are none,
  /// and an empty view if the peer has closed the connection or violated TLS. Messages of TLS
  /// itself, such as tickets, are processed but not returned. Do not call it while a read is under
  /// way.
  COHTTPS_DECL std::optional<view> receive_at_once();

  /// True if the peer has neither closed the connection nor sent unexpected bytes. Such bytes are
  /// lost.
  COHTTPS_DECL bool idle();

  /// Sends the remaining messages of TLS, for a stream on which no coroutine waits. Closes the
  /// stream if this would need waiting.
  COHTTPS_DECL void settle() noexcept;

  /// Frees the memory that an idle stream does not need.
  COHTTPS_DECL void release_memory() noexcept;

  /// Sends `last` and close_notify (RFC 8446, 6.1), as far as this is possible without waiting, and
  /// closes the stream.
  COHTTPS_DECL void close(view last = {}) noexcept;

  /// Returns the questions to the issuers of the innermost TLS's certificates; null if there are
  /// none. See `tls::engine::revocation`.
  COHTTPS_DECL tls::revocation_check* revocation();
  COHTTPS_DECL task<result<void>> conclude_revocation(stop_token stop);

  /// After `secure` has failed: true if the handshake offered to resume a session of TLS 1.2, and
  /// therefore did not offer TLS 1.3. The server may support only TLS 1.3 by now.
  COHTTPS_DECL bool withheld_tls13() const noexcept;

  /// Returns the properties of the innermost TLS; null without TLS.
  COHTTPS_DECL const tls_info* tls() const noexcept;

 private:
  struct layer {
    COHTTPS_DECL layer(tls::engine e, std::unique_ptr<layer> outer)
        : engine(std::move(e)), below(std::move(outer)) {}

    tls::engine engine;
    std::unique_ptr<layer> below;  // carries the records of this one; null: the stream
    buffer ciphertext;
    buffer sending;  // taken from the engine, whose own buffer may grow during the write
    buffer early;    // plaintext that arrived with the end of the handshake
    bool early_given = false;
  };

  static constexpr std::size_t read_size = 16 * 1024;
  // Two full records of TLS 1.3, each with header, content, content type and tag (RFC 8446, 5.2).
  // Most servers send full records. A read that ends in the middle of one costs a copy.
  static constexpr std::size_t ciphertext_size = 2 * (5 + 16 * 1024 + 1 + 16);
  static constexpr std::size_t sealed_size = 256 * 1024;
  static constexpr unsigned most_sent_at_once = 16;

  COHTTPS_DECL task<result<view>> read_plain(stop_token stop);

  COHTTPS_DECL task<result<view>> open(layer& l, stop_token stop);

  COHTTPS_DECL std::optional<view> open_at_once(layer& l);

  /// Returns false if it read no bytes. A stream that was not idle has then ended.
  COHTTPS_DECL bool fill_at_once(layer& lowest);

  COHTTPS_DECL static std::span<std::byte> room_for_records(layer& lowest);

  /// Reads more records.
  COHTTPS_DECL task<result<void>> fill(layer& l, stop_token stop);
  /// The stream has read `size` bytes for the lowest layer. 0 means the end of the stream, which is
  /// an error if the peer has not ended TLS.
  COHTTPS_DECL static result<void> took(layer& lowest, std::size_t size);

  /// Sends the alert and fails with `why`. An eager stream sends as much as it can without waiting,
  /// so a peer that does not read cannot delay the error.
  COHTTPS_DECL task<result<void>> refuse(layer& l, error why, stop_token stop);

  COHTTPS_DECL task<result<void>> write_plain(view bytes, stop_token stop, deadline* limit);

  COHTTPS_DECL task<result<void>> seal(layer& l, view bytes, stop_token stop, deadline* limit);
  // Encrypts one piece at a time, so that large content is not in memory twice.
  COHTTPS_DECL task<result<void>> seal_pieces(layer& l, view bytes, stop_token stop,
                                              deadline* limit);

  COHTTPS_DECL static bool has_output(layer& l) noexcept;

  /// Sends the output without waiting, if a coroutine writes while another one reads. Returns false
  /// if output is left, or after `most_sent_at_once` writes without a waiting read, so that other
  /// connections get a turn.
  COHTTPS_DECL bool flush_at_once(layer& l, stop_token stop, deadline* limit);

  COHTTPS_DECL task<result<void>> flush(layer& l, stop_token stop, deadline* limit = nullptr);

  /// Returns the last bytes for the stream: `last`, and the close_notify of each layer, encrypted
  /// by the layers below.
  COHTTPS_DECL view last_words(view last) noexcept;

  /// Passes an engine's output down to the stream without waiting. If the stream does not take all
  /// of it, the rest is lost and the call returns false. The caller then must not send anything
  /// more.
  COHTTPS_DECL bool push(layer& l) noexcept;

  any_stream stream_;
  std::unique_ptr<layer> top_;
  buffer plain_;
  bool sender_ = false;        // another coroutine writes beside the reader
  unsigned sent_at_once_ = 0;  // writes since the last read that waited
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/tls_stream.ipp>
#endif
