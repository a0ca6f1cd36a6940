// Definitions for deflate.hpp.
#pragma once

#include <cohttps/websocket/deflate.hpp>

namespace cohttps::websocket {

#ifdef COHTTPS_HAS_ZLIB

COHTTPS_DEF auto message_inflater::run(std::span<const std::byte>& in, bool ends,
                                       std::span<const std::byte>& data) -> outcome {
  using inflated = cohttps::detail::inflater::outcome;
  if (!out_) out_ = std::make_unique_for_overwrite<std::byte[]>(piece);
  std::span<std::byte> room(out_.get(), piece);
  data = {};
  while (!room.empty()) {
    std::span<const std::byte> rest = std::span(tail).subspan(tail_taken_);
    std::span<const std::byte>& source = in.empty() && ends ? rest : in;
    if (source.empty()) break;
    const std::size_t before = source.size();
    const auto got = stream_.run(source, room);
    if (&source == &rest) tail_taken_ += before - source.size();
    if (got == inflated::malformed) return outcome::malformed;
    if (got == inflated::end) stream_.restart();  // a block with BFINAL (7.2.3.4)
    if (source.size() == before && got != inflated::end) break;
  }
  data = {out_.get(), piece - room.size()};
  const bool all = in.empty() && ends && tail_taken_ == tail.size();
  if (!all || room.empty()) return data.empty() ? outcome::more : outcome::output;
  tail_taken_ = 0;
  if (!takeover_) stream_.restart();
  return outcome::end;
}

COHTTPS_DEF std::span<const std::byte> message_deflater::run(std::span<const std::byte> in,
                                                             bool last) {
  out_.clear();
  for (bool done = false; !done;) {
    const auto room = out_.prepare(std::max<std::size_t>(in.size() / 2, 256));
    std::span<std::byte> left = room;
    done = stream_.run(in, left, true);
    out_.commit(room.size() - left.size());
  }
  if (!last) return out_.data();
  if (!takeover_) stream_.restart();
  std::span<const std::byte> data = out_.data();
  if (data.size() < 4) {  // nothing came out: an empty block stands for an empty message (7.2.3.6)
    static constexpr std::byte empty_block[1] = {};
    return empty_block;
  }
  return data.first(data.size() - 4);
}

#endif

}  // namespace cohttps::websocket
