// What the peers of the comparison share: the work to be done, and how its cost is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <malloc.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>

namespace peers {

/// `PEER WORK HOST PORT CA COUNT WIDTH`: what is to be done how often, over how many connections
/// or streams at once.
struct work {
  std::string kind;
  std::string host;
  std::string port;
  std::string authority;  ///< a file of certificates; empty: the system's
  std::size_t count = 1;
  std::size_t width = 1;

  std::string url(std::string_view path) const {
    return "https://" + host + ":" + port + std::string(path);
  }
  /// What a download fetches: 256 MiB, or 1 GiB in one stream.
  std::string_view large() const { return kind == "http2-download" ? "/huge" : "/large"; }
};

inline std::uint64_t processor_ns() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ns = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_usec) * 1'000;
  };
  return ns(used.ru_utime) + ns(used.ru_stime);
}

/// KiB in memory now.
inline std::uint64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  return 0;
}

/// From its construction to `tell`: after a warm-up, before the end.
class meter {
 public:
  void begin() {
    resident_ = resident_kib();
    processor_ = processor_ns();
    began_ = std::chrono::steady_clock::now();
  }
  void end() {
    wall_ = static_cast<std::uint64_t>((std::chrono::steady_clock::now() - began_).count());
    processor_ = processor_ns() - processor_;
    ::malloc_trim(0);  // what was freed is no matter
    grown_ = resident_kib() - resident_;
  }
  void tell(std::size_t count, std::uint64_t bytes) const {
    std::printf(
        "{\"count\": %zu, \"bytes\": %llu, \"wall_ns\": %llu, \"cpu_ns\": %llu, "
        "\"grown_kib\": %llu, \"resident_kib\": %llu}\n",
        count, static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(wall_),
        static_cast<unsigned long long>(processor_), static_cast<unsigned long long>(grown_),
        static_cast<unsigned long long>(resident_kib()));
  }

 private:
  std::chrono::steady_clock::time_point began_;
  std::uint64_t processor_ = 0, wall_ = 0, resident_ = 0, grown_ = 0;
};

/// What a client cannot do is said, not measured.
struct not_done : std::runtime_error {
  not_done() : std::runtime_error("this peer does not do this work") {}
};

/// Exit code 0 with a line of JSON, or 3 for `not_done`.
inline int run(int argc, char** argv, const std::function<void(const work&)>& does) try {
  if (argc != 7) throw std::runtime_error("usage: PEER WORK HOST PORT CA COUNT WIDTH");
  does({argv[1], argv[2], argv[3], argv[4], std::strtoull(argv[5], nullptr, 10),
        std::strtoull(argv[6], nullptr, 10)});
  return 0;
} catch (const not_done&) {
  return 3;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}

inline void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(what);
}

constexpr std::size_t small_size = 1024;
constexpr std::uint64_t large_size = std::uint64_t{256} << 20;

}  // namespace peers
