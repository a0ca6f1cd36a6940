// A Redis server of Debian, on loopback, without files.
#pragma once

#include "servers/peer.hpp"
#include "servers/process.hpp"

#include <cohttps/stores/redis.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::testing {

class redis_server {
 public:
  explicit redis_server(std::vector<std::string> more = {}) : more_(std::move(more)) { start(); }

  void start() {
    const std::string program = "/usr/bin/redis-server";
    if (!std::filesystem::exists(program))
      SKIP("there is no Redis on this machine; tools/setup test installs it");
    std::vector<std::string> command{program,
                                     "--bind",
                                     "127.0.0.1",
                                     "--port",
                                     std::to_string(port_),
                                     "--save",
                                     "",
                                     "--appendonly",
                                     "no",
                                     "--dir",
                                     folder_.path().string(),
                                     "--unixsocket",
                                     socket_path()};
    command.insert(command.end(), more_.begin(), more_.end());
    process_.emplace(command, folder_.path() / "out", folder_.path() / "err");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!accepts(port_))
      if (process_->wait(std::chrono::milliseconds(5)) || std::chrono::steady_clock::now() > end)
        throw std::runtime_error("Redis does not start: " + folder_.read("out"));
  }
  /// Ends it, so that it answers nobody any more.
  void kill() {
    ::kill(process_->id(), SIGKILL);
    (void)process_->wait(std::chrono::seconds(5));
  }
  /// It takes connections, and answers nothing.
  void pause() const { ::kill(process_->id(), SIGSTOP); }
  void go_on() const { ::kill(process_->id(), SIGCONT); }

  std::uint16_t port() const noexcept { return port_; }
  std::string socket_path() const { return (folder_.path() / "redis.sock").string(); }
  const temporary_folder& folder() const noexcept { return folder_; }
  redis_options options() const {
    return {.host = "127.0.0.1", .port = port_, .timeout = std::chrono::seconds(5)};
  }

 private:
  temporary_folder folder_;
  std::vector<std::string> more_;
  std::uint16_t port_ = free_port();
  std::optional<child_process> process_;
};

}  // namespace cohttps::testing
