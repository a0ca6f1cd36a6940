#include <cohttps/connection/phase_limits.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace cohttps;
using namespace cohttps::detail;
using namespace std::chrono_literals;

namespace {
constexpr time_point start{1h};
}

TEST_CASE("a window of the minimum rate begins with the first byte and is renewed by enough") {
  rate_window w;
  w.add(1, start);
  CHECK(w.end() == never);
  w.restart(minimum_rate{100, 30s});
  CHECK(w.end() == never);
  w.add(1, start);
  CHECK(w.end() == start + 30s);
  w.add(99, start + 20s);
  CHECK(w.end() == start + 30s);
  w.add(1, start + 25s);
  CHECK(w.end() == start + 55s);
  w.add(1000, start + 26s);
  CHECK(w.end() == start + 56s);
}

TEST_CASE("time does not count while the window is paused") {
  rate_window w;
  w.restart(minimum_rate{100, 30s});
  w.pause(start);  // before the first byte: nothing to pause
  w.resume(start);
  CHECK(w.end() == never);
  w.add(1, start);
  w.pause(start + 10s);
  CHECK(w.end() == never);
  w.resume(start + 1h);
  CHECK(w.end() == start + 1h + 20s);
}

TEST_CASE("the end of time stays where it is") {
  CHECK(later(never, 1s) == never);
  CHECK(later(never - 1s, 2s) == never);
  CHECK(later(start, 1s) == start + 1s);
}
