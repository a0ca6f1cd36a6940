// More definitions for connection.hpp: keys, and the callbacks of ngtcp2.
#pragma once

#include <cohttps/quic/connection.hpp>

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/random.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace cohttps::quic {

namespace detail {

COHTTPS_DECL ngtcp2_crypto_ctx crypto_of(const tls::quic_suite& suite) noexcept;
COHTTPS_DEF ngtcp2_crypto_ctx crypto_of(const tls::quic_suite& suite) noexcept {
  ngtcp2_crypto_ctx c{};
  c.aead.native_handle = c.md.native_handle = c.hp.native_handle =
      const_cast<tls::quic_suite*>(&suite);
  c.aead.max_overhead = tls::quic_tag_size;
  c.max_encryption = suite.most_encrypted;
  c.max_decryption_failure = suite.most_forged;
  return c;
}

/// Keys on their way to ngtcp2, which owns them once `release` was called.
struct offered_keys {
  explicit offered_keys(tls::packet_keys made) : keys(std::move(made)) {
    content.native_handle = keys.content.get();
    header.native_handle = keys.header.get();
  }
  void release() noexcept {
    (void)keys.content.release();
    (void)keys.header.release();
  }
  tls::packet_keys keys;
  ngtcp2_crypto_aead_ctx content{};
  ngtcp2_crypto_cipher_ctx header{};
};

// The callbacks that ngtcp2 calls for each packet. They know no connection.

template <class = void>
int encrypt(std::uint8_t* to, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* key,
            const std::uint8_t* plain, std::size_t size, const std::uint8_t* nonce,
            std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) noexcept {
  try {
    static_cast<tls::packet_cipher*>(key->native_handle)
        ->seal(to, {plain, size}, {nonce, nonce_size}, {header, header_size});
    return 0;
  } catch (const std::exception&) {
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
}

template <class = void>
int decrypt(std::uint8_t* to, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* key,
            const std::uint8_t* sealed, std::size_t size, const std::uint8_t* nonce,
            std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) noexcept {
  try {
    const bool authentic =
        static_cast<tls::packet_cipher*>(key->native_handle)
            ->open(to, {sealed, size}, {nonce, nonce_size}, {header, header_size});
    return authentic ? 0 : NGTCP2_ERR_DECRYPT;
  } catch (const std::exception&) {
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
}

template <class = void>
int header_mask(std::uint8_t* to, const ngtcp2_crypto_cipher*, const ngtcp2_crypto_cipher_ctx* key,
                const std::uint8_t* sample) noexcept {
  try {
    static_cast<tls::header_cipher*>(key->native_handle)->mask(to, sample);
    return 0;
  } catch (const std::exception&) {
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
}

}  // namespace detail

COHTTPS_DEF void connection::set_callbacks(ngtcp2_callbacks& c) {
  c.client_initial = [](ngtcp2_conn*, void* self) noexcept {
    return guarded(self, [](connection& mine) { return mine.begin_tls(); });
  };
  c.recv_crypto_data = [](ngtcp2_conn*, ngtcp2_encryption_level level, std::uint64_t,
                          const octet* data, std::size_t size, void* self) noexcept {
    return guarded(self, [&](connection& mine) {
      return mine.take_crypto(level, std::as_bytes(std::span(data, size)));
    });
  };
  c.recv_retry = [](ngtcp2_conn* q, const ngtcp2_pkt_hd* header, void* self) noexcept {
    return guarded(self, [&](connection& mine) {
      mine.retry_id_ = header->scid;
      return mine.install_initial(ngtcp2_conn_get_client_chosen_version(q), header->scid, false);
    });
  };
  c.version_negotiation = [](ngtcp2_conn*, std::uint32_t version, const ngtcp2_cid* id,
                             void* self) noexcept {
    return guarded(self, [&](connection& mine) { return mine.install_negotiated(version, *id); });
  };
  c.encrypt = detail::encrypt<>;
  c.decrypt = detail::decrypt<>;
  c.hp_mask = detail::header_mask<>;
  c.update_key = [](ngtcp2_conn*, octet* rx_secret, octet* tx_secret, ngtcp2_crypto_aead_ctx* rx,
                    octet* rx_iv, ngtcp2_crypto_aead_ctx* tx, octet* tx_iv, const octet* old_rx,
                    const octet* old_tx, std::size_t size, void* self) noexcept {
    return guarded(self, [&](connection& mine) {
      return mine.update_secrets(rx_secret, tx_secret, rx, rx_iv, tx, tx_iv, {old_rx, size},
                                 {old_tx, size});
    });
  };
  c.delete_crypto_aead_ctx = [](ngtcp2_conn*, ngtcp2_crypto_aead_ctx* key, void*) noexcept {
    delete static_cast<tls::packet_cipher*>(key->native_handle);
  };
  c.delete_crypto_cipher_ctx = [](ngtcp2_conn*, ngtcp2_crypto_cipher_ctx* key, void*) noexcept {
    delete static_cast<tls::header_cipher*>(key->native_handle);
  };
  c.rand = [](octet* to, std::size_t size, const ngtcp2_rand_ctx*) noexcept {
    try {
      tls::fill_random(std::as_writable_bytes(std::span(to, size)));
    } catch (const std::exception&) {
      std::memset(to, 0, size);  // it only spreads what is no secret (RFC 9000, 21)
    }
  };
  c.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* id, octet* token, std::size_t size,
                               void* self) noexcept {
    return guarded(self, [&](connection&) {
      id->datalen = size;
      tls::fill_random(std::as_writable_bytes(std::span(id->data).first(size)));
      tls::fill_random(std::as_writable_bytes(std::span(token, NGTCP2_STATELESS_RESET_TOKENLEN)));
      return 0;
    });
  };
  c.get_path_challenge_data = [](ngtcp2_conn*, octet* data, void* self) noexcept {
    return guarded(self, [&](connection&) {
      tls::fill_random(std::as_writable_bytes(std::span(data, NGTCP2_PATH_CHALLENGE_DATALEN)));
      return 0;
    });
  };
  c.handshake_completed = [](ngtcp2_conn*, void* self) noexcept {
    return guarded(self, [](connection& mine) {
      mine.begun_ = true;
      return mine.told(mine.above_.begin());
    });
  };
  c.recv_new_token = [](ngtcp2_conn*, const octet* token, std::size_t size, void* self) noexcept {
    return guarded(self, [&](connection& mine) {
      const auto bytes = std::as_bytes(std::span(token, size));
      mine.token_.assign(bytes.begin(), bytes.end());
      return 0;
    });
  };
  c.recv_stream_data = [](ngtcp2_conn* q, std::uint32_t flags, stream_id id, std::uint64_t,
                          const octet* data, std::size_t size, void* self, void*) noexcept {
    return guarded(self, [&](connection& mine) {
      ngtcp2_conn_extend_max_offset(q, size);
      return mine.told(mine.above_.receive(id, std::as_bytes(std::span(data, size)),
                                           flags & NGTCP2_STREAM_DATA_FLAG_FIN));
    });
  };
  c.acked_stream_data_offset = [](ngtcp2_conn*, stream_id id, std::uint64_t, std::uint64_t size,
                                  void* self, void*) noexcept {
    return guarded(self,
                   [&](connection& mine) { return mine.told(mine.above_.acknowledged(id, size)); });
  };
  c.stream_close = [](ngtcp2_conn*, std::uint32_t flags, stream_id id, std::uint64_t code,
                      void* self, void*) noexcept {
    return guarded(self, [&](connection& mine) {
      std::optional<std::uint64_t> given;
      if (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) given = code;
      return mine.told(mine.above_.closed(id, given));
    });
  };
  c.stream_reset = [](ngtcp2_conn*, stream_id id, std::uint64_t, std::uint64_t code, void* self,
                      void*) noexcept {
    return guarded(self, [&](connection& mine) { return mine.above_.reset(id, code), 0; });
  };
#ifdef NGTCP2_CALLBACKS_V4
  c.recv_stop_sending = [](ngtcp2_conn*, stream_id id, std::uint64_t code, void* self,
                           void*) noexcept {
    return guarded(self, [&](connection& mine) { return mine.above_.stopped(id, code), 0; });
  };
#endif
  c.extend_max_stream_data = [](ngtcp2_conn*, stream_id id, std::uint64_t, void* self,
                                void*) noexcept {
    return guarded(self, [&](connection& mine) { return mine.above_.unblocked(id), 0; });
  };
  c.extend_max_local_streams_bidi = [](ngtcp2_conn*, std::uint64_t, void* self) noexcept {
    return guarded(self, [](connection& mine) { return mine.above_.more_streams(), 0; });
  };
}

COHTTPS_DEF int connection::begin_tls() {
  const auto version = ngtcp2_conn_get_client_chosen_version(conn_.get());
  if (const int code = install_initial(version, *ngtcp2_conn_get_dcid(conn_.get()), true))
    return code;
  std::array<octet, 512> parameters;
  const auto size =
      ngtcp2_conn_encode_local_transport_params(conn_.get(), parameters.data(), parameters.size());
  if (size < 0) return NGTCP2_ERR_CALLBACK_FAILURE;
  auto started =
      tls_.start(std::as_bytes(std::span(parameters).first(static_cast<std::size_t>(size))), date_);
  if (started) return 0;
  reason_ = std::move(started).error();
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

COHTTPS_DEF int connection::install_initial(std::uint32_t version, const ngtcp2_cid& id,
                                            bool first) {
  auto made = tls::initial_keys_of(version, std::span(id.data).first(id.datalen));
  detail::offered_keys server(std::move(made.server)), client(std::move(made.client));
  const auto crypto = detail::crypto_of(*tls::find_quic_suite(0x1301));
  ngtcp2_conn_set_initial_crypto_ctx(conn_.get(), &crypto);
  const int code = ngtcp2_conn_install_initial_key(
      conn_.get(), &server.content, server.keys.iv.data(), &server.header, &client.content,
      client.keys.iv.data(), &client.header, tls::quic_iv_size);
  if (code != 0) return code;
  server.release();
  client.release();
  if (!first) return 0;
  auto retry = tls::retry_cipher(version);
  const ngtcp2_crypto_aead_ctx key{retry.get()};
  ngtcp2_conn_set_retry_aead(conn_.get(), &crypto.aead, &key);
  (void)retry.release();
  return 0;
}

// The server has changed to another version (RFC 9368, 2.3). After a Retry the keys come from its
// identifier (RFC 9001, 5.2), for which ngtcp2 up to 1.24 gives the one before.
COHTTPS_DEF int connection::install_negotiated(std::uint32_t version, const ngtcp2_cid& first) {
  const ngtcp2_cid& id = retry_id_ ? *retry_id_ : first;
  auto made = tls::initial_keys_of(version, std::span(id.data).first(id.datalen));
  detail::offered_keys server(std::move(made.server)), client(std::move(made.client));
  const int code = ngtcp2_conn_install_vneg_initial_key(
      conn_.get(), version, &server.content, server.keys.iv.data(), &server.header, &client.content,
      client.keys.iv.data(), &client.header, tls::quic_iv_size);
  if (code != 0) return code;
  server.release();
  client.release();
  return 0;
}

COHTTPS_DEF int connection::take_crypto(ngtcp2_encryption_level level,
                                        std::span<const std::byte> data) {
  const auto at = level == NGTCP2_ENCRYPTION_LEVEL_INITIAL     ? tls::quic_level::initial
                  : level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE ? tls::quic_level::handshake
                                                               : tls::quic_level::application;
  auto taken = tls_.receive(at, data);
  if (taken) return 0;
  reason_ = std::move(taken).error();
  if (parameters_failure_ != 0) return parameters_failure_;
  ngtcp2_conn_set_tls_alert(conn_.get(), tls_.alert());
  return NGTCP2_ERR_CRYPTO;
}

COHTTPS_DEF result<void> connection::crypto_data(tls::quic_level at,
                                                 std::span<const std::byte> data) {
  const auto level = at == tls::quic_level::initial ? NGTCP2_ENCRYPTION_LEVEL_INITIAL
                                                    : NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE;
  const int code = ngtcp2_conn_submit_crypto_data(
      conn_.get(), level, reinterpret_cast<const octet*>(data.data()), data.size());
  if (code == NGTCP2_ERR_NOMEM) throw std::bad_alloc();
  if (code != 0) return std::unexpected(error_of(code));
  return {};
}

COHTTPS_DEF result<void> connection::install(tls::quic_level at, const tls::quic_suite& suite,
                                             std::span<const octet> server,
                                             std::span<const octet> client) {
  using enum tls::packet_cipher::direction;
  const auto version = ngtcp2_conn_get_negotiated_version(conn_.get());
  suite_ = &suite;
  detail::offered_keys rx(tls::packet_keys_of(suite, version, server, open));
  detail::offered_keys tx(tls::packet_keys_of(suite, version, client, seal));
  constexpr std::size_t iv = tls::quic_iv_size;
  int code = 0;
  if (at == tls::quic_level::handshake) {
    const auto crypto = detail::crypto_of(suite);
    ngtcp2_conn_set_crypto_ctx(conn_.get(), &crypto);
    code = ngtcp2_conn_install_rx_handshake_key(conn_.get(), &rx.content, rx.keys.iv.data(), iv,
                                                &rx.header);
    if (code == 0) {
      rx.release();
      code = ngtcp2_conn_install_tx_handshake_key(conn_.get(), &tx.content, tx.keys.iv.data(), iv,
                                                  &tx.header);
    }
  } else {
    code = ngtcp2_conn_install_rx_key(conn_.get(), server.data(), server.size(), &rx.content,
                                      rx.keys.iv.data(), iv, &rx.header);
    if (code == 0) {
      rx.release();
      code = ngtcp2_conn_install_tx_key(conn_.get(), client.data(), client.size(), &tx.content,
                                        tx.keys.iv.data(), iv, &tx.header);
    }
    if (code == 0) ngtcp2_conn_tls_handshake_completed(conn_.get());
  }
  if (code == NGTCP2_ERR_NOMEM) throw std::bad_alloc();
  if (code != 0) return std::unexpected(error_of(code));
  tx.release();
  return {};
}

COHTTPS_DEF result<void> connection::take_parameters(std::span<const std::byte> parameters) {
  const int code = ngtcp2_conn_decode_and_set_remote_transport_params(
      conn_.get(), reinterpret_cast<const octet*>(parameters.data()), parameters.size());
  if (code == 0) return {};
  parameters_failure_ = code;
  ngtcp2_conn_set_tls_error(conn_.get(), code);
  return std::unexpected(
      error(error_category::protocol, "bad_transport_parameters",
            "the server's QUIC transport parameters are not valid, or do not belong to this "
            "connection (RFC 9000, 7.3 and 7.4): " +
                std::string(ngtcp2_strerror(code))));
}

COHTTPS_DEF int connection::update_secrets(octet* rx_secret, octet* tx_secret,
                                           ngtcp2_crypto_aead_ctx* rx, octet* rx_iv,
                                           ngtcp2_crypto_aead_ctx* tx, octet* tx_iv,
                                           std::span<const octet> old_rx,
                                           std::span<const octet> old_tx) {
  using enum tls::packet_cipher::direction;
  const auto version = ngtcp2_conn_get_negotiated_version(conn_.get());
  const auto new_rx = tls::updated_secret(*suite_, version, old_rx);
  const auto new_tx = tls::updated_secret(*suite_, version, old_tx);
  auto rx_keys = tls::packet_keys_of(*suite_, version, new_rx, open, false);
  auto tx_keys = tls::packet_keys_of(*suite_, version, new_tx, seal, false);
  std::ranges::copy(new_rx, rx_secret);
  std::ranges::copy(new_tx, tx_secret);
  std::ranges::copy(rx_keys.iv, rx_iv);
  std::ranges::copy(tx_keys.iv, tx_iv);
  rx->native_handle = rx_keys.content.release();
  tx->native_handle = tx_keys.content.release();
  return 0;
}

}  // namespace cohttps::quic

#endif
