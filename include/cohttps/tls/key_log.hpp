// Secrets of connections for those who debug: the SSLKEYLOGFILE format (RFC 9850).
#pragma once

#include <cohttps/core/error.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
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

/// Appends to the file that SSLKEYLOGFILE names; null when it is not set. A file that is made is of
/// mode 0600 from its first moment; one that is there is appended to and keeps its mode, so that
/// whoever may read it reads the secrets.
[[gnu::cold]] inline result<key_log> key_log_of_environment() {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (!path || !*path) return key_log();
  struct sink {
    explicit sink(const char* name) {
      const int opened = ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      if (opened >= 0) file.reset(::fdopen(opened, "ab"));
    }
    struct closer {
      void operator()(std::FILE* open) const noexcept { std::fclose(open); }
    };
    std::mutex mutex;
    std::unique_ptr<std::FILE, closer> file;
  };
  const auto out = std::make_shared<sink>(path);
  if (!out->file)
    return fail(error_category::usage, "unwritable_key_log",
                "cannot write the file \"" + std::string(path) +
                    "\" that SSLKEYLOGFILE names: " + std::system_category().message(errno));
  return [out](std::string_view line) {
    const std::scoped_lock lock(out->mutex);
    std::fwrite(line.data(), 1, line.size(), out->file.get());
    std::fputc('\n', out->file.get());
    std::fflush(out->file.get());
  };
}

}  // namespace cohttps::tls
