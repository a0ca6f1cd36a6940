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
