// Definitions for connection.hpp.
#pragma once

#include <cohttps/quic/connection.hpp>

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/quic/connection_callbacks.ipp>
#include <cohttps/quic/error_code.hpp>
#include <cohttps/tls/quic/packet_protection.hpp>
#include <cohttps/tls/random.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace cohttps::quic {

namespace detail {

/// The addresses of a path, which ngtcp2 only compares: the socket is connected to the peer. The
/// port of the local one is the number of the path.
struct numbered_path {
  ngtcp2_sockaddr_in local{};
  ngtcp2_sockaddr_in remote{};
  ngtcp2_path path{};

  COHTTPS_DECL explicit numbered_path(std::uint16_t number) noexcept {
    local.sin_family = remote.sin_family = NGTCP2_AF_INET;
    local.sin_port = number;
    remote.sin_port = 1;
    path.local = {reinterpret_cast<ngtcp2_sockaddr*>(&local), sizeof local};
    path.remote = {reinterpret_cast<ngtcp2_sockaddr*>(&remote), sizeof remote};
  }
  numbered_path(const numbered_path&) = delete;
  numbered_path& operator=(const numbered_path&) = delete;
};

}  // namespace detail

template <class F>
int connection::guarded(void* self, F f) noexcept {
  auto& mine = *static_cast<connection*>(self);
  try {
    return f(mine);
  } catch (const std::bad_alloc&) {
    mine.reason_ = out_of_memory();
  } catch (const std::exception& e) {
    try {
      mine.reason_ = error(error_category::tls, "tls_library", e.what());
    } catch (const std::bad_alloc&) {
      mine.reason_ = out_of_memory();
    }
  }
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

COHTTPS_DEF void connection::deleter::operator()(ngtcp2_conn* c) const noexcept {
  ngtcp2_conn_del(c);
}

COHTTPS_DEF connection::connection(application& above, tls_context context, std::string host,
                                   std::uint16_t port, std::vector<std::string> alpn,
                                   const limits& bounds)
    : above_(above),
      limits_(bounds),
      host_(host),
      tls_(std::move(context), std::move(host), port, std::move(alpn), *this) {
  ngtcp2_ccerr_default(&close_);
}

COHTTPS_DEF result<void> connection::start(time_point now,
                                           std::chrono::system_clock::time_point date,
                                           std::span<const std::byte> token) {
  date_ = date;
  const auto* raw = reinterpret_cast<const octet*>(token.data());
  first_token_.assign(raw, raw + token.size());
  ngtcp2_callbacks callbacks{};
  set_callbacks(callbacks);
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = stamp(now);
  settings.token = first_token_.data();
  settings.tokenlen = first_token_.size();
  if (!first_token_.empty()) settings.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
  settings.max_tx_udp_payload_size = limits_.largest_datagram;
  // Only the windows of streams limit the peer: the connection's window never waits for a reader.
  settings.max_stream_window = limits_.largest_window;
  settings.max_window = 8 * limits_.largest_window;
  // The client begins with version 1, which all servers know, and lets them change to version 2.
  static constexpr std::uint32_t versions[] = {tls::quic_v1, tls::quic_v2};
  settings.preferred_versions = settings.available_versions = versions;
  settings.preferred_versionslen = settings.available_versionslen = std::size(versions);
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_stream_data_bidi_local = limits_.window;
  parameters.initial_max_stream_data_uni = 256 * 1024;
  parameters.initial_max_data = 2 * limits_.largest_window;
  parameters.initial_max_streams_uni = 100;  // three are used (RFC 9114, 6.2); others are ignored
  parameters.max_idle_timeout = static_cast<std::uint64_t>(limits_.idle.count());
  parameters.grease_quic_bit = 1;
  parameters.active_connection_id_limit = 4;  // each new local address needs another one
  ngtcp2_cid to{18, {}}, from{8, {}};
  tls::fill_random(std::as_writable_bytes(std::span(to.data).first(to.datalen)));
  tls::fill_random(std::as_writable_bytes(std::span(from.data).first(from.datalen)));
  const detail::numbered_path path(path_);
  ngtcp2_conn* made = nullptr;
  const int code = ngtcp2_conn_client_new(&made, &to, &from, &path.path, tls::quic_v1, &callbacks,
                                          &settings, &parameters, nullptr, this);
  if (code != 0) return fail_with(code);
  conn_.reset(made);
  return {};
}

COHTTPS_DEF std::uint64_t connection::stamp(time_point now) noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
  // ngtcp2 requires that time never goes back.
  return last_ = std::max(last_, static_cast<std::uint64_t>(since.count()));
}

COHTTPS_DEF result<void> connection::receive(std::span<const std::byte> datagram, std::uint8_t ecn,
                                             time_point now) {
  if (failure_) return std::unexpected(*failure_);
  const detail::numbered_path path(path_);
  const ngtcp2_pkt_info marks{ecn};
  const int code = ngtcp2_conn_read_pkt(conn_.get(), &path.path, &marks,
                                        reinterpret_cast<const octet*>(datagram.data()),
                                        datagram.size(), stamp(now));
  if (code != 0) return fail_with(code);
  return {};
}

COHTTPS_DEF outgoing connection::produce(std::span<std::byte> to, time_point now) {
  outgoing all;
  if (!conn_) return all;
  stamp(now);
  if (failure_) {
    all.size = all.segment = write_close(to);
    return all;
  }
  std::size_t room = to.size();
  for (std::size_t i = 0; i < most_datagrams; ++i) {
    const std::size_t full = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_.get());
    const std::size_t largest =
        i == 0 ? ngtcp2_conn_get_max_tx_udp_payload_size(conn_.get()) : all.segment;
    if (room - all.size < largest) break;
    ngtcp2_pkt_info marks{};
    const std::size_t size = write_one(to.subspan(all.size, largest), marks);
    if (failure_) {
      if (all.size != 0) break;
      all.size = all.segment = write_close(to);
      return all;
    }
    if (size == 0) break;
    if (i == 0) {
      all.segment = size;
      all.ecn = marks.ecn;
      room = std::min(room, std::max(size, ngtcp2_conn_get_send_quantum(conn_.get())));
    }
    all.size += size;
    // A shorter datagram is the last one. So is the first one if it is larger, a probe of the path.
    // All datagrams of one call have the same mark, and ngtcp2 changes it rarely.
    if (size != full || size != all.segment || marks.ecn != all.ecn) break;
  }
  if (all.size != 0) ngtcp2_conn_update_pkt_tx_time(conn_.get(), last_);
  return all;
}

COHTTPS_DEF std::size_t connection::write_one(std::span<std::byte> to, ngtcp2_pkt_info& marks) {
  while (true) {
    stream_output next;
    if (begun_ && ngtcp2_conn_get_max_data_left(conn_.get()) != 0) {
      auto given = above_.next_output();
      if (!given) return (void)fail_with(told(pass(std::move(given)))), 0;
      next = *given;
    }
    std::array<ngtcp2_vec, stream_output::most_parts> parts;
    for (std::size_t i = 0; i < next.count; ++i)
      parts[i] = {const_cast<octet*>(reinterpret_cast<const octet*>(next.parts[i].data())),
                  next.parts[i].size()};  // ngtcp2 only reads
    ngtcp2_ssize taken = -1;
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
    if (next.ends) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    const auto size = ngtcp2_conn_writev_stream(
        conn_.get(), &path.path, &marks, reinterpret_cast<octet*>(to.data()), to.size(), &taken,
        flags, next.id, parts.data(), next.count, last_);
    if (taken >= 0) {
      auto told_above = above_.taken(next.id, static_cast<std::size_t>(taken));
      if (!told_above) return (void)fail_with(told(std::move(told_above))), 0;
    }
    if (size >= 0) {
      data_waits_ = size == 0 && next.id >= 0;
      return static_cast<std::size_t>(size);
    }
    switch (size) {
      case NGTCP2_ERR_WRITE_MORE:
        break;
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        above_.blocked(next.id);
        break;
      case NGTCP2_ERR_STREAM_SHUT_WR:
      case NGTCP2_ERR_STREAM_NOT_FOUND:
        above_.stopped(next.id, 0);
        break;
      default:
        (void)fail_with(static_cast<int>(size));
        return 0;
    }
  }
}

COHTTPS_DEF std::size_t connection::write_close(std::span<std::byte> to) {
  if (!std::exchange(says_goodbye_, false)) return 0;
  ngtcp2_pkt_info marks{};
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  const auto size = ngtcp2_conn_write_connection_close(
      conn_.get(), &path.path, &marks, reinterpret_cast<octet*>(to.data()),
      std::min<std::size_t>(to.size(), 1200), &close_, last_);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

COHTTPS_DEF time_point connection::due() const noexcept {
  if (failure_ || !conn_) return time_point::max();
  auto at = ngtcp2_conn_get_expiry(conn_.get());
  // ngtcp2 paces what it sends also where nothing is left to send. Only data waits for less than
  // the granularity of the timers of RFC 9002, 6.1.2.
  if (!data_waits_) at = std::max(at, last_ + NGTCP2_MILLISECONDS);
  const auto most = static_cast<std::uint64_t>(
      std::chrono::nanoseconds(time_point::max().time_since_epoch()).count());
  return at >= most ? time_point::max()
                    : time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(at)));
}

COHTTPS_DEF result<void> connection::expire(time_point now) {
  if (failure_) return std::unexpected(*failure_);
  const std::uint64_t at = stamp(now);
  if (ngtcp2_conn_get_expiry(conn_.get()) > at) return {};
  const int code = ngtcp2_conn_handle_expiry(conn_.get(), at);
  if (code != 0) return fail_with(code);
  return {};
}

COHTTPS_DEF std::optional<stream_id> connection::open_bidirectional() {
  stream_id id = -1;
  if (failure_ || ngtcp2_conn_open_bidi_stream(conn_.get(), &id, nullptr) != 0) return std::nullopt;
  return id;
}

COHTTPS_DEF std::optional<stream_id> connection::open_unidirectional() {
  stream_id id = -1;
  if (failure_ || ngtcp2_conn_open_uni_stream(conn_.get(), &id, nullptr) != 0) return std::nullopt;
  return id;
}

COHTTPS_DEF std::uint64_t connection::streams_left() const noexcept {
  return failure_ || !begun_ ? 0 : ngtcp2_conn_get_streams_bidi_left(conn_.get());
}

COHTTPS_DEF void connection::consumed(stream_id id, std::uint64_t size) {
  if (!failure_) (void)ngtcp2_conn_extend_max_stream_offset(conn_.get(), id, size);
}

COHTTPS_DEF void connection::reset(stream_id id, std::uint64_t code) {
  if (!failure_) (void)ngtcp2_conn_shutdown_stream(conn_.get(), 0, id, code);
}

COHTTPS_DEF void connection::stop_reading(stream_id id, std::uint64_t code) {
  if (!failure_) (void)ngtcp2_conn_shutdown_stream_read(conn_.get(), 0, id, code);
}

COHTTPS_DEF void connection::stop_writing(stream_id id, std::uint64_t code) {
  if (!failure_) (void)ngtcp2_conn_shutdown_stream_write(conn_.get(), 0, id, code);
}

COHTTPS_DEF void connection::keep_alive(std::optional<std::chrono::nanoseconds> every) {
  if (conn_)
    ngtcp2_conn_set_keep_alive_timeout(
        conn_.get(), every ? static_cast<std::uint64_t>(every->count()) : UINT64_MAX);
}

COHTTPS_DEF bool connection::migrate(time_point now) {
  if (failure_ || !begun_ || path_ == UINT16_MAX) return false;
  const auto next = static_cast<std::uint16_t>(path_ + 1);
  const detail::numbered_path path(next);
  switch (const int code =
              ngtcp2_conn_initiate_immediate_migration(conn_.get(), &path.path, stamp(now))) {
    case 0:
      path_ = next;
      return true;
    case NGTCP2_ERR_INVALID_STATE:
    case NGTCP2_ERR_CONN_ID_BLOCKED:
    case NGTCP2_ERR_INVALID_ARGUMENT:
      return false;
    default:
      (void)fail_with(code);
      return false;
  }
}

COHTTPS_DEF bool connection::update_keys(time_point now) {
  return !failure_ && ngtcp2_conn_initiate_key_update(conn_.get(), stamp(now)) == 0;
}

COHTTPS_DEF bool connection::handshake_done() const noexcept { return begun_; }

COHTTPS_DEF std::string_view connection::version() const noexcept {
  return conn_ && ngtcp2_conn_get_negotiated_version(conn_.get()) == tls::quic_v2 ? "QUIC v2"
                                                                                  : "QUIC v1";
}

COHTTPS_DEF void connection::close(std::uint64_t code) {
  if (failure_) return;
  ngtcp2_ccerr_set_application_error(&close_, code, nullptr, 0);
  says_goodbye_ = conn_ != nullptr;
  failure_ = error(error_category::peer_closed, "connection_closed",
                   "the QUIC connection was closed here");
}

COHTTPS_DEF void connection::lose(error why) {
  if (!failure_) failure_ = std::move(why);
}

COHTTPS_DEF void connection::refuse(error why) {
  if (failure_) return;
  ngtcp2_ccerr_set_tls_alert(&close_, tls_.alert(), nullptr, 0);
  says_goodbye_ = conn_ != nullptr;
  failure_ = std::move(why);
}

COHTTPS_DEF int connection::told(result<void> outcome) {
  if (outcome) return 0;
  reason_ = std::move(outcome).error();
  above_failed_ = true;
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

COHTTPS_DEF std::unexpected<error> connection::fail_with(int code) {
  if (failure_) return std::unexpected(*failure_);
  const bool silent = code == NGTCP2_ERR_DRAINING || code == NGTCP2_ERR_DROP_CONN ||
                      code == NGTCP2_ERR_IDLE_CLOSE || code == NGTCP2_ERR_HANDSHAKE_TIMEOUT ||
                      code == NGTCP2_ERR_RECV_VERSION_NEGOTIATION;
  says_goodbye_ = conn_ && !silent;
  if (above_failed_)
    ngtcp2_ccerr_set_application_error(&close_, above_.close_code(), nullptr, 0);
  else if (code == NGTCP2_ERR_CRYPTO)
    ngtcp2_ccerr_set_tls_alert(&close_, ngtcp2_conn_get_tls_alert(conn_.get()), nullptr, 0);
  else
    ngtcp2_ccerr_set_liberr(&close_, code, nullptr, 0);
  failure_ = reason_ ? std::move(*reason_) : error_of(code);
  if (!begun_) failure_->during(phase::handshake);
  return std::unexpected(*failure_);
}

COHTTPS_DEF error connection::error_of(int code) const {
  switch (code) {
    case NGTCP2_ERR_NOMEM:
      return out_of_memory();
    case NGTCP2_ERR_DRAINING:
      return closed_by_peer();
    case NGTCP2_ERR_IDLE_CLOSE:
      return {error_category::peer_closed, "peer_unresponsive",
              "the server sent nothing for so long that the QUIC connection is over (RFC 9000, "
              "10.1)"};
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return {error_category::peer_closed, "peer_unresponsive",
              "the server did not finish the QUIC handshake in time"};
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      return {error_category::connect, "quic_version",
              "the server speaks other versions of QUIC than 1 (RFC 9000) and 2 (RFC 9369)"};
    case NGTCP2_ERR_NO_VIABLE_PATH:
      return {error_category::peer_closed, "peer_unresponsive",
              "the server cannot be reached on the new network path"};
    default:
      return cohttps::quic::detail::connection_broken(
          ngtcp2_err_infer_quic_transport_error_code(code), ngtcp2_strerror(code));
  }
}

COHTTPS_DEF error connection::closed_by_peer() const {
  const ngtcp2_ccerr& said = *ngtcp2_conn_get_ccerr(conn_.get());
  const std::string_view why(reinterpret_cast<const char*>(said.reason), said.reasonlen);
  if (said.type == NGTCP2_CCERR_TYPE_APPLICATION)
    return cohttps::quic::detail::closed_by_application(said.error_code, why);
  return cohttps::quic::detail::closed_by_peer(said.error_code, why, handshake_done());
}

}  // namespace cohttps::quic

#endif
