// Definitions for handler_memory.hpp.
#pragma once

#include <cohttps/transport/asio/handler_memory.hpp>

namespace cohttps::detail {

COHTTPS_DEF void* handler_memory::allocate(std::size_t size) {
  if (used_ || size > sizeof(block_)) return ::operator new(size);
  used_ = true;
  return block_;
}

COHTTPS_DEF void handler_memory::deallocate(void* memory) noexcept {
  if (memory == block_)
    used_ = false;
  else
    ::operator delete(memory);
}

}  // namespace cohttps::detail
