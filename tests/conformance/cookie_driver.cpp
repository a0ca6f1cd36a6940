// Reads {"now", "set_url", "set_cookie": [...], "then_url"} as JSON, one object a line: a response
// of `set_url` with these Set-Cookie fields at the time `now` (seconds since 1970; 0 without it),
// and a request to `then_url` at "then_now", or at the same time. Writes {"cookie"}: the Cookie
// field's value, empty without one; or {"error"}.
#include <cohttps/http/cookie/cookie_jar.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

namespace {

using nlohmann::json;

json answer(const std::string& line) {
  const json question = json::parse(line);
  const auto time = [](double seconds) {
    return cohttps::cookie_jar::time_point(
        std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
  };
  const double now = question.value("now", 0.0);
  const auto from = cohttps::url::parse(question.at("set_url").get<std::string>());
  if (!from) return {{"error", "set_url: " + from.error().message()}};
  const auto to = cohttps::url::parse(question.value("then_url", from->href()));
  if (!to) return {{"error", "then_url: " + to.error().message()}};
  cohttps::cookie_jar jar;
  for (const json& field : question.at("set_cookie"))
    static_cast<void>(jar.store(*from, field.get<std::string>(), time(now)));
  return {{"cookie", jar.cookie_header(*to, time(question.value("then_now", now)))}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    json reply;
    try {
      reply = answer(line);
    } catch (const std::exception& e) {
      reply = {{"error", std::string("the line cannot be used: ") + e.what()}};
    }
    std::cout << reply.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
