// Secrets of connections for those who debug: the SSLKEYLOGFILE format (RFC 9850).
#pragma once

#include <cohttps/core/error.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohttps::tls {

using key_log = std::function<void(std::string_view line)>;

inline std::string key_log_line(std::string_view label, std::span<const std::uint8_t> random,
                                std::span<const std::uint8_t> secret) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line(label);
  for (const auto part : {random, secret}) {
    line += ' ';
    for (const auto byte : part) (line += digits[byte >> 4]) += digits[byte & 15];
  }
  return line;
}

/// Appends to the file that SSLKEYLOGFILE names; null when it is not set. Made readable for nobody
/// else.
[[gnu::cold]] inline result<key_log> key_log_of_environment() {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (!path || !*path) return key_log();
  struct sink {
    std::mutex mutex;
    std::ofstream file;
  };
  const auto out = std::make_shared<sink>();
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(path, ignored);
  out->file.open(path, std::ios::binary | std::ios::app);
  if (!out->file)
    return fail(error_category::usage, "unwritable_key_log",
                "cannot write the file \"" + std::string(path) + "\" that SSLKEYLOGFILE names");
  using enum std::filesystem::perms;
  if (is_new) std::filesystem::permissions(path, owner_read | owner_write, ignored);
  return [out](std::string_view line) {
    const std::scoped_lock lock(out->mutex);
    (out->file << line << '\n').flush();
  };
}

}  // namespace cohttps::tls
