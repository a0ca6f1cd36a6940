// Definitions for request_listener.hpp.
#pragma once

#include <cohttps/request/request_listener.hpp>

namespace cohttps::detail {

COHTTPS_DEF exchange_listener* request_listener::begin() {
  progress_ = {0, request_.content.length(), 0, {}};
  return request_.on_interim || request_.on_progress ? this : nullptr;
}

COHTTPS_DEF void request_listener::received(std::size_t size) {
  progress_.received += size;
  if (request_.on_progress) request_.on_progress(progress_);
}

}  // namespace cohttps::detail
