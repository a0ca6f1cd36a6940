// Runs a coroutine on an Asio loop that the caller owns.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/transport/asio/config.hpp>

#include <exception>

namespace cohttps::detail {

/// Starts `root`, and runs `loop` until `root` is done. Rethrows the exception of `root`.
template <class Root>
void run_on(asio::io_context& loop, Root& root) {
  root.start();
  // Runs one handler at a time. Connections that are kept for reuse may leave timers, which would
  // keep the loop running.
  while (!root.done() && loop.run_one() != 0) {
  }
  if (!root.done())
    throw error(error_category::usage, "nothing_to_wait_for",
                "the task given to run() waits for something that no event can bring about");
  if (root.failure()) std::rethrow_exception(root.failure());
}

}  // namespace cohttps::detail
