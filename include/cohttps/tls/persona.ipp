// Definitions for persona.hpp.
#pragma once

#include <cohttps/tls/persona.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::shared_ptr<const persona> current_persona::get() const {
  const std::scoped_lock lock(mutex_);
  return persona_;
}

COHTTPS_DEF void current_persona::replace(persona next) {
  auto other = std::make_shared<const persona>(std::move(next));
  const std::scoped_lock lock(mutex_);
  persona_.swap(other);
}

}  // namespace cohttps::tls
