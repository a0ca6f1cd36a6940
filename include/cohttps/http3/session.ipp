// Definitions for session.hpp.
#pragma once

#include <cohttps/http3/session.hpp>

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/out_of_memory.hpp>
#include <cohttps/http3/session_content.ipp>

#include <algorithm>
#include <array>

namespace cohttps::http3 {

namespace detail {

COHTTPS_DECL std::string_view text_of(nghttp3_rcbuf* bytes) noexcept;
COHTTPS_DEF std::string_view text_of(nghttp3_rcbuf* bytes) noexcept {
  const auto view = nghttp3_rcbuf_get_buf(bytes);
  return {reinterpret_cast<const char*>(view.base), view.len};
}

}  // namespace detail

template <class F>
int session::guarded(void* self, F f) noexcept {
  auto& mine = *static_cast<session*>(self);
  try {
    f(mine);
    return 0;
  } catch (const std::bad_alloc&) {
    mine.reason_ = out_of_memory();
    return NGHTTP3_ERR_CALLBACK_FAILURE;
  }
}

COHTTPS_DEF void session::deleter::operator()(nghttp3_conn* c) const noexcept {
  nghttp3_conn_del(c);
}

COHTTPS_DEF session::session(const limits& bounds) : limits_(bounds) {
  nghttp3_callbacks callbacks{};
  set_callbacks(callbacks);
  nghttp3_settings settings;
  nghttp3_settings_default(&settings);
  settings.max_field_section_size = bounds.sections.head;
  settings.qpack_max_dtable_capacity = bounds.table;
  settings.qpack_encoder_max_dtable_capacity = bounds.table;
  settings.qpack_blocked_streams = bounds.streams;
  nghttp3_conn* made = nullptr;
  if (nghttp3_conn_client_new(&made, &callbacks, &settings, nullptr, this) != 0)
    throw std::bad_alloc();  // it fails for no other reason
  conn_.reset(made);
}

COHTTPS_DEF void session::set_callbacks(nghttp3_callbacks& c) {
  c.recv_header = c.recv_trailer = [](nghttp3_conn*, quic::stream_id, std::int32_t,
                                      nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t,
                                      void* self, void* of) noexcept {
    return guarded(self, [&](session& mine) {
      if (of)
        mine.take_field(*static_cast<exchange*>(of), detail::text_of(name), detail::text_of(value));
    });
  };
  c.end_headers =
      c.end_trailers = [](nghttp3_conn*, quic::stream_id, int ends, void* self, void* of) noexcept {
        return guarded(self, [&](session& mine) {
          if (of) mine.end_section(*static_cast<exchange*>(of), ends != 0);
        });
      };
  c.recv_data = [](nghttp3_conn*, quic::stream_id id, const std::uint8_t* data, std::size_t size,
                   void* self, void* of) noexcept {
    return guarded(self, [&](session& mine) {
      if (of) mine.take_data(*static_cast<exchange*>(of), id, std::as_bytes(std::span(data, size)));
    });
  };
  c.deferred_consume = [](nghttp3_conn*, quic::stream_id id, std::size_t size, void* self,
                          void*) noexcept {
    return guarded(self, [&](session& mine) { mine.below_->consumed(id, size); });
  };
  c.end_stream = [](nghttp3_conn*, quic::stream_id, void* self, void* of) noexcept {
    return guarded(self, [&](session& mine) {
      if (of) mine.end_response(*static_cast<exchange*>(of));
    });
  };
  c.acked_stream_data = [](nghttp3_conn*, quic::stream_id, std::uint64_t size, void* self,
                           void* of) noexcept {
    return guarded(self, [&](session& mine) {
      if (of) mine.take_acknowledgment(*static_cast<exchange*>(of), size);
    });
  };
  c.stop_sending = [](nghttp3_conn*, quic::stream_id id, std::uint64_t code, void* self,
                      void*) noexcept {
    return guarded(self, [&](session& mine) { mine.below_->stop_reading(id, code); });
  };
  c.reset_stream = [](nghttp3_conn*, quic::stream_id id, std::uint64_t code, void* self,
                      void*) noexcept {
    return guarded(self, [&](session& mine) { mine.below_->stop_writing(id, code); });
  };
  c.shutdown = [](nghttp3_conn*, quic::stream_id id, void* self) noexcept {
    return guarded(self, [&](session& mine) { mine.take_goaway(id); });
  };
  c.recv_settings = [](nghttp3_conn*, const nghttp3_settings* settings, void* self) noexcept {
    return guarded(self, [&](session& mine) {
      mine.settled_ = true;
      mine.extended_connect_ = settings->enable_connect_protocol != 0;
    });
  };
}

// ---- requests -----------------------------------------------------------------------------------

COHTTPS_DEF result<void> session::open(stream& s, const request_head& request) {
  if (failure_ || going_away_ || open_ >= capacity()) return no_room();
  if (!request.protocol.empty() && !extended_connect_)
    return fail(error_category::usage, "extended_connect_unsupported",
                "the server does not take CONNECT with a protocol (RFC 9220)");
  auto lines = lines_.build(request);
  if (!lines) {
    lines.error().replay(replay_safety::not_sent);
    return pass(std::move(lines));
  }
  pairs_.clear();
  lower_.clear();
  lower_.reserve(lines->size());  // so that no text moves
  for (const header_line& l : *lines) {
    const auto& name = lower_.emplace_back(ascii::lower(l.name));
    pairs_.push_back(
        {detail::octets_of(name), detail::octets_of(l.value), name.size(), l.value.size(),
         static_cast<std::uint8_t>(l.secret ? NGHTTP3_NV_FLAG_NEVER_INDEX : NGHTTP3_NV_FLAG_NONE)});
  }
  exchanges_.reserve(exchanges_.size() + 1);
  auto made = std::make_unique<exchange>();
  const auto id = below_->open_bidirectional();
  if (!id) return no_room();
  const nghttp3_data_reader reader{[](nghttp3_conn*, quic::stream_id of_id, nghttp3_vec* parts,
                                      std::size_t most, std::uint32_t* flags, void* self,
                                      void* of) noexcept -> nghttp3_ssize {
    nghttp3_ssize given = 0;
    const int code = guarded(self, [&](session& mine) {
      given = mine.give_chunks(*static_cast<exchange*>(of), of_id, parts, most, *flags);
    });
    return code == 0 ? given : code;
  }};
  const int code = nghttp3_conn_submit_request(conn_.get(), *id, pairs_.data(), pairs_.size(),
                                               request.has_content ? &reader : nullptr, made.get());
  if (code != 0) {
    below_->reset(*id, static_cast<std::uint64_t>(error_code::request_cancelled));
    if (code == NGHTTP3_ERR_NOMEM) throw std::bad_alloc();
    going_away_ = true;
    return no_room();
  }
  made->reader = &s;
  made->ends = !request.has_content;
  exchanges_.push_back(std::move(made));
  s.id_ = *id;
  s.to_head_ = request.verb == method::head;
  s.content_ends_ = s.content_sent_ = !request.has_content;
  link(s);
  wants_write_ = true;
  return {};
}

COHTTPS_DEF result<void> session::no_room() {
  return std::unexpected(
      error(error_category::peer_closed, "no_more_streams", "the connection takes no more requests")
          .replay(replay_safety::not_sent));
}

COHTTPS_DEF std::size_t session::capacity() const noexcept {
  if (!accepts_requests() || !below_) return 0;
  return std::min<std::uint64_t>(open_ + below_->streams_left(), limits_.streams);
}

COHTTPS_DEF stream* session::next_changed() noexcept {
  stream* s = changed_streams_;
  if (!s) return nullptr;
  changed_streams_ = s->next_changed_;
  s->in_changed_list_ = false;
  return s;
}

COHTTPS_DEF void session::connection_lost(const error& why) {
  if (failure_) return;
  failure_ = why;
  end_all(why);
}

COHTTPS_DEF void session::end_all(const std::optional<error>& why) {
  for (stream* s = first_; s; s = s->next_)
    if (s->open_) shut(*s, why);
}

// ---- the events of QUIC -------------------------------------------------------------------------

COHTTPS_DEF result<void> session::bind() {
  const auto control = below_->open_unidirectional();
  const auto encoder = below_->open_unidirectional();
  const auto decoder = below_->open_unidirectional();
  if (!control || !encoder || !decoder) {
    close_code_ = static_cast<std::uint64_t>(error_code::general_protocol_error);
    return fail(error_category::protocol, "http3_protocol_error",
                "the server does not take the three streams that HTTP/3 needs (RFC 9114, 6.2)");
  }
  auto bound = checked(nghttp3_conn_bind_control_stream(conn_.get(), *control));
  if (bound) bound = checked(nghttp3_conn_bind_qpack_streams(conn_.get(), *encoder, *decoder));
  wants_write_ = true;
  return bound;
}

COHTTPS_DEF result<void> session::read(quic::stream_id id, std::span<const std::byte> data,
                                       bool ends) {
  const auto used = nghttp3_conn_read_stream(
      conn_.get(), id, reinterpret_cast<const std::uint8_t*>(data.data()), data.size(), ends);
  if (used < 0) return checked(static_cast<int>(used));
  below_->consumed(id, static_cast<std::uint64_t>(used));
  wants_write_ = true;
  return {};
}

COHTTPS_DEF void session::was_reset(quic::stream_id id, std::uint64_t code) {
  (void)nghttp3_conn_shutdown_stream_read(conn_.get(), id);
  exchange* x = find(id);
  if (!x || !x->reader) return;
  stream& s = *x->reader;
  s.answered_ = true;
  if (!s.ended_ && !s.failure_) s.failure_ = detail::stream_reset(static_cast<error_code>(code));
  s.stop_sending_ = true;
  change(s);
}

COHTTPS_DEF void session::was_stopped(quic::stream_id id, std::uint64_t) {
  nghttp3_conn_shutdown_stream_write(conn_.get(), id);
  exchange* x = find(id);
  if (!x || !x->reader) return;
  x->reader->stop_sending_ = true;
  change(*x->reader);
}

COHTTPS_DEF result<void> session::was_closed(quic::stream_id id,
                                             std::optional<std::uint64_t> code) {
  exchange* x = find(id);
  if (x && x->reader) {
    std::optional<error> why;
    if (!x->reader->ended_)
      why = detail::stream_reset(
          static_cast<error_code>(code.value_or(static_cast<std::uint64_t>(error_code::no_error))));
    shut(*x->reader, std::move(why));
  }
  const int outcome = nghttp3_conn_close_stream(
      conn_.get(), id, code.value_or(static_cast<std::uint64_t>(error_code::no_error)));
  std::erase_if(exchanges_, [&](const auto& each) { return each.get() == x; });
  return outcome == NGHTTP3_ERR_STREAM_NOT_FOUND ? result<void>() : checked(outcome);
}

COHTTPS_DEF result<quic::stream_output> session::output() {
  quic::stream_output next;
  std::array<nghttp3_vec, quic::stream_output::most_parts> parts;
  int ends = 0;
  const auto count =
      nghttp3_conn_writev_stream(conn_.get(), &next.id, &ends, parts.data(), parts.size());
  if (count < 0) return pass(checked(static_cast<int>(count)));
  next.count = static_cast<std::size_t>(count);
  next.ends = ends != 0;
  for (std::size_t i = 0; i < next.count; ++i)
    next.parts[i] = std::as_bytes(std::span(parts[i].base, parts[i].len));
  return next;
}

COHTTPS_DEF result<void> session::checked(int code) {
  if (code == 0) return {};
  if (code == NGHTTP3_ERR_NOMEM) throw std::bad_alloc();
  if (code == NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE) {
    close_code_ = static_cast<std::uint64_t>(error_code::excessive_load);
    return fail(error_category::limit, "head_too_large",
                "a field of the response is longer than 64 KiB");
  }
  close_code_ = nghttp3_err_infer_quic_app_error_code(code);
  if (reason_) return std::unexpected(*reason_);
  return std::unexpected(
      detail::connection_broken(static_cast<error_code>(close_code_), nghttp3_strerror(code)));
}

// ---- what nghttp3 reads -------------------------------------------------------------------------

COHTTPS_DEF session::exchange* session::find(quic::stream_id id) const noexcept {
  return static_cast<exchange*>(nghttp3_conn_get_stream_user_data(conn_.get(), id));
}

COHTTPS_DEF void session::take_field(exchange& x, std::string_view name, std::string_view value) {
  if (!x.reader || x.reader->failure_) return;
  x.reader->answered_ = true;
  if (auto wrong = x.reader->sections_.take(limits_.sections, name, value))
    refuse(*x.reader, *std::move(wrong), error_code::excessive_load);
}

COHTTPS_DEF void session::end_section(exchange& x, bool) {
  if (!x.reader || x.reader->failure_) return;
  if (auto wrong = x.reader->sections_.end(limits_.sections))
    return refuse(*x.reader, *std::move(wrong), error_code::excessive_load);
  change(*x.reader);
}

COHTTPS_DEF void session::take_data(exchange& x, quic::stream_id id,
                                    std::span<const std::byte> data) {
  if (!x.reader || x.reader->failure_) return below_->consumed(id, data.size());
  stream& s = *x.reader;
  s.answered_ = true;
  s.received_size_ += data.size();
  s.received_.append(data);
  change(s);
}

COHTTPS_DEF void session::end_response(exchange& x) {
  if (!x.reader || x.reader->failure_) return;
  x.reader->ended_ = true;
  change(*x.reader);
}

COHTTPS_DEF void session::take_goaway(quic::stream_id first_refused) {
  going_away_ = true;
  last_accepted_ = first_refused;
  for (stream* s = first_; s; s = s->next_)
    if (s->open_ && s->id_ >= first_refused && !s->failure_)
      refuse(*s, detail::not_processed(), error_code::request_cancelled);
}

// ---- streams ------------------------------------------------------------------------------------

COHTTPS_DEF void session::link(stream& s) noexcept {
  s.session_ = this;
  s.open_ = true;
  s.previous_ = nullptr;
  s.next_ = first_;
  if (first_) first_->previous_ = &s;
  first_ = &s;
  ++open_;
}

COHTTPS_DEF void session::unlink(stream& s) noexcept {
  (s.previous_ ? s.previous_->next_ : first_) = s.next_;
  if (s.next_) s.next_->previous_ = s.previous_;
  if (s.open_) --open_;
  s.open_ = false;
  s.session_ = nullptr;
  if (std::exchange(s.in_changed_list_, false)) {
    stream** link = &changed_streams_;
    while (*link != &s) link = &(*link)->next_changed_;
    *link = s.next_changed_;
  }
}

COHTTPS_DEF void session::change(stream& s) noexcept {
  if (std::exchange(s.in_changed_list_, true)) return;
  s.next_changed_ = changed_streams_;
  changed_streams_ = &s;
}

COHTTPS_DEF void session::shut(stream& s, std::optional<error> why) {
  if (why && !s.failure_ && !s.ended_) s.failure_ = std::move(why);
  if (!s.content_sent_) s.stop_sending_ = true;
  if (exchange* x = failure_ ? nullptr : find(s.id_)) x->reader = nullptr;
  s.open_ = false;
  --open_;
  change(s);
}

COHTTPS_DEF void session::refuse(stream& s, error why, error_code told) {
  if (s.failure_) return;
  s.failure_ = std::move(why);
  s.stop_sending_ = true;
  below_->reset(s.id_, static_cast<std::uint64_t>(told));
  wants_write_ = true;
  change(s);
}

COHTTPS_DEF void session::cancel(stream& s) {
  if (!s.open_) return;
  if (!failure_) {
    const bool complete = s.ended_ && !s.failure_;
    // A complete response needs no more of the request (RFC 9114, 4.1). Content that is on its way
    // goes on: the peer may still read it.
    if (complete) {
      if (!s.content_sent_)
        below_->stop_writing(s.id_, static_cast<std::uint64_t>(error_code::no_error));
    } else {
      below_->reset(s.id_, static_cast<std::uint64_t>(error_code::request_cancelled));
      (void)nghttp3_conn_shutdown_stream_read(conn_.get(), s.id_);
      nghttp3_conn_shutdown_stream_write(conn_.get(), s.id_);
    }
    if (exchange* x = find(s.id_)) x->reader = nullptr;
    wants_write_ = true;
  }
  s.open_ = false;
  --open_;
}

}  // namespace cohttps::http3

#endif
