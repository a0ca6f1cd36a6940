// Definitions for request_fields.hpp.
#pragma once

#include <cohttps/request/request_fields.hpp>

namespace cohttps::detail {

COHTTPS_DEF void add_client_fields(fields& all, const client_options& options) {
  const std::size_t own = all.size();
  const auto has = [&](std::string_view name) {
    for (std::size_t i = 0; i < own; ++i)
      if (ascii::iequals(all[i].name, name)) return true;
    return false;
  };
  for (const field f : options.headers)
    if (!has(f.name)) all.append_unchecked(f.name, f.value);
  if (!options.user_agent.empty() && !all.contains("user-agent"))
    all.append_unchecked("User-Agent", options.user_agent);
  if (!options.accept.empty() && !all.contains("accept"))
    all.append_unchecked("Accept", options.accept);
}

COHTTPS_DEF void add_content_type(fields& all, std::string_view media_type) {
  if (!media_type.empty() && !all.contains("content-type"))
    all.append_unchecked("Content-Type", media_type);
}

COHTTPS_DEF result<void> add_priority(fields& all, const priority& p) {
  auto value = priority_field(p);
  if (!value) return pass(std::move(value));
  if (all.contains("priority"))
    return fail(error_category::usage, "priority_set_twice",
                "the request has both the option priority and a Priority field; leave one out");
  if (!value->empty()) all.append_unchecked("Priority", *value);
  return {};
}

COHTTPS_DEF bool add_accept_encoding(fields& all) {
  const std::string& known = accept_encoding();
  if (known.empty() || all.contains("accept-encoding") || all.contains("range")) return false;
  all.append_unchecked("Accept-Encoding", known);
  return true;
}

COHTTPS_DEF std::string random_uuid(std::array<std::uint8_t, 16> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

}  // namespace cohttps::detail
