// Definitions for har.hpp.
#pragma once

#include <cohttps/har.hpp>
#include <cohttps/request/har_layer.hpp>
#include <cohttps/request/har_layer.ipp>

#include <utility>

namespace cohttps {

COHTTPS_DEF har_recorder::har_recorder(const std::string& path, har_options options) {
  auto file = har_file::create(path);
  if (!file) throw std::move(file).error();
  layer_ = std::make_shared<detail::har_layer<>>(*std::move(file), std::move(options));
}

COHTTPS_DEF middleware har_recorder::layer() const {
  return [layer = layer_](request& r, next_handler next) { return layer->handle(r, next); };
}

COHTTPS_DEF std::uint64_t har_recorder::entries() const { return layer_->entries(); }

COHTTPS_DEF std::optional<error> har_recorder::failure() const { return layer_->failure(); }

}  // namespace cohttps
