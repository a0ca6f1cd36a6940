#include <cohttps/core/stop.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <vector>

using namespace cohttps;

TEST_CASE("a stop runs every callback once, newest first, with its reason") {
  stop_source source;
  stop_token token(source);
  std::vector<int> ran;
  stop_callback first(token, [&] { ran.push_back(1); });
  stop_callback second(token, [&] { ran.push_back(2); });
  source.request_stop(stop_reason::timed_out);
  source.request_stop(stop_reason::canceled);
  CHECK(ran == std::vector{2, 1});
  CHECK(token.reason() == stop_reason::timed_out);
}

TEST_CASE("a callback registered after the stop runs at once") {
  stop_source source;
  source.request_stop();
  bool ran = false;
  stop_callback callback(stop_token(source), [&] { ran = true; });
  CHECK(ran);
}

TEST_CASE("a destroyed callback does not run, wherever it stands in the list") {
  for (int destroyed = 0; destroyed < 3; ++destroyed) {
    stop_source source;
    std::vector<int> ran;
    auto make = [&](int i) { return [&ran, i] { ran.push_back(i); }; };
    using callback = stop_callback<decltype(make(0))>;
    std::optional<callback> callbacks[3];
    for (int i = 0; i < 3; ++i) callbacks[i].emplace(stop_token(source), make(i));
    callbacks[destroyed].reset();
    source.request_stop();
    CHECK(ran.size() == 2);
    for (int i : ran) CHECK(i != destroyed);
  }
}

TEST_CASE("a callback may destroy the others and itself") {
  stop_source source;
  struct link {
    std::optional<link>* all;
    int* runs;
    struct act {
      link* self;
      void operator()() const {
        auto* both = self->all;
        ++*self->runs;
        both[0].reset();
        both[1].reset();
      }
    };
    stop_callback<act> callback;
    link(stop_source& s, std::optional<link>* a, int* r)
        : all(a), runs(r), callback(s, act{this}) {}
  };
  int runs = 0;
  std::optional<link> links[2];
  links[0].emplace(source, links, &runs);
  links[1].emplace(source, links, &runs);
  source.request_stop();
  CHECK(runs == 1);
}

TEST_CASE("a token without a source never stops") {
  stop_token token;
  CHECK_FALSE(token.stop_possible());
  CHECK_FALSE(token.stop_requested());
  stop_callback callback(token, [] { FAIL("called"); });
}
