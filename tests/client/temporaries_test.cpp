// The forms that README recommends where GCC 12 would destroy temporaries twice: under
// AddressSanitizer they show it if they do.
#include "client/support.hpp"

#include <optional>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

struct user {
  int id;
  std::string name;
};

}  // namespace

template <>
struct cohttps::representation<user> {
  static constexpr std::string_view media_type = "text/plain";
  static std::string write(const user& one) { return one.name; }
};

TEST_CASE("what an awaited statement may hold") {
  plain_host at;
  for (int i = 0; i < 7; ++i) at.host.then(plain_response("content"));
  const std::string long_text(100, 's');
  const auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const std::string base = "http://host/";

    const auto on_progress = [long_text](const progress&) { (void)long_text; };
    (void)co_await c.get(base, {.on_progress = on_progress});
    std::size_t calls = 0;
    (void)co_await c.get(base, {.on_progress = [&](const progress&) { ++calls; }});
    CHECK(calls > 0);

    const user alice{1, long_text};
    (void)co_await c.post(base, content::of(alice));
    (void)co_await c.post(base, content(std::string(long_text)));
    (void)co_await c.get(base + long_text, {.headers = {{"x-text", base + long_text}}});

    const std::string chosen = calls > 0 ? base : base + long_text;
    (void)co_await c.get(chosen);

    client other(at.network.transport(), plain());
    auto last = co_await other.try_get(base);
    CHECK(last.has_value());
  };
  at.network.run(work());
}
