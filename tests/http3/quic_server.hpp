// The server's side of a QUIC connection in memory, with ngtcp2 and Botan. What its streams say is
// up to the test.
#pragma once

#include "tls/quic_tls_server.hpp"

#include <cohttps/testing/memory_network.hpp>
#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/random.hpp>

#include <algorithm>
#include <array>
#include <certificate_authority.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <ngtcp2/ngtcp2.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

class quic_server_connection;

/// What a server does. The functions are called for each connection.
struct quic_script {
  std::function<void(quic_server_connection&)> on_handshake = {};
  std::function<void(quic_server_connection&, std::int64_t stream, std::string_view data,
                     bool ends)>
      on_stream = {};
  std::function<void(quic_server_connection&, std::int64_t stream, std::uint64_t code)> on_reset =
      {};
  /// Changes the encoded transport parameters; nothing leaves them out.
  std::function<std::optional<std::vector<std::uint8_t>>(std::vector<std::uint8_t>)> parameters =
      {};
  /// Changes the CRYPTO data that goes to the client.
  std::function<void(quic_tls_server::piece&)> crypto = {};
  tls_server_options tls = {};
  std::uint64_t streams = 100;           ///< that the client may open at a time
  std::uint64_t window = 256 * 1024;     ///< of each stream
  std::uint32_t version = tls::quic_v1;  ///< to change to, by compatible negotiation
};

class quic_server_connection {
 public:
  quic_server_connection(memory_network& network, const issued_certificate& certificate,
                         const quic_script& script)
      : network_(network),
        certificate_(certificate),
        script_(script),
        timer_(network.transport().make_timer()) {
    how_ = script.tls;
    how_.tls12 = false;
    if (how_.alpn.empty()) how_.alpn = {"h3"};
    how_.quic_parameters = [this]() -> std::optional<std::vector<std::uint8_t>> {
      const auto& theirs = tls_->peer.client_quic_parameters;
      ngtcp2_conn_decode_and_set_remote_transport_params(conn_, theirs.data(), theirs.size());
      std::vector<std::uint8_t> ours(512);
      const auto size = ngtcp2_conn_encode_local_transport_params(conn_, ours.data(), ours.size());
      ours.resize(static_cast<std::size_t>(std::max<ngtcp2_ssize>(size, 0)));
      // Botan wants them before ngtcp2 sets initial_source_connection_id.
      ours.insert(ours.end(), {0x0f, static_cast<std::uint8_t>(id_.datalen)});
      ours.insert(ours.end(), id_.data, id_.data + id_.datalen);
      if (script_.parameters) return script_.parameters(std::move(ours));
      return ours;
    };
  }
  quic_server_connection(const quic_server_connection&) = delete;
  quic_server_connection& operator=(const quic_server_connection&) = delete;
  ~quic_server_connection() {
    if (conn_) ngtcp2_conn_del(conn_);
  }

  /// Serves one client until its socket ends, unless the client has migrated to another one.
  task<void> serve(memory_datagram_socket socket) {
    std::vector<std::byte> in(65535);
    datagram_slot slot{in, {}};
    quic_server_connection* mine = nullptr;
    std::size_t path = 0;
    while (true) {
      auto got = co_await socket.receive({&slot, 1}, {});
      if (!got) break;
      const auto datagram = std::span(in).first(slot.layout.size);
      if (*got == 0 || datagram.empty()) continue;
      if (!mine) {
        // What begins no connection belongs to one that exists.
        ngtcp2_pkt_hd header;
        const bool begins =
            ngtcp2_accept(&header, reinterpret_cast<const std::uint8_t*>(datagram.data()),
                          datagram.size()) == 0;
        const bool migrates = !begins && migrates_from && migrates_from->conn_;
        if (!begins && !migrates) continue;
        mine = begins ? this : migrates_from;
        path = mine->sockets_.size();
        mine->sockets_.push_back(&socket);
      }
      mine->take(datagram, path);
      if (mine->closed) break;
    }
    if (!mine) co_return;
    mine->sockets_[path] = nullptr;
    if (std::ranges::all_of(mine->sockets_, [](const auto* each) { return !each; }))
      mine->timer_.cancel();
  }

  // ---- for scripts
  void send(std::int64_t stream, std::string bytes, bool ends) {
    auto& out = out_[stream];
    if (!bytes.empty()) out.data.push_back(std::move(bytes));
    out.ends = out.ends || ends;
    write_soon();
  }
  std::int64_t open_unidirectional() {
    std::int64_t id = -1;
    ngtcp2_conn_open_uni_stream(conn_, &id, nullptr);
    return id;
  }
  void reset(std::int64_t stream, std::uint64_t code) {
    ngtcp2_conn_shutdown_stream_write(conn_, 0, stream, code);
    write_soon();
  }
  void stop(std::int64_t stream, std::uint64_t code) {
    ngtcp2_conn_shutdown_stream_read(conn_, 0, stream, code);
    write_soon();
  }
  void credit(std::int64_t stream, std::size_t size) {
    ngtcp2_conn_extend_max_stream_offset(conn_, stream, size);
    ngtcp2_conn_extend_max_offset(conn_, size);
  }
  void close(std::uint64_t code) {
    ngtcp2_ccerr why;
    ngtcp2_ccerr_set_application_error(&why, code, nullptr, 0);
    say_goodbye(why);
  }
  void update_keys() { ngtcp2_conn_initiate_key_update(conn_, now()); }
  /// CRYPTO data behind the handshake.
  void send_crypto(std::span<const std::uint8_t> data) {
    ngtcp2_conn_submit_crypto_data(conn_, NGTCP2_ENCRYPTION_LEVEL_1RTT, data.data(), data.size());
    write_soon();
  }
  memory_network& network() noexcept { return network_; }

  /// Gives the client a token for its next connection (NEW_TOKEN).
  void give_token(std::string_view token) {
    ngtcp2_conn_submit_new_token(conn_, reinterpret_cast<const std::uint8_t*>(token.data()),
                                 token.size());
    write_soon();
  }

  quic_server_connection* migrates_from = nullptr;  ///< whose client may come by another socket
  std::size_t paths() const noexcept { return sockets_.size(); }
  std::string first_token;                       ///< that the client's first packet had
  std::map<std::int64_t, std::string> received;  ///< by stream, for scripts that keep it
  std::optional<ngtcp2_ccerr> closed;            ///< what the client's CONNECTION_CLOSE said
  std::size_t key_updates = 0;
  std::size_t streams_opened = 0;  ///< by the client, in both directions
  std::size_t streams_closed = 0;

 private:
  struct outgoing {
    std::deque<std::string> data;
    std::size_t sent = 0;    // strings
    std::size_t offset = 0;  // in the next string
    bool ends = false;
    bool ended = false;
    bool blocked = false;
  };

  std::uint64_t now() const {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(network_.loop().now().time_since_epoch()).count());
  }

  /// The path of a socket: the port of the client is its number.
  struct numbered_path {
    explicit numbered_path(std::size_t number) {
      local.sin_family = remote.sin_family = AF_INET;
      local.sin_port = 1;
      remote.sin_port = static_cast<std::uint16_t>(number + 2);
      path.local = {reinterpret_cast<sockaddr*>(&local), sizeof local};
      path.remote = {reinterpret_cast<sockaddr*>(&remote), sizeof remote};
    }
    sockaddr_in local{}, remote{};
    ngtcp2_path path{};
  };

  void take(std::span<const std::byte> datagram, std::size_t number) {
    const numbered_path from(number);
    const auto* data = reinterpret_cast<const std::uint8_t*>(datagram.data());
    if (!conn_ && !accept(data, datagram.size(), from.path)) return;
    const ngtcp2_pkt_info marks{};
    const int code = ngtcp2_conn_read_pkt(conn_, &from.path, &marks, data, datagram.size(), now());
    if (code == NGTCP2_ERR_DRAINING) {
      closed = *ngtcp2_conn_get_ccerr(conn_);
      return;
    }
    if (code == NGTCP2_ERR_RETRY || code == NGTCP2_ERR_DROP_CONN) {
      // The beginning of the ClientHello was lost: wait until the client sends it again.
      ngtcp2_conn_del(std::exchange(conn_, nullptr));
      return;
    }
    if (code != 0) {
      ngtcp2_ccerr why;
      if (code == NGTCP2_ERR_CRYPTO)
        ngtcp2_ccerr_set_tls_alert(&why, ngtcp2_conn_get_tls_alert(conn_), nullptr, 0);
      else
        ngtcp2_ccerr_set_liberr(&why, code, nullptr, 0);
      return say_goodbye(why);
    }
    write();
  }

  bool accept(const std::uint8_t* data, std::size_t size, const ngtcp2_path& path) {
    ngtcp2_pkt_hd header;
    if (ngtcp2_accept(&header, data, size) != 0) return false;
    first_token.assign(reinterpret_cast<const char*>(header.token), header.tokenlen);
    ngtcp2_callbacks c{};
    set_callbacks(c);
    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = now();
    const std::uint32_t versions[] = {script_.version};
    settings.preferred_versions = versions;
    settings.preferred_versionslen = 1;
    ngtcp2_transport_params parameters;
    ngtcp2_transport_params_default(&parameters);
    parameters.initial_max_stream_data_bidi_remote = script_.window;
    parameters.initial_max_stream_data_uni = 64 * 1024;
    parameters.initial_max_data = 64 << 20;
    parameters.initial_max_streams_bidi = script_.streams;
    parameters.initial_max_streams_uni = 3;
    parameters.max_idle_timeout = 30 * NGTCP2_SECONDS;
    parameters.original_dcid = header.dcid;
    parameters.original_dcid_present = 1;
    ngtcp2_cid id{18, {}};
    tls::fill_random(std::as_writable_bytes(std::span(id.data).first(18)));
    id_ = id;
    tls_.emplace(certificate_, how_);
    pending_.clear();
    return ngtcp2_conn_server_new(&conn_, &header.scid, &id, &path, header.version, &c, &settings,
                                  &parameters, nullptr, this) == 0;
  }

  void write_soon() {
    network_.loop().schedule(network_.loop().now(), [this] { write(); });
  }

  void write() {
    if (!conn_ || closing_) return;
    std::array<std::byte, 1452> packet;
    for (auto& [id, out] : out_) out.blocked = false;
    for (int i = 0; i < 10000; ++i) {
      std::int64_t id = -1;
      outgoing* from = nullptr;
      for (auto& [each, out] : out_)
        if (!out.blocked && (out.sent < out.data.size() || (out.ends && !out.ended))) {
          id = each;
          from = &out;
          break;
        }
      ngtcp2_vec part{};
      bool last = false;
      if (from && from->sent < from->data.size()) {
        auto& text = from->data[from->sent];
        part = {reinterpret_cast<std::uint8_t*>(text.data()) + from->offset,
                text.size() - from->offset};
        last = from->ends && from->sent + 1 == from->data.size();
      } else if (from) {
        last = true;
      }
      ngtcp2_ssize taken = -1;
      ngtcp2_path_storage path;
      ngtcp2_path_storage_zero(&path);
      ngtcp2_pkt_info marks{};
      std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
      if (last) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
      const auto size = ngtcp2_conn_writev_stream(
          conn_, &path.path, &marks, reinterpret_cast<std::uint8_t*>(packet.data()), packet.size(),
          &taken, flags, id, &part, part.len == 0 ? 0 : 1, now());
      if (taken >= 0 && from) {
        from->offset += static_cast<std::size_t>(taken);
        if (static_cast<std::size_t>(taken) == part.len) {
          if (part.len != 0) ++from->sent;
          from->offset = 0;
          from->ended = from->ended || last;
        }
      }
      if (size == NGTCP2_ERR_WRITE_MORE) continue;
      if (size == NGTCP2_ERR_STREAM_DATA_BLOCKED || size == NGTCP2_ERR_STREAM_SHUT_WR ||
          size == NGTCP2_ERR_STREAM_NOT_FOUND) {
        from->blocked = true;
        continue;
      }
      if (size <= 0) break;
      send(path.path, std::span(packet).first(static_cast<std::size_t>(size)));
    }
    ngtcp2_conn_update_pkt_tx_time(conn_, now());
    const auto at = ngtcp2_conn_get_expiry(conn_);
    if (at == UINT64_MAX) return timer_.cancel();
    timer_.set(
        time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(at))),
        [](void* self) noexcept { static_cast<quic_server_connection*>(self)->expire(); }, this);
  }
  void expire() noexcept {
    if (closing_) return;
    if (ngtcp2_conn_handle_expiry(conn_, now()) == 0) write();
  }
  void send(const ngtcp2_path& by, std::span<const std::byte> packet) {
    sockaddr_in remote;
    std::memcpy(&remote, by.remote.addr, sizeof remote);
    auto* socket = sockets_.at(remote.sin_port - 2u);
    if (!socket) return;
    auto sending = socket->send(packet, {packet.size(), packet.size()}, {});
    (void)sending.await_resume();
  }
  void say_goodbye(const ngtcp2_ccerr& why) {
    if (std::exchange(closing_, true)) return;
    std::array<std::byte, 1200> packet;
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_pkt_info marks{};
    const auto size = ngtcp2_conn_write_connection_close(
        conn_, &path.path, &marks, reinterpret_cast<std::uint8_t*>(packet.data()), packet.size(),
        &why, now());
    if (size > 0) send(path.path, std::span(packet).first(static_cast<std::size_t>(size)));
  }

  // ---- TLS and keys
  static quic_server_connection& of(void* self) {
    return *static_cast<quic_server_connection*>(self);
  }
  static ngtcp2_crypto_ctx crypto_of(const tls::quic_suite& suite) {
    ngtcp2_crypto_ctx c{};
    c.aead.native_handle = c.md.native_handle = c.hp.native_handle =
        const_cast<tls::quic_suite*>(&suite);
    c.aead.max_overhead = 16;
    c.max_encryption = suite.most_encrypted;
    c.max_decryption_failure = suite.most_forged;
    return c;
  }
  struct handed {
    explicit handed(tls::packet_keys& k) : iv(k.iv) {
      content.native_handle = k.content.release();
      header.native_handle = k.header.release();
    }
    ngtcp2_crypto_aead_ctx content{};
    ngtcp2_crypto_cipher_ctx header{};
    tls::secret_bytes iv;
  };
  handed keys(const std::string& label, tls::packet_cipher::direction which) {
    auto made = tls::packet_keys_of(*tls_->suite, ngtcp2_conn_get_negotiated_version(conn_),
                                    tls_->peer.secrets.at(label), which);
    return handed(made);
  }

  int crypto(ngtcp2_encryption_level level, std::span<const std::uint8_t> data) {
    const auto at = level == NGTCP2_ENCRYPTION_LEVEL_INITIAL     ? tls::quic_level::initial
                    : level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE ? tls::quic_level::handshake
                                                                 : tls::quic_level::application;
    // Whole messages only, which the client sends in one frame, or in parts.
    auto& pending = pending_[at];
    pending.insert(pending.end(), data.begin(), data.end());
    while (pending.size() >= 4) {
      const std::size_t size =
          4 + (std::size_t{pending[1]} << 16 | std::size_t{pending[2]} << 8 | pending[3]);
      if (pending.size() < size) return 0;
      const std::vector<std::uint8_t> message(pending.begin(),
                                              pending.begin() + static_cast<std::ptrdiff_t>(size));
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(size));
      const bool taken = tls_->receive(at, std::as_bytes(std::span(message)));
      if (!taken) {
        ngtcp2_conn_set_tls_alert(conn_, tls_->alert.value_or(80));
        return NGTCP2_ERR_CRYPTO;
      }
      if (const int code = pass_on()) return code;
    }
    return 0;
  }

  int pass_on() {
    using enum tls::packet_cipher::direction;
    auto pieces = tls_->take();
    auto& secrets = tls_->peer.secrets;
    for (auto& piece : pieces) {
      if (piece.at == tls::quic_level::handshake && !handshake_keys_) {
        handshake_keys_ = true;
        // The client's parameters have been read by now, so that the version is settled.
        const auto c = crypto_of(*tls_->suite);
        ngtcp2_conn_set_crypto_ctx(conn_, &c);
        const auto rx = keys("CLIENT_HANDSHAKE_TRAFFIC_SECRET", open);
        const auto tx = keys("SERVER_HANDSHAKE_TRAFFIC_SECRET", seal);
        ngtcp2_conn_install_rx_handshake_key(conn_, &rx.content, rx.iv.data(), 12, &rx.header);
        ngtcp2_conn_install_tx_handshake_key(conn_, &tx.content, tx.iv.data(), 12, &tx.header);
      }
      if (script_.crypto) script_.crypto(piece);
      const auto level = piece.at == tls::quic_level::initial ? NGTCP2_ENCRYPTION_LEVEL_INITIAL
                         : piece.at == tls::quic_level::handshake
                             ? NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE
                             : NGTCP2_ENCRYPTION_LEVEL_1RTT;
      if (piece.at == tls::quic_level::application && !application_keys_) install_application();
      if (!piece.data.empty())
        ngtcp2_conn_submit_crypto_data(conn_, level,
                                       reinterpret_cast<const std::uint8_t*>(piece.data.data()),
                                       piece.data.size());
    }
    if (!server_keys_ && secrets.contains("SERVER_TRAFFIC_SECRET_0")) {
      server_keys_ = true;
      const auto tx = keys("SERVER_TRAFFIC_SECRET_0", seal);
      const auto& secret = secrets.at("SERVER_TRAFFIC_SECRET_0");
      ngtcp2_conn_install_tx_key(conn_, secret.data(), secret.size(), &tx.content, tx.iv.data(), 12,
                                 &tx.header);
    }
    if (tls_->peer.established && tls_->peer.active() && !application_keys_) install_application();
    return 0;
  }
  void install_application() {
    application_keys_ = true;
    const auto rx = keys("CLIENT_TRAFFIC_SECRET_0", tls::packet_cipher::direction::open);
    const auto& secret = tls_->peer.secrets.at("CLIENT_TRAFFIC_SECRET_0");
    ngtcp2_conn_install_rx_key(conn_, secret.data(), secret.size(), &rx.content, rx.iv.data(), 12,
                               &rx.header);
    ngtcp2_conn_tls_handshake_completed(conn_);
  }

  void set_callbacks(ngtcp2_callbacks& c) {
    c.recv_client_initial = [](ngtcp2_conn* q, const ngtcp2_cid* id, void*) {
      return install_initial(q, *id, ngtcp2_conn_get_client_chosen_version(q), false);
    };
    c.version_negotiation = [](ngtcp2_conn* q, std::uint32_t version, const ngtcp2_cid* id, void*) {
      return install_initial(q, *id, version, true);
    };
    c.recv_crypto_data = [](ngtcp2_conn*, ngtcp2_encryption_level level, std::uint64_t,
                            const std::uint8_t* data, std::size_t size,
                            void* self) { return of(self).crypto(level, {data, size}); };
    c.encrypt = [](std::uint8_t* to, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* key,
                   const std::uint8_t* plain, std::size_t size, const std::uint8_t* nonce,
                   std::size_t ns, const std::uint8_t* header, std::size_t hs) {
      static_cast<tls::packet_cipher*>(key->native_handle)
          ->seal(to, {plain, size}, {nonce, ns}, {header, hs});
      return 0;
    };
    c.decrypt = [](std::uint8_t* to, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* key,
                   const std::uint8_t* sealed, std::size_t size, const std::uint8_t* nonce,
                   std::size_t ns, const std::uint8_t* header, std::size_t hs) -> int {
      return static_cast<tls::packet_cipher*>(key->native_handle)
                     ->open(to, {sealed, size}, {nonce, ns}, {header, hs})
                 ? 0
                 : NGTCP2_ERR_DECRYPT;
    };
    c.hp_mask = [](std::uint8_t* to, const ngtcp2_crypto_cipher*,
                   const ngtcp2_crypto_cipher_ctx* key, const std::uint8_t* sample) {
      static_cast<tls::header_cipher*>(key->native_handle)->mask(to, sample);
      return 0;
    };
    c.update_key = [](ngtcp2_conn* q, std::uint8_t* rx_secret, std::uint8_t* tx_secret,
                      ngtcp2_crypto_aead_ctx* rx, std::uint8_t* rx_iv, ngtcp2_crypto_aead_ctx* tx,
                      std::uint8_t* tx_iv, const std::uint8_t* old_rx, const std::uint8_t* old_tx,
                      std::size_t size, void* self) {
      using enum tls::packet_cipher::direction;
      auto& mine = of(self);
      ++mine.key_updates;
      const auto version = ngtcp2_conn_get_negotiated_version(q);
      const auto& suite = *mine.tls_->suite;
      const auto a = tls::updated_secret(suite, version, {old_rx, size});
      const auto b = tls::updated_secret(suite, version, {old_tx, size});
      auto ka = tls::packet_keys_of(suite, version, a, open, false);
      auto kb = tls::packet_keys_of(suite, version, b, seal, false);
      std::ranges::copy(a, rx_secret);
      std::ranges::copy(b, tx_secret);
      std::ranges::copy(ka.iv, rx_iv);
      std::ranges::copy(kb.iv, tx_iv);
      rx->native_handle = ka.content.release();
      tx->native_handle = kb.content.release();
      return 0;
    };
    c.delete_crypto_aead_ctx = [](ngtcp2_conn*, ngtcp2_crypto_aead_ctx* key, void*) {
      delete static_cast<tls::packet_cipher*>(key->native_handle);
    };
    c.delete_crypto_cipher_ctx = [](ngtcp2_conn*, ngtcp2_crypto_cipher_ctx* key, void*) {
      delete static_cast<tls::header_cipher*>(key->native_handle);
    };
    c.rand = [](std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx*) {
      tls::fill_random(std::as_writable_bytes(std::span(to, size)));
    };
    c.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token,
                                 std::size_t size, void*) {
      id->datalen = size;
      tls::fill_random(std::as_writable_bytes(std::span(id->data).first(size)));
      tls::fill_random(std::as_writable_bytes(std::span(token, 16)));
      return 0;
    };
    c.get_path_challenge_data = [](ngtcp2_conn*, std::uint8_t* data, void*) {
      tls::fill_random(std::as_writable_bytes(std::span(data, 8)));
      return 0;
    };
    c.handshake_completed = [](ngtcp2_conn*, void* self) {
      auto& mine = of(self);
      if (mine.script_.on_handshake) mine.script_.on_handshake(mine);
      return 0;
    };
    c.recv_stream_data = [](ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t,
                            const std::uint8_t* data, std::size_t size, void* self, void*) {
      auto& mine = of(self);
      if (mine.script_.on_stream)
        mine.script_.on_stream(mine, id, {reinterpret_cast<const char*>(data), size},
                               flags & NGTCP2_STREAM_DATA_FLAG_FIN);
      return 0;
    };
    c.stream_reset = [](ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t code,
                        void* self, void*) {
      auto& mine = of(self);
      if (mine.script_.on_reset) mine.script_.on_reset(mine, id, code);
      return 0;
    };
    c.stream_open = [](ngtcp2_conn*, std::int64_t id, void* self) {
      if ((id & 3) == 0) ++of(self).streams_opened;
      return 0;
    };
    c.stream_close = [](ngtcp2_conn* q, std::uint32_t, std::int64_t id, std::uint64_t, void* self,
                        void*) {
      of(self).out_.erase(id);
      of(self).received.erase(id);
      if ((id & 3) == 0) {
        ngtcp2_conn_extend_max_streams_bidi(q, 1);
        ++of(self).streams_closed;
      }
      return 0;
    };
  }
  static int install_initial(ngtcp2_conn* q, const ngtcp2_cid& id, std::uint32_t version,
                             bool negotiated) {
    using enum tls::packet_cipher::direction;
    // The server opens what the client seals.
    auto rx =
        tls::initial_packet_keys(version, std::span(id.data).first(id.datalen), "client in", open);
    auto tx =
        tls::initial_packet_keys(version, std::span(id.data).first(id.datalen), "server in", seal);
    const handed r(rx), t(tx);
    const auto c = crypto_of(*tls::find_quic_suite(0x1301));
    if (negotiated)
      return ngtcp2_conn_install_vneg_initial_key(q, version, &r.content, r.iv.data(), &r.header,
                                                  &t.content, t.iv.data(), &t.header, 12);
    ngtcp2_conn_set_initial_crypto_ctx(q, &c);
    return ngtcp2_conn_install_initial_key(q, &r.content, r.iv.data(), &r.header, &t.content,
                                           t.iv.data(), &t.header, 12);
  }

  memory_network& network_;
  const issued_certificate& certificate_;
  const quic_script& script_;
  tls_server_options how_;
  memory_transport::timer_type timer_;
  std::optional<quic_tls_server> tls_;
  ngtcp2_conn* conn_ = nullptr;
  ngtcp2_cid id_{};
  std::vector<memory_datagram_socket*> sockets_;  // by the number of the path; null: ended
  std::map<tls::quic_level, std::vector<std::uint8_t>> pending_;
  std::map<std::int64_t, outgoing> out_;
  bool handshake_keys_ = false;
  bool server_keys_ = false;
  bool application_keys_ = false;
  bool closing_ = false;
};

}  // namespace cohttps::testing
