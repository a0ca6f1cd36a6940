// Definitions for key_log.hpp.
#pragma once

#include <cohttps/tls/key_log.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::string key_log_line(std::string_view label, std::span<const std::uint8_t> random,
                                     std::span<const std::uint8_t> secret) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line(label);
  for (const auto part : {random, secret}) {
    line += ' ';
    for (const auto byte : part) (line += digits[byte >> 4]) += digits[byte & 15];
  }
  return line;
}

COHTTPS_DEF result<key_log> key_log_of_environment() {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (!path || !*path) return key_log();
  using cohttps::detail::file;
  struct sink {
    std::mutex mutex;
    file to;
  };
  const auto out = std::make_shared<sink>();
  std::error_code failed;
  out->to = file::open(path, file::write | file::append | file::owner_only, failed);
  if (failed)
    return fail(error_category::usage, "unwritable_key_log",
                "cannot write the file \"" + std::string(path) +
                    "\" that SSLKEYLOGFILE names: " + failed.message());
  return [out](std::string_view line) {
    const std::scoped_lock lock(out->mutex);
    std::error_code ignored;
    out->to.write_all(std::string(line) + '\n', ignored);
  };
}

}  // namespace cohttps::tls
