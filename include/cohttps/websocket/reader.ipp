// Definitions for reader.hpp.
#pragma once

#include <cohttps/websocket/reader.hpp>

namespace cohttps::websocket {

COHTTPS_DEF reader::reader(std::uint64_t max_message,
                           std::optional<compression_parameters> compression)
    : max_message_(max_message), may_compress_(compression.has_value()) {
#ifdef COHTTPS_HAS_ZLIB
  if (compression) inflater_ = std::make_unique<message_inflater>(*compression);
#endif
}

COHTTPS_DEF auto reader::next(std::span<const std::byte>& in) -> result<event> {
  while (true) {
    if (!in_frame_) {
      if (!take_header(in)) return event{};
      if (auto begun = begin_frame(); !begun) return pass(std::move(begun));
    }
    auto got = is_control(frame_.op) ? take_control(in) : take_data(in);
    if (!got || got->what != kind::need_more) return got;
    if (in_frame_ && in.empty()) return event{};
  }
}

COHTTPS_DEF bool reader::take_header(std::span<const std::byte>& in) noexcept {
  while (true) {
    const std::size_t needed = header_size_ < 2 ? 2 : header_size(header_[1]);
    const std::size_t size = std::min(needed - header_size_, in.size());
    if (size > 0) std::memcpy(header_.data() + header_size_, in.data(), size);
    in = in.subspan(size);
    header_size_ += size;
    if (header_size_ < needed) return false;
    if (needed > 2 || header_size(header_[1]) == 2) return true;
  }
}

COHTTPS_DEF result<void> reader::begin_frame() {
  auto read = read_header(std::span(header_).first(std::exchange(header_size_, 0)), may_compress_);
  if (!read) {
    close_code_ = close_code::protocol_error;
    return pass(std::move(read));
  }
  frame_ = *read;
  left_ = frame_.size;
  in_frame_ = true;
  if (is_control(frame_.op)) return {};
  const bool continues = frame_.op == opcode::continuation;
  if (continues != in_message_)
    return refuse(close_code::protocol_error, error_category::protocol, "websocket_sequence",
                  continues ? "the server sent a continuation frame without a message"
                            : "the server began a message inside of another one");
  if (!continues) {
    in_message_ = first_ = true;
    text_ = frame_.op == opcode::text;
    compressed_ = frame_.compressed;
    size_ = 0;
    utf8_.reset();
  }
  if (!compressed_ && frame_.size > max_message_ - size_)
    return refuse(close_code::too_large, error_category::limit, "websocket_too_large",
                  "the server sent a message of more than the " + std::to_string(max_message_) +
                      " bytes that max_message allows");
  return {};
}

COHTTPS_DEF auto reader::take_control(std::span<const std::byte>& in) -> result<event> {
  const auto size = std::min<std::size_t>(left_, in.size());
  if (size > 0) std::memcpy(control_.data() + (frame_.size - left_), in.data(), size);
  in = in.subspan(size);
  left_ -= size;
  if (left_ > 0) return event{};
  in_frame_ = false;
  if (frame_.op == opcode::close) return read_close();
  return event{frame_.op == opcode::ping ? kind::ping : kind::pong,
               std::span(control_).first(frame_.size)};
}

COHTTPS_DEF auto reader::read_close() -> result<event> {
  std::span<const std::byte> payload = std::span(control_).first(frame_.size);
  close_code_ = close_code::none;
  if (payload.empty()) return event{kind::close};
  const auto bad = [&](std::string_view what) {
    return refuse(close_code::protocol_error, error_category::protocol, "websocket_close",
                  "the server sent a close frame with " + std::string(what));
  };
  if (payload.size() == 1) return bad("half a code");
  const auto code = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                               std::to_integer<unsigned>(payload[1]));
  if (!may_be_sent(code)) return bad("the reserved code " + std::to_string(code));
  payload = payload.subspan(2);
  utf8_validator reason;
  if (!reason.take(payload) || !reason.complete())
    return refuse(close_code::invalid_data, error_category::protocol, "websocket_utf8",
                  "the server sent a close frame whose reason is not UTF-8");
  close_code_ = code;
  return event{kind::close, payload};
}

COHTTPS_DEF auto reader::take_data(std::span<const std::byte>& in) -> result<event> {
  std::span<const std::byte> part = in.first(std::min<std::uint64_t>(left_, in.size()));
  const std::size_t given = part.size();
  const bool final = frame_.final && given == left_;
#ifdef COHTTPS_HAS_ZLIB
  if (compressed_) {
    std::span<const std::byte> piece;
    const auto outcome = inflater_->run(part, final, piece);
    in = in.subspan(given - part.size());
    left_ -= given - part.size();
    if (outcome == message_inflater::outcome::malformed)
      return refuse(close_code::invalid_data, error_category::protocol, "websocket_deflate",
                    "the server sent a message that cannot be decompressed");
    const bool last = outcome == message_inflater::outcome::end;
    if (last || (left_ == 0 && !frame_.final && outcome == message_inflater::outcome::more))
      in_frame_ = false;
    if (piece.empty() && !last) return event{};
    return give(piece, last);
  }
#endif
  in = in.subspan(given);
  left_ -= given;
  if (left_ == 0) in_frame_ = false;
  if (part.empty() && !final) return event{};
  return give(part, final);
}

COHTTPS_DEF auto reader::give(std::span<const std::byte> piece, bool last) -> result<event> {
  if (piece.size() > max_message_ - size_)
    return refuse(close_code::too_large, error_category::limit, "websocket_too_large",
                  "the server sent a message of more than the " + std::to_string(max_message_) +
                      " bytes that max_message allows");
  size_ += piece.size();
  if (text_ && (!utf8_.take(piece) || (last && !utf8_.complete())))
    return refuse(close_code::invalid_data, error_category::protocol, "websocket_utf8",
                  "the server sent a text message that is not UTF-8");
  if (last) in_message_ = false;
  return event{kind::data, piece, text_, std::exchange(first_, false), last};
}

COHTTPS_DEF std::unexpected<error> reader::refuse(std::uint16_t code, error_category category,
                                                  std::string_view reason, std::string message) {
  close_code_ = code;
  return fail(category, reason, std::move(message) + " (RFC 6455)");
}

}  // namespace cohttps::websocket
