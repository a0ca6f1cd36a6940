// More definitions for session.hpp: the content of requests and responses.
#pragma once

#include <cohttps/http3/session.hpp>

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/core/ascii.hpp>

#include <algorithm>

namespace cohttps::http3 {

namespace detail {

COHTTPS_DECL const std::uint8_t* octets_of(std::string_view s) noexcept;
COHTTPS_DEF const std::uint8_t* octets_of(std::string_view s) noexcept {
  return reinterpret_cast<const std::uint8_t*>(s.data());
}

}  // namespace detail

COHTTPS_DEF void session::pull(stream& s) {
  exchange* x = s.open_ ? find(s.id_) : nullptr;
  if (!x) return;
  constexpr std::size_t largest = 64 * 1024;
  bool moved = false;
  while (!s.content_.empty() && x->unsent < limits_.unsent) {
    const auto part =
        s.content_.first(std::min({s.content_.size(), largest, limits_.unsent - x->unsent}));
    x->chunks.emplace_back(part.begin(), part.end());
    x->unsent += part.size();
    s.content_ = s.content_.subspan(part.size());
    moved = true;
  }
  if (s.content_.empty() && s.content_ends_ && !std::exchange(x->ends, true)) {
    for (const header_line& l : s.trailer_lines_)
      x->trailers.emplace_back(ascii::lower(l.name), l.value);
    s.content_sent_ = true;
    moved = true;
  }
  if (!moved) return;
  (void)nghttp3_conn_resume_stream(conn_.get(), s.id_);
  wants_write_ = true;
  change(s);
}

COHTTPS_DEF nghttp3_ssize session::give_chunks(exchange& x, quic::stream_id id, nghttp3_vec* parts,
                                               std::size_t most, std::uint32_t& flags) {
  std::size_t count = 0;
  for (; count < most && x.given < x.chunks.size(); ++count, ++x.given) {
    auto& chunk = x.chunks[x.given];
    parts[count] = {reinterpret_cast<std::uint8_t*>(chunk.data()), chunk.size()};
    x.unsent -= chunk.size();
  }
  if (x.reader && !x.reader->content_.empty()) pull(*x.reader);
  if (x.ends && x.given == x.chunks.size()) {
    flags = NGHTTP3_DATA_FLAG_EOF;
    if (!x.trailers.empty()) {
      std::vector<nghttp3_nv> lines;
      for (const auto& [name, value] : x.trailers)
        lines.push_back({detail::octets_of(name), detail::octets_of(value), name.size(),
                         value.size(), NGHTTP3_NV_FLAG_NONE});
      flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
      if (nghttp3_conn_submit_trailers(conn_.get(), id, lines.data(), lines.size()) != 0)
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    }
  } else if (count == 0) {
    return NGHTTP3_ERR_WOULDBLOCK;
  }
  return static_cast<nghttp3_ssize>(count);
}

COHTTPS_DEF void session::take_acknowledgment(exchange& x, std::uint64_t size) {
  x.acknowledged += size;
  while (!x.chunks.empty() && x.given != 0 && x.acknowledged >= x.chunks.front().size()) {
    x.acknowledged -= x.chunks.front().size();
    x.chunks.pop_front();
    --x.given;
  }
}

COHTTPS_DEF std::span<const std::byte> stream::take_content() {
  const std::size_t before = delivered_.size();
  delivered_.clear();
  std::swap(delivered_, received_);
  if (session_ && open_ && before != 0) session_->below_->consumed(id_, before);
  return delivered_.data();
}

COHTTPS_DEF void stream::give_content(std::span<const std::byte> bytes, bool last) {
  content_ = bytes;
  content_ends_ = last;
  if (session_ && open_) session_->pull(*this);
}

COHTTPS_DEF result<void> stream::end_content(const fields& trailers) {
  auto lines = http2::trailer_lines(trailers);
  if (!lines) return pass(std::move(lines));
  trailer_lines_ = *std::move(lines);
  give_content({}, true);
  return {};
}

COHTTPS_DEF void stream::cancel() noexcept {
  if (session_) session_->cancel(*this);
}

}  // namespace cohttps::http3

#endif
