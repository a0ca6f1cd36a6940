// Parses each kind of line in a response (RFC 9112). Each function takes a whole line.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohttps::http1 {

/// Says what is wrong with a line, and where.
struct fault {
  std::string_view reason;        ///< a stable snake_case word
  std::string_view message;       ///< a sentence without a full stop
  std::size_t at = 0;             ///< an offset in the line
  std::string_view excerpt = {};  ///< the text that a message may quote; empty if none
};

/// The part of a line that a text belongs to.
enum class text_of : std::uint8_t { reason, name, value, chunk_line };

/// Returns the message for a `text` that has a forbidden character at `at`. The message names CR
/// and NUL, because attackers use them to forge lines.
[[gnu::cold]] constexpr std::string_view control_message(text_of where, std::string_view text,
                                                         std::size_t at) noexcept {
  constexpr std::string_view messages[][4] = {
      {"the status line ends with CR CR LF instead of CRLF", "the reason phrase holds a CR",
       "the reason phrase holds a NUL", "the reason phrase holds a control character"},
      {"an empty line ends with CR CR LF instead of CRLF", "a field name holds a CR",
       "a field name holds a NUL", "a field name holds a character that no token has"},
      {"a field line ends with CR CR LF instead of CRLF", "a field value holds a CR",
       "a field value holds a NUL", "a field value holds a control character"},
      {"the line of a chunk size ends with CR CR LF instead of CRLF",
       "the line of a chunk size holds a CR", "the line of a chunk size holds a NUL",
       "the line of a chunk size holds a control character"}};
  const bool ends = text.find_first_not_of('\r', at) == text.npos;
  const std::size_t which = text[at] == '\0' ? 2 : text[at] != '\r' ? 3 : ends ? 0 : 1;
  return messages[static_cast<std::size_t>(where)][which];
}

/// Returns the index of the first byte of `start` that cannot stand there in a status line, or
/// `npos`. The caller need not wait for the end of the line, which a peer without HTTP may never
/// send. `lenient` accepts what `status_line::parse` accepts.
constexpr std::size_t wrong_start_of_status_line(std::string_view start, strictness how) noexcept {
  const bool lenient = how == strictness::lenient;
  constexpr std::string_view upper = "HTTP/1.", lower = "http/1.";
  for (std::size_t i = 0; i < start.size() && i < upper.size(); ++i) {
    if (lenient && i == 5 && (start[i] == '2' || start[i] == '3')) break;
    if (start[i] != upper[i] && (!lenient || start[i] != lower[i])) return i;
  }
  return start.npos;
}

/// status-line of RFC 9112, 4, without its CRLF.
struct status_line {
  int version_minor = 1;  // a later HTTP/1.x counts as HTTP/1.1 (RFC 9110, 2.5)
  int status = 0;
  std::size_t reason_at = 0;  // an offset in the line
  std::size_t reason_size = 0;
  bool irregular = false;  // accepted, although it violates the grammar

  /// Parses `HTTP/1.` and a digit, one SP, three digits, one SP, and the reason phrase. If the
  /// phrase is missing, the second SP may be missing too. RFC 9112 requires it, but many servers
  /// omit it, and the meaning is clear. A status above 599 is accepted as it is (RFC 9110, 15).
  ///
  /// `lenient` also accepts other white space, a status below 100, control characters in the
  /// phrase, and `http` in any case. It reads HTTP/2 and HTTP/3 as HTTP/1.1, because some programs
  /// write the version that they use on another connection.
  COHTTPS_DECL std::optional<fault> parse(std::string_view line, strictness how) noexcept;

 private:
  // Reads the version. Returns the index of the character after it, or 0 if the version is not
  // accepted.
  COHTTPS_DECL std::size_t take_version(std::string_view line, strictness how) noexcept;
};

/// Parses a field-line of RFC 9112, 5, without its CRLF. Fills `slot` with offsets in the line.
///
/// The function is strict where recipients are known to differ: it refuses line folding (RFC 9112,
/// 5.2), whitespace before the colon (5.1) or before the first field (2.2), and control characters
/// in the value (RFC 9110, 5.5). `first` says that no field came before. `line` must not be empty.
/// A lenient recipient passes a refused line to `lenient_field_line`.
COHTTPS_DECL std::optional<fault> parse_field_line(std::string_view line, bool first,
                                                   field_slot& slot) noexcept;

/// The kinds of lines that `parse_field_line` refuses, for a lenient recipient.
enum class line_kind : std::uint8_t {
  regular,    ///< a field, although its value has control characters (RFC 9110, 5.5)
  irregular,  ///< a field with white space after its name (RFC 9112, 5.1)
  folded,     ///< the continuation of the value before it (RFC 9112, 5.2)
  junk,       ///< not a field, such as a program's warning; browsers skip it
  refused,    ///< contains NUL or CR, and may be forged
};

/// Returns the fault of a refused line: its first CR or NUL, even if another fault comes before it.
COHTTPS_DECL [[gnu::cold]] fault forged_line(std::string_view line) noexcept;

/// Classifies `line`. Fills `slot` if the line is a field, and `wrong` if it is refused. `first`
/// says that no line came before.
COHTTPS_DECL [[gnu::cold]] line_kind lenient_field_line(std::string_view line, bool first,
                                                        field_slot& slot, fault& wrong) noexcept;

/// Returns the field lines of `section`, each with its line ending. One SP replaces every fold (RFC
/// 9112, 5.2).
COHTTPS_DECL [[gnu::cold]] std::string unfolded(std::string_view section);

/// The line before a chunk's data (RFC 9112, 7.1), without its CRLF.
struct chunk_line {
  std::uint64_t size = 0;
  std::size_t extensions = 0;  ///< bytes of the extensions, which this client ignores

  bool irregular = false;  ///< accepted, although it violates the grammar

  /// Parses `1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS value ] )`. A value is a token or a quoted
  /// string. Whitespace is accepted only where the grammar of the extensions allows it. `lenient`
  /// ignores white space after the size, and accepts extensions of any form.
  COHTTPS_DECL std::optional<fault> parse(std::string_view line, strictness how) noexcept;

 private:
  COHTTPS_DECL std::optional<fault> parse_strictly(std::string_view line) noexcept;

  COHTTPS_DECL static void skip_space(std::string_view s, std::size_t& i) noexcept;
  COHTTPS_DECL static bool skip_token(std::string_view s, std::size_t& i) noexcept;
  COHTTPS_DECL static bool skip_quoted_string(std::string_view s, std::size_t& i) noexcept;
};

/// Parses the value of Content-Length: a number, or a list that repeats the same number. RFC 9110,
/// 8.6 lets a recipient accept such a list. Returns nothing for any other value.
COHTTPS_DECL std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept;

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/lines.ipp>
#endif
