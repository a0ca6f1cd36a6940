// Mistakes that the compiler refuses with a message that says what to write. The check `mistakes`
// compiles each FORM, and looks for its text in the first five lines.
#include <cohttps/client/content.hpp>
#include <cohttps/cohttps.hpp>

#include <chrono>
#include <map>
#include <string>

#ifndef FORM
#define FORM 0
#endif

using namespace std::chrono_literals;

namespace {

struct user {
  int id;
};

}  // namespace

cohttps::task<void> mistakes(cohttps::client& client);
cohttps::task<void> mistakes(cohttps::client& client) {
#if FORM == 1  // a limit of time needs a unit: std::chrono::seconds(5)
  co_await client.get("https://example.com/", {.timeout = 5});
#elif FORM == 2   // a limit of time needs a unit: std::chrono::seconds(5)
  cohttps::client other({.timeouts = {.connect = 5}});
#elif FORM == 3   // a limit of time has whole units: std::chrono::milliseconds(1500)
  co_await client.get("https://example.com/", {.timeout = std::chrono::duration<double>(1.5)});
#elif FORM == 4   // request_options
  co_await client.get("https://example.com/", {.timout = 5s});
#elif FORM == 5   // declaration order
  co_await client.get("https://example.com/", {.timeout = 5s, .headers = {{"a", "b"}}});
#elif FORM == 6   // co_await std::move(call)
  auto call = client.get("https://example.com/");
  co_await call;
#elif FORM == 7   // include an adapter such as <cohttps/adapters/nlohmann_json.hpp>
  (void)co_await client.get("https://example.com/").as<user>();
#elif FORM == 8   // include an adapter such as <cohttps/adapters/nlohmann_json.hpp>
  const user alice{1};
  co_await client.post("https://example.com/", cohttps::content::of(alice));
#elif FORM == 9   // include <cohttps/middleware.hpp> for client::use
  client.use([](cohttps::request& r, cohttps::next_handler next) { return next(r); });
#elif FORM == 10  // include its header, such as <cohttps/websocket.hpp>
  auto socket = co_await client.websocket("wss://example.com/");
#elif FORM == 11  // argument
  co_await cohttps::client().get("https://example.com/");
#elif FORM == 12  // an operation does nothing until it is awaited
  client.get("https://example.com/");
#else
  const std::map<std::string, std::string> headers{{"accept", "text/html"}};
  const auto response =
      co_await client.get("https://example.com/", {.headers = headers, .timeout = 5s});
  co_await client.get("https://example.com/", {.timeout = std::nullopt});
#endif
  co_return;
}
