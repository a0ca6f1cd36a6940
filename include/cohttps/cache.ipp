// Definitions for cache.hpp.
#pragma once

#include <cohttps/cache.hpp>
#include <cohttps/request/cache_layer.hpp>

#include <utility>

namespace cohttps {

COHTTPS_DEF http_cache::http_cache(std::shared_ptr<cache_store> store, cache_options options)
    : layer_(std::make_shared<detail::cache_layer<>>(std::move(store), std::move(options))) {}

COHTTPS_DEF middleware http_cache::layer() const {
  return [layer = layer_](request& r, next_handler next) { return layer->handle(r, next); };
}

COHTTPS_DEF cache_statistics http_cache::statistics() const { return layer_->statistics; }

}  // namespace cohttps
