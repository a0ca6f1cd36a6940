// A response whose content is still to be read.
#pragma once

#include <cohttps/client/exchange_state.hpp>
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

/// An exchange whose head is there.
class open_exchange {
 public:
  virtual ~open_exchange() = default;

  /// The next part of the content, valid until the next call; an empty one at its end, when the
  /// connection has gone back.
  virtual task<result<std::span<const std::byte>>> read() = 0;

  const exchange_state& state() const noexcept { return state_; }

 protected:
  exchange_state state_;
};

/// Owns its connection until the content has been read; what is not read keeps the server waiting.
/// Destroyed earlier, it closes the connection. Has no bound on the content's size.
class response_stream {
 public:
  explicit response_stream(std::unique_ptr<open_exchange> opened) noexcept
      : exchange_(std::move(opened)) {}

  int status() const noexcept { return state().head.status; }

  /// As the peer wrote it, or the registered one when it wrote none.
  std::string_view reason() const noexcept { return state().head.reason_or_default(); }

  const fields& headers() const noexcept { return state().head.headers; }
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers().find(name);
  }
  const cohttps::url& url() const noexcept { return *state().url; }
  const std::vector<redirect_hop>& history() const noexcept { return state().history; }
  const connection_info& connection() const noexcept { return *state().connection; }
  bool on_reused_connection() const noexcept { return state().on_reused_connection; }

  /// What the Content-Length field says, if there is one.
  std::optional<std::uint64_t> content_length() const noexcept { return state().content_length; }

  /// The next part of the content: a view into the receive buffer, valid until the next call. Empty
  /// at the end. Throws `error`.
  task<std::span<const std::byte>> read() {
    auto part = co_await exchange_->read();
    if (!part) throw std::move(part).error();
    co_return *part;
  }

  /// True once `read` has given an empty part.
  bool complete() const noexcept { return state().complete; }
  /// Known once complete.
  const fields& trailers() const noexcept { return state().trailers; }
  /// Known once complete, but for the phases until the head.
  const cohttps::timings& timings() const noexcept { return state().timings; }

 private:
  const exchange_state& state() const noexcept { return exchange_->state(); }

  std::unique_ptr<open_exchange> exchange_;
};

}  // namespace cohttps
