// Definitions for lines.hpp.
#pragma once

#include <cohttps/http1/lines.hpp>

namespace cohttps::http1 {

COHTTPS_DEF std::optional<fault> status_line::parse(std::string_view line,
                                                    strictness how) noexcept {
  const bool lenient = how == strictness::lenient;
  irregular = false;
  std::size_t at = 8;
  if (line.starts_with("HTTP/1.1") || line.starts_with("HTTP/1.0")) [[likely]]
    version_minor = line[7] - '0';
  else
    at = take_version(line, how);
  if (at == 0)
    return fault{"unsupported_version", "the response is not HTTP/1.0 or HTTP/1.1", 7, line};
  if (line.size() == at || line[at] != ' ') {
    if (!lenient || line.size() == at || line[at] != '\t')
      return fault{"invalid_status_line", "the version is not followed by a space", at, line};
    irregular = true;
  }
  ++at;
  while (lenient && at < line.size() && ascii::is_space(line[at])) ++at, irregular = true;
  for (std::size_t i = at; i < at + 3; ++i)
    if (i >= line.size() || !ascii::is_digit(line[i]))
      return fault{"invalid_status_code", "the status code is not three digits", i, line};
  status = (line[at] - '0') * 100 + (line[at + 1] - '0') * 10 + (line[at + 2] - '0');
  if (status < 100 && !lenient)
    return fault{"invalid_status_code", "the status code is below 100", at, line};
  at += 3;
  if (line.size() > at && line[at] != ' ') {
    if (!lenient || line[at] != '\t')
      return fault{"invalid_status_code", "the status code is not followed by a space", at, line};
    irregular = true;
  }
  reason_at = std::min(line.size(), at + 1);
  const std::string_view reason = line.substr(reason_at);
  reason_size = reason.size();
  const auto end = lenient ? scan::line_breaking(reason) : scan::field_value_end(reason);
  if (end != reason.size())
    return fault{reason[end] == '\r' ? "bare_cr" : "invalid_reason_phrase",
                 control_message(text_of::reason, reason, end), reason_at + end, line};
  return std::nullopt;
}

COHTTPS_DEF std::size_t status_line::take_version(std::string_view line, strictness how) noexcept {
  if (wrong_start_of_status_line(line, how) != line.npos || line.size() < 6) return 0;
  if (line[5] != '1') {
    version_minor = 1;
    irregular = true;
    return line.substr(6).starts_with(".0") ? 8 : 6;
  }
  if (line.size() < 8 || !ascii::is_digit(line[7]) || (how == strictness::strict && line[7] > '1'))
    return 0;
  version_minor = line[7] == '0' ? 0 : 1;
  irregular = !line.starts_with("HTTP");
  return 8;
}

COHTTPS_DEF std::optional<fault> parse_field_line(std::string_view line, bool first,
                                                  field_slot& slot) noexcept {
  const std::size_t colon = scan::token_end(line);
  if (colon == line.size() || line[colon] != ':' || colon == 0) [[unlikely]] {
    if (ascii::is_space(line[0]))
      return first ? fault{"whitespace_before_fields",
                           "the first field line begins with whitespace",
                           0,
                           {}}
                   : fault{"line_folding", "a field value is folded onto a second line", 0, {}};
    if (colon == line.size())
      return fault{"missing_colon", "a field line has no colon", colon, line};
    if (colon == 0 && line[0] == ':')
      return fault{"empty_field_name", "a field line has no name before its colon", 0, {}};
    const auto rest = line.substr(colon);
    if (line[0] == '\r' && line.find_first_not_of('\r') == line.npos)
      return fault{"bare_cr", control_message(text_of::name, line, 0), 0, {}};
    if (const auto text = rest.find_first_not_of(" \t");
        text != 0 && text != rest.npos && rest[text] == ':')
      return fault{"whitespace_before_colon", "a field name is followed by whitespace", colon,
                   line.substr(0, colon)};
    return fault{"invalid_field_name", control_message(text_of::name, line, colon), colon,
                 line.substr(0, colon + 1)};
  }
  const std::string_view raw = line.substr(colon + 1);
  if (const std::size_t end = scan::field_value_end(raw); end != raw.size()) [[unlikely]]
    return fault{raw[end] == '\r' ? "bare_cr" : "invalid_field_value",
                 control_message(text_of::value, raw, end), colon + 1 + end, line.substr(0, colon)};
  const std::string_view value = ascii::trim(raw);
  slot.name_at = 0;
  slot.name_size = static_cast<std::uint32_t>(colon);
  slot.value_at = static_cast<std::uint32_t>(value.data() - line.data());
  slot.value_size = static_cast<std::uint32_t>(value.size());
  return std::nullopt;
}

COHTTPS_DEF fault forged_line(std::string_view line) noexcept {
  const std::size_t at = scan::line_breaking(line);
  const std::size_t name = scan::token_end(line);
  const bool in_name = !ascii::is_space(line[0]) && line.substr(0, at).find(':') == line.npos;
  if (!in_name)
    return {line[at] == '\r' ? "bare_cr" : "invalid_field_value",
            control_message(text_of::value, line, at), at, line.substr(0, name)};
  const bool all = line.find_first_not_of('\r') == line.npos;
  return {all ? "bare_cr" : "invalid_field_name", control_message(text_of::name, line, at), at,
          line.substr(0, name)};
}

COHTTPS_DEF line_kind lenient_field_line(std::string_view line, bool first, field_slot& slot,
                                         fault& wrong) noexcept {
  if (scan::line_breaking(line) != line.size())
    return wrong = forged_line(line), line_kind::refused;
  if (ascii::is_space(line[0])) return first ? line_kind::junk : line_kind::folded;
  const std::size_t name = scan::token_end(line);
  std::size_t colon = name;
  while (colon < line.size() && ascii::is_space(line[colon])) ++colon;
  if (name == 0 || colon == line.size() || line[colon] != ':') return line_kind::junk;
  const std::string_view value = ascii::trim(line.substr(colon + 1));
  slot.name_at = 0;
  slot.name_size = static_cast<std::uint32_t>(name);
  slot.value_at = static_cast<std::uint32_t>(value.data() - line.data());
  slot.value_size = static_cast<std::uint32_t>(value.size());
  return name == colon ? line_kind::regular : line_kind::irregular;
}

COHTTPS_DEF std::string unfolded(std::string_view section) {
  std::string text;
  text.reserve(section.size());
  for (std::size_t i = 0; i < section.size(); ++i) {
    const auto next = section.substr(i).starts_with("\r\n") ? i + 2
                      : section[i] == '\n'                  ? i + 1
                                                            : 0;
    if (next == 0 || i == 0 || next >= section.size() || !ascii::is_space(section[next])) {
      text += section[i];
      continue;
    }
    while (!text.empty() && ascii::is_space(text.back())) text.pop_back();
    text += ' ';
    i = next;
    while (i + 1 < section.size() && ascii::is_space(section[i + 1])) ++i;
  }
  return text;
}

COHTTPS_DEF std::optional<fault> chunk_line::parse(std::string_view line, strictness how) noexcept {
  const auto wrong = parse_strictly(line);
  irregular = wrong.has_value();
  if (!wrong || how == strictness::strict || wrong->reason == "chunk_size_overflow") return wrong;
  const auto digits = line.size() - extensions;
  if (digits == 0) return wrong;
  if (const auto at = scan::line_breaking(line); at != line.size())
    return fault{wrong->reason, control_message(text_of::chunk_line, line, at), at, {}};
  const auto rest = line.substr(digits);
  const auto text = rest.find_first_not_of(" \t");
  return text == rest.npos || rest[text] == ';' ? std::nullopt : wrong;
}

COHTTPS_DEF std::optional<fault> chunk_line::parse_strictly(std::string_view line) noexcept {
  std::size_t i = 0;
  size = 0;
  for (; i < line.size(); ++i) {
    const int digit = ascii::hex_value(line[i]);
    if (digit < 0) break;
    if (size >> 60)
      return fault{"chunk_size_overflow", "a chunk size has more than 64 bits", i, line};
    size = size << 4 | static_cast<std::uint64_t>(digit);
  }
  extensions = line.size() - i;
  if (i == 0 || (i < line.size() && line[i] != ';' && !ascii::is_space(line[i])))
    return fault{"invalid_chunk_size", "a chunk size is not a hexadecimal number", i, line};
  const std::size_t digits = i;
  while (i < line.size()) {
    const bool first = i == digits;
    skip_space(line, i);
    if (i == line.size() || line[i] != ';')
      return fault{first ? "invalid_chunk_size" : "invalid_chunk_extension",
                   "a chunk size or extension is followed by something other than \";\"",
                   i,
                   {}};
    skip_space(line, ++i);
    if (!skip_token(line, i))
      return fault{"invalid_chunk_extension", "a chunk extension has no name", i, {}};
    std::size_t value = i;
    skip_space(line, value);
    if (value == line.size() || line[value] != '=') continue;
    skip_space(line, i = value + 1);
    if (!skip_token(line, i) && !skip_quoted_string(line, i))
      return fault{"invalid_chunk_extension",
                   "the value of a chunk extension is neither a token nor a quoted string",
                   i,
                   {}};
  }
  return std::nullopt;
}

COHTTPS_DEF void chunk_line::skip_space(std::string_view s, std::size_t& i) noexcept {
  while (i < s.size() && ascii::is_space(s[i])) ++i;
}

COHTTPS_DEF bool chunk_line::skip_token(std::string_view s, std::size_t& i) noexcept {
  const std::size_t n = scan::token_end(s.substr(i));
  i += n;
  return n != 0;
}

COHTTPS_DEF bool chunk_line::skip_quoted_string(std::string_view s, std::size_t& i) noexcept {
  if (i == s.size() || s[i] != '"') return false;
  for (++i; i < s.size(); ++i) {
    if (s[i] == '"') return ++i, true;
    if (s[i] == '\\' && ++i == s.size()) return false;
    if (!ascii::is_field_char(s[i])) return false;
  }
  return false;
}

COHTTPS_DEF std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept {
  std::optional<std::uint64_t> length;
  for (;;) {
    const std::size_t comma = value.find(',');
    const auto element = ascii::parse_decimal(ascii::trim(value.substr(0, comma)));
    if (!element || (length && *length != *element)) return std::nullopt;
    length = element;
    if (comma == value.npos) return length;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace cohttps::http1
