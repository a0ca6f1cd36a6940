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
  for (int i = 0; i < 8; ++i) at.host.then(plain_response("content"));
  const std::string long_text(100, 's');
  const auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const std::string base = "http://host/";

    const auto on_progress = [long_text](const progress&) { (void)long_text; };
    (void)co_await c.get(base, {.on_progress = on_progress});
    std::size_t calls = 0;
    (void)co_await c.get(base, {.on_progress = [&](const progress&) { ++calls; }});
    CHECK(calls > 0);

    // A request that is an object first may hold anything.
    auto made = request::to(method::post, base + long_text);
    made.content = content(std::string(long_text));
    made.headers.append_unchecked("x-text", long_text);
    made.on_progress = [long_text](const progress&) { (void)long_text; };
    auto answered = co_await c.send(std::move(made));
    CHECK(answered.text() == "content");
    auto unparsable = request::to(method::get, "http://[");
    auto failed = co_await c.try_send(std::move(unparsable));
    CHECK(failed.error().category() == error_category::usage);

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
