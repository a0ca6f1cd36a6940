// The grammar of each kind of line in a response (RFC 9112), as functions of a whole line.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http1/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohttps::http1 {

/// What is wrong with a line, and where in it.
struct fault {
  std::string_view reason;        ///< a stable snake_case word
  std::string_view message;       ///< a sentence without its full stop
  std::size_t at = 0;             ///< an offset in the line
  std::string_view excerpt = {};  ///< what may be quoted of it; empty when nothing should
};

/// status-line of RFC 9112, 4, without its CRLF.
struct status_line {
  int version_minor = 1;
  int status = 0;
  std::size_t reason_at = 0;  // an offset in the line
  std::size_t reason_size = 0;

  /// `HTTP/1.0` or `HTTP/1.1`, one SP, three digits, one SP, reason phrase. The second SP may be
  /// missing when the phrase is: RFC 9112 demands it, many servers leave it out, and nothing else
  /// can be meant. A status above 599 is taken as it is (RFC 9110, 15).
  std::optional<fault> parse(std::string_view line) noexcept {
    if (!line.starts_with("HTTP/1.0") && !line.starts_with("HTTP/1.1"))
      return fault{"unsupported_version", "the response is neither HTTP/1.0 nor HTTP/1.1", 7, line};
    version_minor = line[7] - '0';
    if (line.size() == 8 || line[8] != ' ')
      return fault{"invalid_status_line", "the version is not followed by one space", 8, line};
    for (std::size_t i = 9; i < 12; ++i)
      if (i >= line.size() || !ascii::is_digit(line[i]))
        return fault{"invalid_status_code", "the status code is not three digits", i, line};
    if (line.size() > 12 && line[12] != ' ')
      return fault{"invalid_status_code", "the status code is not followed by a space", 12, line};
    status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    if (status < 100) return fault{"invalid_status_code", "the status code is below 100", 9, line};
    reason_at = std::min<std::size_t>(line.size(), 13);
    const std::string_view reason = line.substr(reason_at);
    reason_size = reason.size();
    if (const auto end = scan::field_value_end(reason); end != reason.size())
      return fault{reason[end] == '\r' ? "bare_cr" : "invalid_reason_phrase",
                   "the reason phrase holds a control character", 13 + end, line};
    return std::nullopt;
  }
};

/// field-line of RFC 9112, 5, without its CRLF: fills `slot` with offsets in the line.
///
/// Strict where recipients are known to differ: no line folding (RFC 9112, 5.2), no whitespace
/// before the colon (5.1) or the first field (2.2), no control characters in the value (RFC 9110,
/// 5.5). `first` says that no field came before; `line` is not empty.
inline std::optional<fault> parse_field_line(std::string_view line, bool first,
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
    if (const auto text = rest.find_first_not_of(" \t");
        text != 0 && text != rest.npos && rest[text] == ':')
      return fault{"whitespace_before_colon", "a field name is followed by whitespace", colon,
                   line.substr(0, colon)};
    return fault{"invalid_field_name", "a field name holds a character that no token has", colon,
                 line.substr(0, colon + 1)};
  }
  const std::string_view raw = line.substr(colon + 1);
  if (const std::size_t end = scan::field_value_end(raw); end != raw.size()) [[unlikely]]
    return fault{raw[end] == '\r' ? "bare_cr" : "invalid_field_value",
                 "a field value holds a control character", colon + 1 + end, line.substr(0, colon)};
  const std::string_view value = ascii::trim(raw);
  slot.name_at = 0;
  slot.name_size = static_cast<std::uint32_t>(colon);
  slot.value_at = static_cast<std::uint32_t>(value.data() - line.data());
  slot.value_size = static_cast<std::uint32_t>(value.size());
  return std::nullopt;
}

/// The line before a chunk's data (RFC 9112, 7.1), without its CRLF.
struct chunk_line {
  std::uint64_t size = 0;
  std::size_t extensions = 0;  ///< how many bytes they take; they mean nothing to this client

  /// `1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS value ] )`, value a token or a quoted string.
  /// Whitespace is taken only where the grammar of the extensions has it.
  std::optional<fault> parse(std::string_view line) noexcept {
    std::size_t i = 0;
    size = 0;
    for (; i < line.size(); ++i) {
      const int digit = ascii::hex_value(line[i]);
      if (digit < 0) break;
      if (size >> 60)
        return fault{"chunk_size_overflow", "a chunk size has more than 64 bits", i, line};
      size = size << 4 | static_cast<std::uint64_t>(digit);
    }
    if (i == 0 || (i < line.size() && line[i] != ';' && !ascii::is_space(line[i])))
      return fault{"invalid_chunk_size", "a chunk size is not a hexadecimal number", i, line};
    const std::size_t digits = i;
    extensions = line.size() - digits;
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

 private:
  static void skip_space(std::string_view s, std::size_t& i) noexcept {
    while (i < s.size() && ascii::is_space(s[i])) ++i;
  }
  static bool skip_token(std::string_view s, std::size_t& i) noexcept {
    const std::size_t n = scan::token_end(s.substr(i));
    i += n;
    return n != 0;
  }
  static bool skip_quoted_string(std::string_view s, std::size_t& i) noexcept {
    if (i == s.size() || s[i] != '"') return false;
    for (++i; i < s.size(); ++i) {
      if (s[i] == '"') return ++i, true;
      if (s[i] == '\\' && ++i == s.size()) return false;
      if (!ascii::is_field_char(s[i])) return false;
    }
    return false;
  }
};

/// A field value of Content-Length as received: a number, or the same number repeated as a list,
/// which RFC 9110, 8.6 lets a recipient take for the number. Empty on anything else.
inline std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept {
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
