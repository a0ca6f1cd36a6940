// The client's side of one QUIC connection (RFC 9000, 9001, 9002, 9369), without I/O.
#pragma once

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/quic/application.hpp>
#include <cohttps/quic/limits.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/quic/quic_handshake.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <ngtcp2/ngtcp2.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

static_assert(NGTCP2_VERSION_NUM >= 0x010b00, "cohttps needs ngtcp2 1.11 or newer");

namespace cohttps::quic {

using time_point = std::chrono::steady_clock::time_point;

/// The layout of the datagrams that `produce` has written: all have `segment` bytes, but the last
/// one may be shorter.
struct outgoing {
  std::size_t size = 0;
  std::size_t segment = 0;
  std::uint8_t ecn = 0;  ///< the two bits of RFC 3168
};

/// Drives ngtcp2. The caller passes datagrams to `receive`, sends what `produce` writes, and calls
/// `expire` at the time `due`. After each of these calls it calls `produce` until that writes
/// nothing.
///
/// A failure is final. `produce` then writes CONNECTION_CLOSE once, if the peer is to know.
class connection final : tls::quic_handshake_events {
 public:
  /// `above` must outlive the connection. `alpn` has to be agreed on.
  COHTTPS_DECL connection(application& above, tls_context context, std::string host,
                          std::uint16_t port, std::vector<std::string> alpn, const limits& bounds);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() = default;

  /// Makes the first packet. `token` is one that the server gave to an earlier connection, or
  /// empty (RFC 9000, 8.1.3). Certificates have to be valid at the time `date`.
  COHTTPS_DECL result<void> start(time_point now, std::chrono::system_clock::time_point date,
                                  std::span<const std::byte> token = {});

  /// Takes one datagram, with its two bits of ECN.
  COHTTPS_DECL result<void> receive(std::span<const std::byte> datagram, std::uint8_t ecn,
                                    time_point now);

  /// Writes datagrams to `to`, which has room for one of the largest at least. Writes nothing if
  /// there is nothing to send now.
  COHTTPS_DECL outgoing produce(std::span<std::byte> to, time_point now);

  /// Returns when the caller has to call `expire`; `time_point::max()` for never.
  COHTTPS_DECL time_point due() const noexcept;
  COHTTPS_DECL result<void> expire(time_point now);

  /// Opens a stream. Returns nothing if the peer takes no more of them.
  COHTTPS_DECL std::optional<stream_id> open_bidirectional();
  COHTTPS_DECL std::optional<stream_id> open_unidirectional();
  COHTTPS_DECL std::uint64_t streams_left() const noexcept;

  /// The reader has taken `size` bytes of a stream, so that the peer may send as many more.
  COHTTPS_DECL void consumed(stream_id id, std::uint64_t size);
  /// Ends both directions of a stream (RESET_STREAM, STOP_SENDING), or one.
  COHTTPS_DECL void reset(stream_id id, std::uint64_t code);
  COHTTPS_DECL void stop_reading(stream_id id, std::uint64_t code);
  COHTTPS_DECL void stop_writing(stream_id id, std::uint64_t code);

  /// Sends everything from a new local address from now on (RFC 9000, 9). Returns false if that is
  /// not possible: the handshake is not confirmed, the server has forbidden it or has given no
  /// other connection ID.
  COHTTPS_DECL bool migrate(time_point now);

  /// Sends a PING whenever nothing was sent for this time; empty: never.
  COHTTPS_DECL void keep_alive(std::optional<std::chrono::nanoseconds> every);

  /// Ends the connection with a code of the application. `produce` writes what is to be sent.
  COHTTPS_DECL void close(std::uint64_t code);
  /// Ends the connection for the reason `why`, without a word to the peer.
  COHTTPS_DECL void lose(error why);
  /// Ends it because the handshake's verdict has changed. The peer gets the handshake's alert.
  COHTTPS_DECL void refuse(error why);

  const std::optional<error>& failure() const noexcept { return failure_; }
  COHTTPS_DECL bool handshake_done() const noexcept;
  /// The token for a later connection to this server, if it has sent one.
  const std::vector<std::byte>& token() const noexcept { return token_; }
  bool sent_token() const noexcept { return !first_token_.empty(); }

  tls::quic_handshake& handshake() noexcept { return tls_; }
  const tls_info& info() const noexcept { return tls_.info(); }
  /// "QUIC v1" or "QUIC v2".
  COHTTPS_DECL std::string_view version() const noexcept;

  /// Changes the keys of 1-RTT packets (RFC 9001, 6). Only tests need it.
  COHTTPS_DECL bool update_keys(time_point now);

 private:
  using octet = std::uint8_t;
  static constexpr std::size_t most_datagrams = 64;

  struct deleter {
    COHTTPS_DECL void operator()(ngtcp2_conn* c) const noexcept;
  };

  // ---- the events of the handshake
  COHTTPS_DECL result<void> crypto_data(tls::quic_level at, std::span<const std::byte> data);
  COHTTPS_DECL result<void> install(tls::quic_level at, const tls::quic_suite& suite,
                                    std::span<const octet> server, std::span<const octet> client);
  COHTTPS_DECL result<void> take_parameters(std::span<const std::byte> parameters);
  result<void> crypto(tls::quic_level at, std::span<const std::byte> data) override {
    return crypto_data(at, data);
  }
  result<void> secrets(tls::quic_level at, const tls::quic_suite& suite,
                       std::span<const octet> server, std::span<const octet> client) override {
    return install(at, suite, server, client);
  }
  result<void> peer_parameters(std::span<const std::byte> parameters) override {
    return take_parameters(parameters);
  }

  // ---- the callbacks of ngtcp2, which is written in C: no exception may pass through it
  template <class F>
  static int guarded(void* self, F f) noexcept;
  COHTTPS_DECL static void set_callbacks(ngtcp2_callbacks& c);
  COHTTPS_DECL int begin_tls();
  COHTTPS_DECL int install_initial(std::uint32_t version, const ngtcp2_cid& id, bool first);
  COHTTPS_DECL int install_negotiated(std::uint32_t version, const ngtcp2_cid& first);
  COHTTPS_DECL int take_crypto(ngtcp2_encryption_level level, std::span<const std::byte> data);
  COHTTPS_DECL int update_secrets(octet* rx_secret, octet* tx_secret, ngtcp2_crypto_aead_ctx* rx,
                                  octet* rx_iv, ngtcp2_crypto_aead_ctx* tx, octet* tx_iv,
                                  std::span<const octet> old_rx, std::span<const octet> old_tx);
  COHTTPS_DECL int told(result<void> outcome);

  // ---- sending
  /// Writes one datagram. Returns its size, 0 for none.
  COHTTPS_DECL std::size_t write_one(std::span<std::byte> to, ngtcp2_pkt_info& marks);
  COHTTPS_DECL std::size_t write_close(std::span<std::byte> to);

  COHTTPS_DECL std::uint64_t stamp(time_point now) noexcept;
  /// Ends the connection because of an error of ngtcp2 or of a callback.
  COHTTPS_DECL [[gnu::cold]] std::unexpected<error> fail_with(int code);
  COHTTPS_DECL [[gnu::cold]] error error_of(int code) const;
  COHTTPS_DECL [[gnu::cold]] error closed_by_peer() const;

  application& above_;
  limits limits_;
  std::string host_;
  tls::quic_handshake tls_;
  std::chrono::system_clock::time_point date_;
  std::vector<std::byte> token_;
  std::vector<octet> first_token_;      // for the first packets
  std::optional<ngtcp2_cid> retry_id_;  // that the server chose in its Retry
  const tls::quic_suite* suite_ = nullptr;
  std::optional<error> failure_;
  std::optional<error> reason_;  // of a callback's failure
  int parameters_failure_ = 0;   // ngtcp2's code for bad transport parameters
  bool above_failed_ = false;
  bool begun_ = false;  // the handshake is done, and `above_` knows it
  ngtcp2_ccerr close_{};
  bool data_waits_ = false;                     // for the pace or the congestion window
  bool says_goodbye_ = false;                   // CONNECTION_CLOSE is still to be sent
  std::uint64_t last_ = 0;                      // the time of the last call
  std::uint16_t path_ = 1;                      // counts the local addresses
  std::unique_ptr<ngtcp2_conn, deleter> conn_;  // destroyed first
};

}  // namespace cohttps::quic

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/quic/connection.ipp>
#endif

#endif
