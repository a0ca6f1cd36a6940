// Definitions for writer.hpp.
#pragma once

#include <cohttps/websocket/writer.hpp>

namespace cohttps::websocket {

COHTTPS_DEF mask_key mask_keys::next() {
  if (used_ == bytes_.size()) {
    fill_(bytes_);
    used_ = 0;
  }
  mask_key key;
  std::memcpy(key.data(), bytes_.data() + used_, key.size());
  used_ += key.size();
  return key;
}

COHTTPS_DEF writer::writer(mask_keys::source random, std::optional<compression_parameters> agreed,
                           const compression_options& options)
    : keys_(random), threshold_(options.threshold) {
#ifdef COHTTPS_HAS_ZLIB
  if (agreed && message_deflater::supports(*agreed))
    deflater_ = std::make_unique<message_deflater>(*agreed, options.level);
#else
  (void)agreed;
#endif
}

COHTTPS_DEF void writer::append_message(buffer& out, bool text, std::span<const std::byte> data) {
  frame_header header{text ? opcode::text : opcode::binary};
#ifdef COHTTPS_HAS_ZLIB
  if (deflater_ && data.size() >= threshold_) {
    header.compressed = true;
    data = deflater_->run(data, true);
  }
#endif
  append(out, header, data);
}

COHTTPS_DEF void writer::append_piece(buffer& out, bool text, std::span<const std::byte> data,
                                      bool last) {
  frame_header header{opcode::continuation, last};
  const bool first = !std::exchange(in_message_, !last);
  if (first) header.op = text ? opcode::text : opcode::binary;
#ifdef COHTTPS_HAS_ZLIB
  if (first) compresses_ = deflater_ != nullptr;
  header.compressed = first && compresses_;
  if (compresses_) data = deflater_->run(data, last);
#endif
  append(out, header, data);
}

COHTTPS_DEF void writer::append_control(buffer& out, opcode op,
                                        std::span<const std::byte> payload) {
  append(out, {op}, payload);
}

COHTTPS_DEF void writer::append_close(buffer& out, std::uint16_t code, std::string_view reason) {
  std::array<std::byte, max_control_size> payload;
  if (code == close_code::none) return append_control(out, opcode::close, {});
  payload[0] = static_cast<std::byte>(code >> 8);
  payload[1] = static_cast<std::byte>(code & 0xff);
  std::size_t size = std::min(reason.size(), payload.size() - 2);
  while (size < reason.size() && size > 0 && (reason[size] & 0xc0) == 0x80) --size;
  std::memcpy(payload.data() + 2, reason.data(), size);
  append_control(out, opcode::close, std::span(payload).first(2 + size));
}

COHTTPS_DEF void writer::append(buffer& out, const frame_header& header,
                                std::span<const std::byte> payload) {
  const auto room = out.prepare(max_header_size + payload.size());
  const mask_key key = keys_.next();
  frame_header sized = header;
  sized.size = payload.size();
  const std::size_t size = write_header(room.first<max_header_size>(), sized, key);
  copy_masked(payload, room.data() + size, key);
  out.commit(size + payload.size());
}

}  // namespace cohttps::websocket
