// Definitions for name.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/dns/name.hpp>

namespace cohttps::dns {

COHTTPS_DEF result<name> name::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(error_category::resolve, "host_name_unusable",
                "DNS cannot look '" + std::string(text.substr(0, 255)) +
                    "' up: " + std::string(why) + "; check its spelling");
  };
  std::string_view rest = text;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  std::string labels;
  while (true) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty()) return refuse("a part between its dots is empty");
    if (label.size() > 63) return refuse("a part between its dots has more than 63 bytes");
    labels += static_cast<char>(label.size());
    labels += ascii::lower(label);
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  labels += '\0';
  if (labels.size() > 255) return refuse("it has more than 253 bytes");
  return name(std::move(labels));
}

COHTTPS_DEF std::optional<std::string> name::host() const {
  std::string text;
  for (std::size_t at = 0; labels_[at] != '\0';) {
    const std::string_view label(labels_.data() + at + 1, static_cast<std::size_t>(labels_[at]));
    for (const char c : label)
      if (!ascii::is_alnum(c) && c != '-' && c != '_') return std::nullopt;
    if (!text.empty()) text += '.';
    text += label;
    at += 1 + label.size();
  }
  if (text.empty()) return std::nullopt;
  return text;
}

COHTTPS_DEF std::optional<name> name::read(std::span<const std::byte> message, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(message[i]); };
  std::string labels;
  std::size_t place = at;
  std::size_t end = 0;        // behind the name where it began; 0 until it continues elsewhere
  std::size_t furthest = at;  // a continuation has to begin before this byte
  while (true) {
    if (place >= message.size()) return std::nullopt;
    const std::size_t size = byte(place);
    if ((size & 0xc0) == 0xc0) {
      if (place + 1 >= message.size()) return std::nullopt;
      if (end == 0) end = place + 2;
      place = (size & 0x3f) << 8 | byte(place + 1);
      if (place >= furthest) return std::nullopt;
      furthest = place;
      continue;
    }
    if (size > 63 || size >= message.size() - place) return std::nullopt;
    if (labels.size() + 1 + size + (size != 0) > 255) return std::nullopt;
    labels += static_cast<char>(size);
    for (std::size_t i = 1; i <= size; ++i) labels += static_cast<char>(byte(place + i));
    place += 1 + size;
    if (size == 0) break;
  }
  at = end == 0 ? place : end;
  return name(ascii::lower(labels));  // the lengths, up to 63, are no letters
}

}  // namespace cohttps::dns
