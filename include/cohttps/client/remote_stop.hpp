// A stop that comes from a std::stop_token, from any thread.
#pragma once

#include <cohttps/net/deadline.hpp>
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
  remote_stop(Transport& transport, const std::stop_token& from, net::deadline_entry& target) {
    if (!from.stop_possible()) return;
    target_ = std::make_shared<net::deadline_entry*>(&target);
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
    std::shared_ptr<net::deadline_entry*> target;
    void operator()() noexcept {
      transport.post([to = target] {
        if (*to) (*to)->stop();
      });
    }
  };

  std::shared_ptr<net::deadline_entry*> target_;
  std::optional<std::stop_callback<deliver>> asked_;
};

}  // namespace cohttps
