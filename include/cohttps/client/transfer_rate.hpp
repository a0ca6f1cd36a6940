// A limit of speed for one request.
#pragma once

#include <cohttps/client/content.hpp>
#include <cohttps/connection/content_source.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

/// How long `size` bytes take at a rate.
inline std::chrono::nanoseconds transfer_time(std::size_t size,
                                              std::uint64_t bytes_per_second) noexcept {
  const double seconds = static_cast<double>(size) / static_cast<double>(bytes_per_second);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 1e8) * 1e9));
}

/// Gives content in pieces, and no faster than a rate.
template <class = void>
class slow_source final : public content_source {
 public:
  slow_source(std::uint64_t bytes_per_second, content of, const any_transport& transport,
              stop_token stop)

      : rate_(bytes_per_second), of_(std::move(of)), transport_(transport), stop_(stop) {}

  result<void> check() const override { return of_.check(); }
  std::optional<std::uint64_t> length() const noexcept override { return of_.length(); }
  bool can_rewind() const noexcept override { return of_.can_rewind(); }
  bool rewind() noexcept override {
    rest_ = {};
    given_ = false;
    return of_.rewind();
  }
  std::string_view path() const noexcept override {
    return of_.source() ? of_.source()->path() : std::string_view();
  }

  task<result<std::span<const std::byte>>> next() override {
    const bool in_time = co_await sleep_until(transport_, due_, stop_);
    if (!in_time)
      co_return fail(error_category::canceled, "canceled", "the operation was canceled");
    if (rest_.empty() && of_.source()) {
      auto piece = co_await of_.source()->next();
      if (!piece) co_return piece;
      rest_ = *piece;
    } else if (rest_.empty() && !std::exchange(given_, true)) {
      rest_ = of_.memory();
    }
    const auto most = std::clamp<std::uint64_t>(rate_ / 4, 1, std::uint64_t{16} * 1024);
    const auto piece = rest_.first(std::min<std::size_t>(rest_.size(), most));
    rest_ = rest_.subspan(piece.size());
    due_ = std::max(due_, transport_.now()) + transfer_time(piece.size(), rate_);
    co_return piece;
  }

 private:
  std::uint64_t rate_;
  content of_;
  any_transport transport_;
  stop_token stop_;
  std::span<const std::byte> rest_;
  time_point due_ = time_point::min();
  bool given_ = false;  // content in memory
};

}  // namespace detail

/// The most bytes a second that move in each direction: `.max_rate = 100'000`. The client sends
/// pieces, and reads them, no faster. Bytes of TLS and of heads do not count.
class transfer_rate {
 public:
  transfer_rate() = default;
  template <std::integral Number>
  transfer_rate(Number bytes_per_second)
      : bytes_(static_cast<std::uint64_t>(std::max<Number>(bytes_per_second, 1))),
        limit_content_(&limit_content<>) {}

  explicit operator bool() const noexcept { return bytes_ != 0; }

  /// How long `size` bytes take.
  std::chrono::nanoseconds time_of(std::size_t size) const noexcept {
    return detail::transfer_time(size, bytes_);
  }

  /// Makes `of` come no faster. `stop` ends a wait.
  void limit(content& of, const any_transport& transport, stop_token stop) const {
    if (limit_content_) limit_content_(bytes_, of, transport, stop);
  }

 private:
  template <class = void>
  static void limit_content(std::uint64_t rate, content& of, const any_transport& transport,
                            stop_token stop) {
    if (of.empty()) return;
    const std::string media_type(of.media_type());
    of = content(std::make_unique<detail::slow_source<>>(rate, std::move(of), transport, stop),
                 media_type);
  }

  std::uint64_t bytes_ = 0;
  // A program that limits no speed does not compile the functions that do.
  void (*limit_content_)(std::uint64_t, content&, const any_transport&, stop_token) = nullptr;
};

}  // namespace cohttps
