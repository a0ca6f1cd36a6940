// Stops that come from a std::stop_token, from any thread.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <forward_list>
#include <memory>
#include <new>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace cohttps {

/// Asks `target` to stop, on the loop's thread, once one of `tokens` was asked; at once, if it
/// already was.
class remote_stop {
 public:
  COHTTPS_DECL remote_stop(any_transport& transport, const std::vector<std::stop_token>& tokens,
                           net::deadline_entry& target) {
    if (tokens.empty()) return;
    if (std::ranges::any_of(tokens, &std::stop_token::stop_requested)) {
      target.stop();
      return;
    }
    target_ = std::make_shared<net::deadline_entry*>(&target);
    for (const std::stop_token& token : tokens)
      on_stop_.emplace_front(token, deliver{transport, target_});
  }
  remote_stop(const remote_stop&) = delete;
  remote_stop& operator=(const remote_stop&) = delete;
  ~remote_stop() {
    if (target_) *target_ = nullptr;  // what is posted already finds nobody
  }

 private:
  struct deliver {
    any_transport transport;
    std::shared_ptr<net::deadline_entry*> target;
    // A stop must not be lost for want of memory, which whoever asks for it cannot be told.
    void operator()() noexcept {
      while (!posted()) std::this_thread::yield();
    }
    COHTTPS_DECL bool posted() noexcept;
  };

  std::shared_ptr<net::deadline_entry*> target_;
  std::forward_list<std::stop_callback<deliver>> on_stop_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/remote_stop.ipp>
#endif
