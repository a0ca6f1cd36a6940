// Definitions for websocket.hpp.
#pragma once

#include <cohttps/client/websocket.hpp>
#include <cohttps/websocket/utf8_validator.hpp>

namespace cohttps {

COHTTPS_DEF std::string protocol_list::text() const {
  std::string out;
  for (const std::string_view name : names_)
    if (!name.empty()) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

COHTTPS_DEF detail::websocket_connection& websocket_stream::open() const {
  if (!connection_)
    throw error(error_category::usage, "moved_from",
                "this WebSocket was moved from; use the object that it was moved to");
  return *connection_;
}

COHTTPS_DEF task<result<std::optional<websocket_message>>> websocket_stream::try_receive() {
  return open().receive(true);
}

COHTTPS_DEF task<std::optional<websocket_message>> websocket_stream::receive() {
  auto got = co_await open().receive(true);
  if (!got) throw std::move(got).error();
  co_return *got;
}

COHTTPS_DEF task<std::optional<websocket_message>> websocket_stream::receive_part() {
  auto got = co_await open().receive(false);
  if (!got) throw std::move(got).error();
  co_return *got;
}

COHTTPS_DEF task<void> websocket_stream::send(std::string_view text) {
  websocket::utf8_validator valid;
  const auto bytes = std::as_bytes(std::span(text));
  if (!valid.take(bytes) || !valid.complete())
    throw error(error_category::usage, "websocket_not_utf8",
                "a text message has to be UTF-8; send bytes as a span of std::byte");
  auto sent = co_await open().send(bytes, true, detail::frame_content::message);
  if (!sent) throw std::move(sent).error();
}

COHTTPS_DEF task<void> websocket_stream::send(std::span<const std::byte> data) {
  auto sent = co_await open().send(data, false, detail::frame_content::message);
  if (!sent) throw std::move(sent).error();
}

COHTTPS_DEF task<void> websocket_stream::send_part(std::string_view text, bool last) {
  auto sent =
      co_await open().send(std::as_bytes(std::span(text)), true,
                           last ? detail::frame_content::last_part : detail::frame_content::part);
  if (!sent) throw std::move(sent).error();
}

COHTTPS_DEF task<void> websocket_stream::send_part(std::span<const std::byte> data, bool last) {
  auto sent = co_await open().send(
      data, false, last ? detail::frame_content::last_part : detail::frame_content::part);
  if (!sent) throw std::move(sent).error();
}

COHTTPS_DEF task<std::chrono::nanoseconds> websocket_stream::ping() {
  auto taken = co_await open().ping();
  if (!taken) throw std::move(taken).error();
  co_return *taken;
}

COHTTPS_DEF task<void> websocket_stream::close(std::uint16_t code, std::string_view reason) {
  auto closed = co_await open().close(code, std::string(reason));
  if (!closed) throw std::move(closed).error();
}

COHTTPS_DEF std::uint16_t websocket_stream::close_code() const noexcept {
  return connection_ ? connection_->close_code : websocket::close_code::abnormal;
}

COHTTPS_DEF const std::string& websocket_stream::close_reason() const noexcept {
  static const std::string none;
  return connection_ ? connection_->close_reason : none;
}

COHTTPS_DEF std::string_view websocket_stream::protocol() const noexcept {
  return connection_ ? std::string_view(connection_->protocol) : std::string_view();
}

COHTTPS_DEF bool websocket_stream::compressed() const noexcept {
  return connection_ && connection_->compressed;
}

COHTTPS_DEF const fields& websocket_stream::headers() const {
  return open().response().head.headers;
}

COHTTPS_DEF const connection_info& websocket_stream::connection() const {
  return open().response().connection_or_throw();
}

}  // namespace cohttps
