// Remembers when a peer sent something last, and decides when its silence needs action (decision
// 31).
#pragma once

#include <cohttps/connection/http2_options.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/transport/concepts.hpp>

#include <algorithm>
#include <optional>

namespace cohttps::detail {

/// Observes a peer that owes a response. After a period of silence, the client asks for a sign of
/// life (PING; RFC 9113, 6.7), and the peer then owes the answer to the PING.
class ping_keepalive {
 public:
  explicit ping_keepalive(const http2_options& options) noexcept : options_(options) {}

  /// The peer has sent something at `now`, or has nothing to send before `now`.
  void begin(time_point now) noexcept { since_ = now; }
  time_point since() const noexcept { return since_; }

  void ask(time_point now) noexcept { asked_at_ = now; }
  void answered() noexcept { asked_at_.reset(); }
  bool asked() const noexcept { return asked_at_.has_value(); }

  /// Returns when the client has to send a PING. After a PING, returns when the client has to give
  /// the peer up.
  time_point due() const noexcept {
    if (asked_at_) return later(std::max(*asked_at_, since_), options_.ping_answer);
    return options_.ping_after ? later(since_, *options_.ping_after) : never;
  }

 private:
  http2_options options_;
  time_point since_{};
  std::optional<time_point> asked_at_;
};

}  // namespace cohttps::detail
