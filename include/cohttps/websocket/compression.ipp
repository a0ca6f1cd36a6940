// Definitions for compression.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/websocket/compression.hpp>

#include <charconv>
#include <utility>

namespace cohttps::websocket {

namespace detail {

/// Splits at the first `mark` outside of quotes: the part before it, without the space around.
template <class = void>
std::string_view next_part(std::string_view& text, char mark) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted && text[i] == '\\') ++i;
    if (!quoted && i < text.size() && text[i] == mark) break;
  }
  i = std::min(i, text.size());
  const auto part = ascii::trim(text.substr(0, i));
  text.remove_prefix(std::min(i + 1, text.size()));
  return part;
}

template <class = void>
std::optional<int> window_bits(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  int bits = 0;
  const auto end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, bits);
  const bool fine = read.ec == std::errc() && read.ptr == end && value.front() != '0';
  return fine && bits >= 8 && bits <= 15 ? std::optional(bits) : std::nullopt;
}

template <class = void>
std::unexpected<error> bad_extension(std::string_view value, std::string_view why) {
  return fail(error_category::protocol, "websocket_extension",
              "the server answered with Sec-WebSocket-Extensions: " + ascii::printable(value, 200) +
                  ", " + std::string(why));
}

}  // namespace detail

COHTTPS_DEF std::string offer(const compression_options& options) {
  if (!options.enabled) return {};
  std::string text = "permessage-deflate; client_max_window_bits";
  if (options.window_bits < 15)
    text += "=" + std::to_string(options.window_bits) +
            "; server_max_window_bits=" + std::to_string(options.window_bits);
  if (!options.context_takeover) text += "; client_no_context_takeover; server_no_context_takeover";
  return text;
}

COHTTPS_DEF result<std::optional<compression_parameters>> accepted(
    const fields& response, const compression_options& offered) {
  std::optional<compression_parameters> out;
  const std::string value = response.combined("sec-websocket-extensions");
  for (std::string_view rest = value; !rest.empty();) {
    std::string_view extension = detail::next_part(rest, ',');
    if (extension.empty()) continue;
    const std::string_view name = detail::next_part(extension, ';');
    if (!ascii::iequals(name, "permessage-deflate") || !offered.enabled)
      return detail::bad_extension(value, "an extension that was not offered");
    if (out) return detail::bad_extension(value, "twice the same extension");
    out.emplace();
    if (!offered.context_takeover) out->client_takeover = false;
    out->client_window_bits = offered.window_bits;
    bool seen[4] = {};
    while (!extension.empty()) {
      std::string_view parameter = detail::next_part(extension, ';');
      const bool has_value = parameter.find('=') != parameter.npos;
      const std::string_view key = detail::next_part(parameter, '=');
      constexpr std::string_view keys[] = {"client_no_context_takeover",
                                           "server_no_context_takeover", "client_max_window_bits",
                                           "server_max_window_bits"};
      std::size_t which = 0;
      while (which < 4 && key != keys[which]) ++which;
      if (which == 4) return detail::bad_extension(value, "a parameter that is not known");
      if (std::exchange(seen[which], true))
        return detail::bad_extension(value, "twice the same parameter");
      if ((which < 2) == has_value)
        return detail::bad_extension(value, "a parameter with a wrong value");
      if (which == 0) out->client_takeover = false;
      if (which == 1) out->server_takeover = false;
      if (which < 2) continue;
      const auto bits = detail::window_bits(parameter);
      if (!bits || *bits > offered.window_bits)
        return detail::bad_extension(value, "a window that was not offered");
      (which == 2 ? out->client_window_bits : out->server_window_bits) = *bits;
    }
  }
  return out;
}

}  // namespace cohttps::websocket
