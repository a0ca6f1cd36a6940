// Reads {"input", "base"} as JSON, one object a line, and writes the parsed URL's components by the
// names of the URL Standard's API, or {"failure"}, one object a line.
#include <cohttps/url/url.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

using nlohmann::json;

/// The code unit of a "\uXXXX" at the front of `text`.
std::optional<unsigned> escaped_unit(std::string_view text) {
  if (!text.starts_with("\\u") || text.size() < 6) return std::nullopt;
  unsigned unit = 0;
  const auto [end, failed] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  if (failed != std::errc() || end != text.data() + 6) return std::nullopt;
  return unit;
}

constexpr bool is_high_surrogate(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
constexpr bool is_low_surrogate(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

/// Input of the standard is scalar values: a surrogate without its partner becomes U+FFFD. The
/// JSON parser would refuse it.
std::string with_scalar_values(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    std::size_t taken = 1;
    if (const auto unit = escaped_unit(line)) {
      taken = 6;
      if (is_high_surrogate(*unit)) {
        const auto next = escaped_unit(line.substr(6));
        if (next && is_low_surrogate(*next)) taken = 12;
      }
      if (taken == 6 && (is_high_surrogate(*unit) || is_low_surrogate(*unit))) {
        out += "\\ufffd";
        line.remove_prefix(6);
        continue;
      }
    } else if (line.front() == '\\' && line.size() > 1) {
      taken = 2;
    }
    out += line.substr(0, taken);
    line.remove_prefix(taken);
  }
  return out;
}

json failure(std::string_view why) { return {{"failure", why}}; }

json components(const cohttps::url& url) {
  const auto prefixed = [](char mark, std::string_view text) {
    return text.empty() ? std::string() : mark + std::string(text);
  };
  return {
      {"href", url.href()},
      {"protocol", std::string(url.scheme()) + ':'},
      {"username", url.username()},
      {"password", url.password()},
      {"host", url.authority()},
      {"hostname", url.host()},
      {"port", url.has_port() ? std::to_string(url.port()) : ""},
      {"pathname", url.path()},
      {"search", prefixed('?', url.query())},
      {"hash", prefixed('#', url.fragment())},
      {"origin", url.origin().text()},
  };
}

json answer(const std::string& line) {
  const json request = json::parse(with_scalar_values(line), nullptr, false);
  if (!request.is_object() || !request.contains("input") || !request["input"].is_string())
    return failure("the line is not a JSON object with a string \"input\"");
  const std::string input = request["input"];

  std::optional<cohttps::url> base;
  if (request.contains("base") && !request["base"].is_null()) {
    if (!request["base"].is_string()) return failure("\"base\" is not a string");
    auto parsed = cohttps::url::parse(request["base"].get<std::string>());
    if (parsed) {
      base = *std::move(parsed);
    } else if (parsed.error().reason() != "url_scheme_unsupported") {
      return failure("base: " + parsed.error().message());
    }
    // A base of another scheme is no base for http and https, but an absolute URL needs none.
  }

  const auto url = base ? cohttps::url::parse(input, *base) : cohttps::url::parse(input);
  return url ? components(*url) : failure(url.error().message());
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    json reply;
    try {
      reply = answer(line);
    } catch (const std::exception& e) {
      reply = failure(e.what());
    }
    std::cout << reply.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
