// Definitions for har_replay.hpp.
#pragma once

#include <cohttps/har_replay.hpp>
#include <cohttps/request/har_replay_layer.hpp>
#include <cohttps/request/har_replay_layer.ipp>

#include <utility>

namespace cohttps {

COHTTPS_DEF har_replayer::har_replayer(har_log log, har_rules rules)
    : layer_(std::make_shared<detail::har_replay_layer<>>(std::move(log), std::move(rules))) {}

COHTTPS_DEF middleware har_replayer::layer() const {
  return [layer = layer_](request& r, next_handler next) { return layer->handle(r, next); };
}

COHTTPS_DEF std::vector<std::size_t> har_replayer::unused() const { return layer_->unused(); }

}  // namespace cohttps
