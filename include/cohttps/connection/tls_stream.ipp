// Definitions for tls_stream.hpp.
#pragma once

#include <cohttps/connection/tls_stream.hpp>

namespace cohttps::detail {

COHTTPS_DEF task<result<void>> tls_stream::secure(tls_context context, std::string host,
                                                  std::uint16_t port, std::vector<std::string> alpn,
                                                  std::chrono::system_clock::time_point now,
                                                  stop_token stop) {
  top_ = std::make_unique<layer>(
      tls::engine(std::move(context), std::move(host), port, std::move(alpn)), std::move(top_));
  layer& mine = *top_;
  if (auto started = mine.engine.start(now); !started) co_return pass(std::move(started));
  while (true) {
    // Our last message is sent together with the first request, or by `settle` if there is no
    // request.
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

COHTTPS_DEF auto tls_stream::receive(stop_token stop) -> task<result<view>> {
  if (top_) return open(*top_, stop);
  return read_plain(stop);
}

COHTTPS_DEF task<result<std::size_t>> tls_stream::read(buffer& into, stop_token stop) {
  auto got = co_await receive(stop);
  if (!got) co_return pass(std::move(got));
  into.append(*got);
  co_return got->size();
}

COHTTPS_DEF auto tls_stream::receive_buffered() -> std::optional<result<view>> {
  if (!top_ || top_->below || !top_->early.empty()) return std::nullopt;
  auto opened = top_->engine.receive(top_->ciphertext);
  if (opened && opened->empty()) return std::nullopt;
  if (!opened) (void)push(*top_);
  return opened;
}

COHTTPS_DEF bool tls_stream::fill_at_once() { return top_ && !top_->below && fill_at_once(*top_); }

COHTTPS_DEF task<result<void>> tls_stream::write(view bytes, stop_token stop, deadline* limit) {
  if (!top_) return write_plain(bytes, stop, limit);
  return seal(*top_, bytes, stop, limit);
}

COHTTPS_DEF auto tls_stream::receive_at_once() -> std::optional<view> {
  if (top_) return open_at_once(*top_);
  if (stream_.idle()) return std::nullopt;
  plain_.clear();
  if (stream_.is_eager()) plain_.commit(stream_.try_read(plain_.prepare(read_size)));
  return view(plain_.data());
}

COHTTPS_DEF bool tls_stream::idle() { return !receive_at_once(); }

COHTTPS_DEF void tls_stream::settle() noexcept {
  if (stream_.is_eager())
    for (layer* l = top_.get(); l; l = l->below.get())
      if (!push(*l)) return stream_.close();
}

COHTTPS_DEF void tls_stream::release_memory() noexcept {
  plain_.release();
  for (layer* l = top_.get(); l; l = l->below.get()) {
    l->ciphertext.release();
    if (l->sending.empty()) l->sending.release();  // a write may still refer to its bytes
    l->engine.release_memory();
    l->early.release();
  }
}

COHTTPS_DEF void tls_stream::close(view last) noexcept {
  if (stream_.is_eager()) {
    const view words = last_words(last);
    // A close_notify alone need not reach a peer that no longer reads. `last` may contain an
    // explanation, so it is written before the close.
    if (last.empty()) return stream_.close(words);
    (void)stream_.try_write(words);
  }
  stream_.close();
}

COHTTPS_DEF tls::revocation_check* tls_stream::revocation() {
  return top_ ? top_->engine.revocation() : nullptr;
}

COHTTPS_DEF task<result<void>> tls_stream::conclude_revocation(stop_token stop) {
  auto concluded = top_->engine.conclude_revocation();
  if (!concluded) co_return co_await refuse(*top_, std::move(concluded).error(), stop);
  co_return concluded;
}

COHTTPS_DEF bool tls_stream::withheld_tls13() const noexcept {
  return top_ && top_->engine.withheld_tls13();
}

COHTTPS_DEF const tls_info* tls_stream::tls() const noexcept {
  return top_ ? &top_->engine.info() : nullptr;
}

COHTTPS_DEF auto tls_stream::read_plain(stop_token stop) -> task<result<view>> {
  plain_.clear();
  auto got = co_await stream_.read_some(plain_.prepare(read_size), stop);
  if (!got) co_return pass(std::move(got));
  plain_.commit(*got);
  co_return view(plain_.data());
}

COHTTPS_DEF auto tls_stream::open(layer& l, stop_token stop) -> task<result<view>> {
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
    // Sends the engine's own answers, for example to a KeyUpdate. A `sender` sends them with its
    // content.
    if (!sender_ && has_output(l))
      if (auto sent = co_await flush(l, stop); !sent) co_return pass(std::move(sent));
    if (l.engine.peer_closed()) co_return view();
    if (l.below) {
      auto got = co_await fill(l, stop);
      if (!got) co_return pass(std::move(got));
      continue;
    }
    sent_at_once_ = 0;
    auto got = co_await stream_.read_some(room_for_records(l), stop);
    if (!got) co_return pass(std::move(got));
    if (auto more = took(l, *got); !more) co_return pass(std::move(more));
  }
}

COHTTPS_DEF auto tls_stream::open_at_once(layer& l) -> std::optional<view> {
  if (!l.early.empty() && !std::exchange(l.early_given, true)) return view(l.early.data());
  for (int reads = 0; reads < 4; ++reads) {  // no ticket needs more reads
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

COHTTPS_DEF bool tls_stream::fill_at_once(layer& lowest) {
  if (!stream_.is_eager()) return false;
  const std::size_t got = stream_.try_read(room_for_records(lowest));
  lowest.ciphertext.commit(got);
  return got != 0;
}

COHTTPS_DEF std::span<std::byte> tls_stream::room_for_records(layer& lowest) {
  buffer& in = lowest.ciphertext;
  const std::size_t more = in.size() < ciphertext_size ? ciphertext_size - in.size() : read_size;
  return in.prepare(more).first(more);
}

COHTTPS_DEF task<result<void>> tls_stream::fill(layer& l, stop_token stop) {
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

COHTTPS_DEF result<void> tls_stream::took(layer& lowest, std::size_t size) {
  lowest.ciphertext.commit(size);
  return size == 0 ? lowest.engine.end_of_stream() : result<void>();
}

COHTTPS_DEF task<result<void>> tls_stream::refuse(layer& l, error why, stop_token stop) {
  if (stream_.is_eager())
    (void)push(l);
  else
    (void)co_await flush(l, stop);
  co_return std::unexpected(std::move(why));
}

COHTTPS_DEF task<result<void>> tls_stream::write_plain(view bytes, stop_token stop,
                                                       deadline* limit) {
  while (!bytes.empty()) {
    auto taken = co_await stream_.write_some(bytes, stop);
    if (!taken) co_return pass(std::move(taken));
    if (limit) limit->progress(*taken);
    bytes = bytes.subspan(*taken);
  }
  co_return result<void>();
}

COHTTPS_DEF task<result<void>> tls_stream::seal(layer& l, view bytes, stop_token stop,
                                                deadline* limit) {
  if (bytes.size() > sealed_size) return seal_pieces(l, bytes, stop, limit);
  if (auto sealed = l.engine.send(bytes); !sealed) return sealed;
  if (flush_at_once(l, stop, limit)) return result<void>();
  return flush(l, stop, limit);
}

COHTTPS_DEF bool tls_stream::flush_at_once(layer& l, stop_token stop, deadline* limit) {
  if (!sender_ || sent_at_once_ == most_sent_at_once || stop.stop_requested()) return false;
  if (!stream_.is_eager() || l.below || !l.sending.empty()) return false;
  ++sent_at_once_;
  buffer& out = l.engine.outgoing();
  const std::size_t sent = stream_.try_write(out.data());
  if (limit && sent != 0) limit->progress(sent);
  out.consume(sent);
  return out.empty();
}

COHTTPS_DEF task<result<void>> tls_stream::seal_pieces(layer& l, view bytes, stop_token stop,
                                                       deadline* limit) {
  while (!bytes.empty()) {
    const view piece = bytes.first(std::min(bytes.size(), sealed_size));
    if (auto sealed = l.engine.send(piece); !sealed) co_return pass(std::move(sealed));
    if (auto sent = co_await flush(l, stop, limit); !sent) co_return pass(std::move(sent));
    bytes = bytes.subspan(piece.size());
  }
  co_return result<void>();
}

COHTTPS_DEF bool tls_stream::has_output(layer& l) noexcept {
  return !l.sending.empty() || !l.engine.outgoing().empty();
}

COHTTPS_DEF task<result<void>> tls_stream::flush(layer& l, stop_token stop, deadline* limit) {
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

COHTTPS_DEF auto tls_stream::last_words(view last) noexcept -> view {
  for (layer* l = top_.get(); l; l = l->below.get()) {
    if (!last.empty()) (void)l->engine.send(last);
    l->engine.close();
    // Nothing can be sent in the middle of a record.
    last = l->sending.empty() ? view(l->engine.outgoing().data()) : view();
  }
  return last;
}

COHTTPS_DEF bool tls_stream::push(layer& l) noexcept {
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

}  // namespace cohttps::detail
