// A stop that comes from a std::stop_token, from any thread.
#pragma once

#include <cohttps/core/stop.hpp>
#include <cohttps/transport/concepts.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace cohttps {

/// Asks `target` to stop, on the loop's thread, once `from` was.
template <transport Transport>
class remote_stop {
 public:
  remote_stop(Transport& transport, const std::stop_token& from, stop_source& target) {
    if (!from.stop_possible()) return;
    target_ = std::make_shared<stop_source*>(&target);
    asked_.emplace(from, deliver{transport, target_});
  }
  remote_stop(const remote_stop&) = delete;
  remote_stop& operator=(const remote_stop&) = delete;
  ~remote_stop() {
    if (target_) *target_ = nullptr;  // what is posted already finds nobody
  }

 private:
  struct deliver {
    Transport transport;
    std::shared_ptr<stop_source*> target;
    void operator()() noexcept {
      transport.post([to = target] {
        if (*to) (*to)->request_stop();
      });
    }
  };

  std::shared_ptr<stop_source*> target_;
  std::optional<std::stop_callback<deliver>> asked_;
};

}  // namespace cohttps
