// A response whose content is still to be read.
#pragma once

#include <cohttps/client/exchange.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Owns its connection until the content has been read; what is not read keeps the server waiting.
/// Destroyed earlier, it closes the connection. Has no bound on the content's size.
template <transport Transport>
class response_stream {
 public:
  explicit response_stream(std::unique_ptr<exchange<Transport>> opened) noexcept
      : exchange_(std::move(opened)) {}

  int status() const noexcept { return exchange_->head().status; }
  std::string_view reason() const noexcept { return exchange_->head().reason; }
  const fields& headers() const noexcept { return exchange_->head().headers; }
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers().find(name);
  }
  const cohttps::url& url() const noexcept { return exchange_->url(); }
  const std::vector<redirect_hop>& history() const noexcept { return exchange_->history(); }
  const connection_info& connection() const noexcept { return exchange_->connection(); }
  bool on_reused_connection() const noexcept { return exchange_->on_reused_connection(); }

  /// What the Content-Length field says, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept {
    return exchange_->content_length();
  }

  /// The next part of the content: a view into the receive buffer, valid until the next call. Empty
  /// at the end. Throws `error`.
  task<std::span<const std::byte>> read() {
    auto part = co_await exchange_->read();
    if (!part) throw std::move(part).error();
    co_return *part;
  }

  /// True once `read` has given an empty part.
  bool complete() const noexcept { return exchange_->complete(); }
  /// Known once complete.
  const fields& trailers() const noexcept { return exchange_->trailers(); }
  /// Known once complete, but for the phases until the head.
  const cohttps::timings& timings() const noexcept { return exchange_->timings(); }

 private:
  std::unique_ptr<exchange<Transport>> exchange_;
};

}  // namespace cohttps
