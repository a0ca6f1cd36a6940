// Programs of the system that a test runs with arguments and files of its own.
#pragma once

#include "servers/process.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace cohttps::testing {

/// What a program that has ended has said.
struct program_outcome {
  int code;
  std::string out;
  std::string err;
  std::chrono::duration<double> took;
};

/// Where it is installed. Skips the test where it is not.
inline std::string installed(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders((path ? std::string(path) : "") + ":/usr/sbin:/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (auto file = std::filesystem::path(folder) / name; ::access(file.c_str(), X_OK) == 0)
      return file.string();
  SKIP("there is no " << name << " on this machine; tools/setup test installs it");
  return {};
}

/// A program under way, with what it prints.
class running_program {
 public:
  running_program(const temporary_folder& folder, std::string name,
                  const std::vector<std::string>& command)
      : folder_(folder),
        name_(std::move(name)),
        process_(command, folder.path() / (name_ + ".out"), folder.path() / (name_ + ".err")) {}

  pid_t id() const { return process_.id(); }
  child_process& process() { return process_; }
  std::string out() const { return folder_.read(name_ + ".out"); }
  std::string err() const { return folder_.read(name_ + ".err"); }

  /// Waits until `ready()`; throws what the program says when it ends before.
  template <class Ready>
  void wait_until(Ready ready) {
    const auto end = started_ + std::chrono::seconds(20);
    while (!ready())
      if (process_.wait(std::chrono::milliseconds(2)) || std::chrono::steady_clock::now() > end)
        throw std::runtime_error(name_ + " does not start: " + out() + err());
  }

  /// Waits for its end, which has to come.
  program_outcome end(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto code = process_.wait(limit);
    if (!code) FAIL(name_ << " has not ended in time: " << out() << err());
    return {*code, out(), err(), std::chrono::steady_clock::now() - started_};
  }

 private:
  const temporary_folder& folder_;
  std::string name_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  child_process process_;
};

}  // namespace cohttps::testing
