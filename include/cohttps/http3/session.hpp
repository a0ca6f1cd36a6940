// The client's side of one HTTP/3 connection (RFC 9114), without I/O, over the streams of QUIC.
#pragma once

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/response_sections.hpp>
#include <cohttps/http2/request_lines.hpp>
#include <cohttps/http3/error_code.hpp>
#include <cohttps/http3/stream.hpp>
#include <cohttps/quic/application.hpp>
#include <cohttps/quic/connection.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <nghttp3/nghttp3.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

static_assert(NGHTTP3_VERSION_NUM >= 0x010800, "cohttps needs nghttp3 1.8 or newer");

namespace cohttps::http3 {

struct limits {
  section_limits sections = {};
  std::size_t streams = 100;  ///< requests at a time, if the server also allows this number
  /// Bytes of the tables that compress fields (RFC 9204, 3.2.3), for each direction.
  std::size_t table = 4096;
  /// Content of a request that waits to be sent for the first time, in bytes.
  std::size_t unsent = 256 * 1024;
};

/// Drives nghttp3. The streams tell what happened to the requests. After each call of the
/// connection `next_changed` returns the streams whose state has changed.
///
/// A session cannot be moved. Its streams may be destroyed before or after it.
class session final : public quic::application {
 public:
  COHTTPS_DECL explicit session(const limits& bounds);
  ~session() override {
    end_all(std::nullopt);
    for (stream* s = first_; s; s = s->next_) s->session_ = nullptr;
  }

  /// The connection that carries the session. It has to be destroyed before the session.
  void attach(quic::connection& below) noexcept { below_ = &below; }

  /// Sends the head of a request. Fails with category usage if the request cannot be sent, and with
  /// `not_sent` if this connection accepts no more requests. After an error nothing was sent.
  COHTTPS_DECL result<void> open(stream& s, const request_head& request);

  /// Call it when the connection has failed. All open streams fail.
  COHTTPS_DECL void connection_lost(const error& why);

  /// Returns a stream whose state has changed since this function last returned it, or null.
  COHTTPS_DECL stream* next_changed() noexcept;

  /// Returns how many requests may be open at the same time. 0 if the connection accepts no more,
  /// and until the peer allows new streams in place of those that have ended (MAX_STREAMS).
  COHTTPS_DECL std::size_t capacity() const noexcept;
  /// False if the connection accepts no more requests, now or later.
  bool accepts_requests() const noexcept { return !failure_ && !going_away_; }
  std::size_t open_streams() const noexcept { return open_; }
  /// True if there is something to send that the connection has not been asked for.
  bool wants_write() const noexcept { return wants_write_; }
  void wrote() noexcept { wants_write_ = false; }

  /// True if the peer has sent a GOAWAY, but has accepted at least one request.
  bool processed_requests() const noexcept { return going_away_ && last_accepted_ > 0; }
  /// True if the settings of the peer have arrived.
  bool settled() const noexcept { return settled_; }
  bool peer_takes_extended_connect() const noexcept { return extended_connect_; }
  const std::optional<error>& failure() const noexcept { return failure_; }

  /// No new requests are accepted from now on.
  void close() noexcept { going_away_ = true; }

 private:
  friend stream;

  struct deleter {
    COHTTPS_DECL void operator()(nghttp3_conn* c) const noexcept;
  };

  /// The part of a QUIC stream that outlives its `stream`: content that the peer has not
  /// acknowledged, which QUIC may have to send again.
  struct exchange {
    stream* reader = nullptr;  // null if nobody waits for the response any more
    std::deque<std::vector<std::byte>> chunks;
    std::size_t given = 0;         // chunks that nghttp3 has
    std::size_t acknowledged = 0;  // bytes of the first chunk
    std::size_t unsent = 0;        // bytes of the chunks that nghttp3 has not got
    bool ends = false;             // no content follows the chunks
    std::vector<std::pair<std::string, std::string>> trailers;
  };

  // ---- the events of QUIC, called by the connection
  result<void> begin() override { return bind(); }
  result<void> receive(quic::stream_id id, std::span<const std::byte> data, bool ends) override {
    return read(id, data, ends);
  }
  result<void> acknowledged(quic::stream_id id, std::uint64_t size) override {
    return checked(nghttp3_conn_add_ack_offset(conn_.get(), id, size));
  }
  void reset(quic::stream_id id, std::uint64_t code) override { was_reset(id, code); }
  void stopped(quic::stream_id id, std::uint64_t code) override { was_stopped(id, code); }
  result<void> closed(quic::stream_id id, std::optional<std::uint64_t> code) override {
    return was_closed(id, code);
  }
  void unblocked(quic::stream_id id) override {
    (void)nghttp3_conn_unblock_stream(conn_.get(), id);
    wants_write_ = true;
  }
  void more_streams() override { wants_write_ = true; }
  result<quic::stream_output> next_output() override { return output(); }
  result<void> taken(quic::stream_id id, std::size_t size) override {
    return checked(nghttp3_conn_add_write_offset(conn_.get(), id, size));
  }
  void blocked(quic::stream_id id) override { nghttp3_conn_block_stream(conn_.get(), id); }
  std::uint64_t close_code() const noexcept override { return close_code_; }

  COHTTPS_DECL result<void> bind();
  COHTTPS_DECL result<void> read(quic::stream_id id, std::span<const std::byte> data, bool ends);
  COHTTPS_DECL void was_reset(quic::stream_id id, std::uint64_t code);
  COHTTPS_DECL void was_stopped(quic::stream_id id, std::uint64_t code);
  COHTTPS_DECL result<void> was_closed(quic::stream_id id, std::optional<std::uint64_t> code);
  COHTTPS_DECL result<quic::stream_output> output();

  // ---- the callbacks of nghttp3, which is written in C: no exception may pass through it
  template <class F>
  static int guarded(void* self, F f) noexcept;
  COHTTPS_DECL static void set_callbacks(nghttp3_callbacks& c);
  COHTTPS_DECL void take_field(exchange& x, std::string_view name, std::string_view value);
  COHTTPS_DECL void end_section(exchange& x, bool ends);
  COHTTPS_DECL void take_data(exchange& x, quic::stream_id id, std::span<const std::byte> data);
  COHTTPS_DECL void end_response(exchange& x);
  COHTTPS_DECL void take_acknowledgment(exchange& x, std::uint64_t size);
  COHTTPS_DECL nghttp3_ssize give_chunks(exchange& x, quic::stream_id id, nghttp3_vec* parts,
                                         std::size_t most, std::uint32_t& flags);
  COHTTPS_DECL void take_goaway(quic::stream_id first_refused);

  // ---- streams
  COHTTPS_DECL exchange* find(quic::stream_id id) const noexcept;
  COHTTPS_DECL result<void> checked(int code);
  COHTTPS_DECL static result<void> no_room();
  COHTTPS_DECL void link(stream& s) noexcept;
  COHTTPS_DECL void unlink(stream& s) noexcept;
  COHTTPS_DECL void change(stream& s) noexcept;
  COHTTPS_DECL void shut(stream& s, std::optional<error> why);
  COHTTPS_DECL void refuse(stream& s, error why, error_code told);
  COHTTPS_DECL void cancel(stream& s);
  COHTTPS_DECL void end_all(const std::optional<error>& why);
  /// Moves content of the request into chunks, as far as there is room.
  COHTTPS_DECL void pull(stream& s);

  limits limits_;
  quic::connection* below_ = nullptr;
  http2::request_lines lines_;
  std::vector<nghttp3_nv> pairs_;
  std::vector<std::string> lower_;     // names in lower case
  stream* first_ = nullptr;            // all streams that still exist
  stream* changed_streams_ = nullptr;  // those of them that `next_changed` returns next
  std::size_t open_ = 0;
  std::optional<error> failure_;
  std::optional<error> reason_;  // of a callback's failure
  std::uint64_t close_code_ = static_cast<std::uint64_t>(error_code::internal_error);
  quic::stream_id last_accepted_ = 0;  // a GOAWAY's: streams from here on are not processed
  bool wants_write_ = false;
  bool going_away_ = false;
  bool settled_ = false;
  bool extended_connect_ = false;
  std::vector<std::unique_ptr<exchange>> exchanges_;
  std::unique_ptr<nghttp3_conn, deleter> conn_;  // destroyed first
};

inline stream::~stream() {
  if (!session_) return;
  session_->cancel(*this);
  session_->unlink(*this);
}

}  // namespace cohttps::http3

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http3/session.ipp>
#endif

#endif
