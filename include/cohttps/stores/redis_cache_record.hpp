// A response as a `redis_cache` keeps it; redis_cache_scripts.hpp draws it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/stores/field_lines.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// A response as it is in Redis.
struct redis_record {
  std::shared_ptr<const cached_response> response;  // null: the record cannot be read
  std::shared_ptr<const std::string> content;
  std::string content_id;  // where `content` is null
  std::uint64_t length = 0;

  /// Returns the first part of a record.
  static std::string head_of(const cached_response& r) {
    const auto seconds = [](cached_response::time_point t) {
      return std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
    };
    const std::string head = std::to_string(r.status) + ' ' + seconds(r.requested) + ' ' +
                             seconds(r.received) + '\n' + to_lines(r.headers);
    std::string size(8, '0');
    for (std::size_t i = 0, n = head.size(); i < 8; ++i, n >>= 4)
      size[7 - i] = "0123456789abcdef"[n & 15];
    return size + head;
  }
  static redis_record read(std::string_view vary, std::string_view text) {
    std::size_t size = 0;
    for (const char c : text.substr(0, 8)) {
      if (!ascii::is_hex(c)) return {};
      size = size * 16 + static_cast<std::size_t>(ascii::hex_value(c));
    }
    if (text.size() < 8 || text.size() - 8 < size) return {};
    std::string_view head = text.substr(8, size), rest = text.substr(8 + size);
    std::string_view line = ascii::take_until(head, '\n');
    const auto number = [&] { return ascii::parse_decimal(ascii::take_until(line, ' ')); };
    const auto status = number(), requested = number(), received = number();
    if (!status || *status > 999 || rest.empty()) return {};
    // Later times are beyond what a clock of nanoseconds can count.
    constexpr std::uint64_t latest = 9'000'000'000;
    if (!requested || *requested > latest || !received || *received > latest) return {};
    const char kind = rest.front();
    rest.remove_prefix(1);
    const auto length = ascii::parse_decimal(ascii::take_until(rest, ':'));
    if (!length || (kind == 'i' ? rest.size() != *length : kind != 'c')) return {};
    const auto time = [](std::uint64_t n) {
      return cached_response::time_point(std::chrono::seconds(n));
    };
    auto made = std::make_shared<cached_response>();
    made->status = static_cast<int>(*status);
    made->requested = time(*requested);
    made->received = time(*received);
    made->headers = from_lines(head);
    made->request_fields = from_lines(vary);
    redis_record out{std::move(made), nullptr, {}, *length};
    if (kind == 'i')
      out.content = std::make_shared<const std::string>(rest);
    else
      out.content_id = rest;
    return out;
  }
};

}  // namespace cohttps::detail
