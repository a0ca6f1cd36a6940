// libFuzzer target: any bytes, as Set-Cookie fields that a jar takes in, and as a cookie file.
#include <cohttps/http/cookie/cookie_file.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const cookie_jar::time_point now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const url hosts[] = {*url::parse("https://www.example.com/x/y"),
                              *url::parse("http://example.com/"), *url::parse("http://127.0.0.1/")};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  cookie_jar jar;
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::string_view field = ascii::take_until(rest, '\n');
    if (const auto parsed = parse_set_cookie(field)) {
      require(parsed->name.size() + parsed->value.size() <= set_cookie::max_size);
      require(parsed->path.empty() || parsed->path.front() == '/');
      require(!parsed->max_age ||
              (parsed->max_age->count() >= 0 && *parsed->max_age <= max_cookie_age));
    }
    for (const url& host : hosts) static_cast<void>(jar.store(host, field, now));
  }
  require(jar.size() <= cookie_jar::max_size);
  for (const cookie& c : jar.cookies()) {
    require(!c.is_expired(now) && c.path.starts_with('/'));
    require(!c.expires ||
            *c.expires <= std::chrono::floor<std::chrono::seconds>(now) + max_cookie_age);
    require(c.domain == "www.example.com" || c.domain == "example.com" || c.domain == "127.0.0.1");
    // What a server set is what may be put in.
    cookie_jar other;
    require(other.add(c, now).has_value());
  }
  for (const url& host : hosts) {
    const std::string value = jar.cookie_header(host, now);
    require(ascii::is_field_value(value) && ascii::trim(value) == value);
  }

  // What is written is read as the same, but for SameSite and tabs.
  const std::string text = write_netscape_cookies(jar, now);
  cookie_jar again;
  require(read_netscape_cookies(again, text, now).has_value());
  require(write_netscape_cookies(again, now) == text);

  cookie_jar file;
  if (read_netscape_cookies(file, input, now)) {
    const std::string first = write_netscape_cookies(file, now);
    cookie_jar second;
    require(read_netscape_cookies(second, first, now).has_value());
    require(write_netscape_cookies(second, now) == first);
  } else {
    require(file.empty());
  }
  return 0;
}
