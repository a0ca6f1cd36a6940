// Reads {"input"} as JSON, one object a line, and writes {"unix"}: the seconds since 1970 that a
// cookie's Expires attribute of this value means, or null.
#include <cohttps/http/cookie/cookie_date.hpp>

#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>
#include <string>

using nlohmann::json;

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    json reply;
    try {
      const auto date =
          cohttps::parse_cookie_date(json::parse(line).at("input").get<std::string>());
      reply["unix"] = date ? json(date->time_since_epoch().count()) : json(nullptr);
    } catch (const std::exception& e) {
      reply = {{"error", std::string("the line cannot be used: ") + e.what()}};
    }
    std::cout << reply.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
