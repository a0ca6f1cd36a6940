// Definitions for response_stream.hpp.
#pragma once

#include <cohttps/client/response_stream.hpp>

namespace cohttps {

COHTTPS_DEF int response_stream::status() const noexcept { return state().head.status; }

COHTTPS_DEF std::string_view response_stream::reason() const noexcept {
  return state().head.reason_or_default();
}

COHTTPS_DEF const fields& response_stream::headers() const noexcept { return state().head.headers; }

COHTTPS_DEF std::optional<std::string_view> response_stream::header(
    std::string_view name) const noexcept {
  return headers().find(name);
}

COHTTPS_DEF const cohttps::url& response_stream::url() const { return state().url_or_throw(); }

COHTTPS_DEF const std::vector<redirect_hop>& response_stream::history() const noexcept {
  return state().history;
}

COHTTPS_DEF const connection_info& response_stream::connection() const {
  return state().connection_or_throw();
}

COHTTPS_DEF bool response_stream::on_reused_connection() const noexcept {
  return state().on_reused_connection;
}

COHTTPS_DEF std::optional<std::uint64_t> response_stream::content_length() const noexcept {
  return state().content_length;
}

COHTTPS_DEF task<std::span<const std::byte>> response_stream::read() {
  auto part = co_await try_read();
  if (!part) throw std::move(part).error();
  co_return *part;
}

COHTTPS_DEF task<result<std::span<const std::byte>>> response_stream::try_read() {
  if (!rest_.empty()) return give_rest();
  if (!exchange_) return result<std::span<const std::byte>>(no_response());
  return exchange_->read();
}

COHTTPS_DEF task<std::size_t> response_stream::read_some(std::span<std::byte> into) {
  if (into.empty()) co_return 0;
  if (rest_.empty()) rest_ = co_await read();
  const std::size_t size = std::min(into.size(), rest_.size());
  std::copy_n(rest_.begin(), size, into.begin());
  rest_ = rest_.subspan(size);
  co_return size;
}

COHTTPS_DEF bool response_stream::complete() const noexcept { return state().complete; }

COHTTPS_DEF const fields& response_stream::trailers() const noexcept { return state().trailers; }

COHTTPS_DEF const cohttps::timings& response_stream::timings() const noexcept {
  return state().timings;
}

COHTTPS_DEF const response_metadata& response_stream::state() const noexcept {
  static const response_metadata none;
  return exchange_ ? exchange_->state() : none;
}

COHTTPS_DEF std::unexpected<error> response_stream::no_response() {
  return fail(error_category::usage, "moved_from",
              "this response_stream was moved from; use the object that it was moved to");
}

COHTTPS_DEF task<result<std::span<const std::byte>>> response_stream::give_rest() {
  co_return std::exchange(rest_, {});
}

}  // namespace cohttps
