// Forwards stops from a `std::stop_token`, from any thread.
#pragma once

#include <cohttps/connection/deadline.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <forward_list>
#include <memory>
#include <new>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// Stops `target` on the event loop's thread as soon as one of `tokens` is stopped. If one is
/// already stopped, the constructor stops `target`.
class std_stop_bridge {
 public:
  COHTTPS_DECL std_stop_bridge(any_transport& transport, const std::vector<std::stop_token>& tokens,
                               deadline_entry& target) {
    if (tokens.empty()) return;
    if (std::ranges::any_of(tokens, &std::stop_token::stop_requested)) {
      target.stop();
      return;
    }
    target_ = std::make_shared<deadline_entry*>(&target);
    for (const std::stop_token& token : tokens)
      on_stop_.emplace_front(token, deliver{transport, target_});
  }
  std_stop_bridge(const std_stop_bridge&) = delete;
  std_stop_bridge& operator=(const std_stop_bridge&) = delete;
  ~std_stop_bridge() {
    if (target_) *target_ = nullptr;  // calls that are already posted then do nothing
  }

 private:
  struct deliver {
    any_transport transport;
    std::shared_ptr<deadline_entry*> target;
    // A stop must not be lost because of missing memory, and the caller of `request_stop` cannot
    // get an error. So the call is tried until it succeeds.
    void operator()() noexcept {
      while (!posted()) std::this_thread::yield();
    }
    COHTTPS_DECL bool posted() noexcept;
  };

  std::shared_ptr<deadline_entry*> target_;
  std::forward_list<std::stop_callback<deliver>> on_stop_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/std_stop_bridge.ipp>
#endif
